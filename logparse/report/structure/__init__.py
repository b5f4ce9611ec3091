"""How a net hangs together, for its pictures: modules, the folded graph, places of its nodes. No drawing here."""
