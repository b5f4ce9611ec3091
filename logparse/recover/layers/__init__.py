"""One layer whose definition is not printed: what its shapes, its lines and the other layers tell of it."""
