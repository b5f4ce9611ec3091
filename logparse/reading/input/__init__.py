"""A path, bytes or standard input in, blocks of whole lines of text out."""
