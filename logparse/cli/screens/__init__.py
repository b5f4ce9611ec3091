"""What verbs show on a terminal: cells under one another, and one screen a verb."""
