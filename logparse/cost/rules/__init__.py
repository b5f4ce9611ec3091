"""What each layer type costs: one module a family, one row a type."""
