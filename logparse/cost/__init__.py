"""Layer and shapes in, numbers with a basis out; pure functions that know no log."""
