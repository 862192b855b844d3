"""A library of scheduling instances, and the command that makes it."""
