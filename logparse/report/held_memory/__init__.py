"""What a run holds: by kind and layer, its whole in ranges, and the story of both over the layers."""
