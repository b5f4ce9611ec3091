"""How fast it was, layer by layer and as a whole."""
