"""What a net holds, block by block and kind by kind."""
