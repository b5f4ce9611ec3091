"""What the net could be: plans of its memory, and the usual what-ifs."""
