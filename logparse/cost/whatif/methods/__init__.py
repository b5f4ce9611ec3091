"""Every method of compression that can be asked for: one row each, and the words that are refused with a reason."""
