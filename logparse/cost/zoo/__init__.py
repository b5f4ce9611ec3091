"""Published nets, drawn from their papers' tables, and which of them a net is, under any name."""
