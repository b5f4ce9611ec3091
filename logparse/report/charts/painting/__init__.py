"""What a drawing is made of, and what it becomes: markup of the page, a file of its own, a matplotlib figure."""
