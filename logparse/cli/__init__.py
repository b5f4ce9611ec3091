"""The command: a thin skin over the library, one small module per verb."""
