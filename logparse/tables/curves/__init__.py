"""What the solver prints over and over, one table a kind of line."""
