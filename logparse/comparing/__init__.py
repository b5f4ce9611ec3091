"""What differs between two runs: settings, layers, memory, curves. The first is the base of every change."""
