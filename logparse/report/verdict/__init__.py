"""The first screen of a log: what became of it, in a pill, a sentence and six figures."""
