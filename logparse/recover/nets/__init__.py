"""Whole nets: their layers, their inputs, several of them in one file, the net that is deployed."""
