"""What follows from the model by the cost rules: worked out once a net, and kept."""
