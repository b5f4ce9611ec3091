"""The net as a graph: the spine beside its layers, and the drawing of its own."""
