"""What a layer is, where no definition tells."""
