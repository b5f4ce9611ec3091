"""The solver's millions of lines, from bytes to columns of numbers."""
