"""What a net's blobs would need if memory were used again: how long each lives, the bound, and a plan that keeps it."""
