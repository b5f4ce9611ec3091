"""What the last words of a run that failed mean: a table of causes, each with its words, evidence and remedy."""
