"""Is our simulation the public one? Random programs and compiled examples, run on a user's own public checkout."""
