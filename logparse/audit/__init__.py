"""What a reviewer should look at in a log."""
