"""What happened: each start of the solver, its events, and how well the log was understood."""
