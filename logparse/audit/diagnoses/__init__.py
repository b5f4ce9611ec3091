"""What the last words of a run that failed mean: one table of diagnoses, and what holds a log against it."""
