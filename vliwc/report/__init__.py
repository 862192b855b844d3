"""What people and scripts look at: measurements, terminal tables, JSON reports, and the forms of a program."""
