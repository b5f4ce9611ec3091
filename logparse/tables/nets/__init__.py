"""What was set up: nets, their layers, blobs and parameters, and where the weights are."""
