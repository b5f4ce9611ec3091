"""The rows of the table of diagnoses, a module a family."""
