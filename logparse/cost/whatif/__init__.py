"""What a net would be with another batch, solver, precision, or other layers."""
