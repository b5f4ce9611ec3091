"""One module per section of the report: log in, prepared content out, None where there is nothing to say."""
