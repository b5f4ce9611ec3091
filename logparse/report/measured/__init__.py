"""What a run's lines measured over iterations, as series to draw: losses, outputs, what happened, gradients."""
