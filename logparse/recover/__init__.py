"""A net's definition back from its log, each layer with its grade; the solver's too. Pure, no pandas."""
