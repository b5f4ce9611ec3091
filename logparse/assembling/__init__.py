"""Records in, the model out."""
