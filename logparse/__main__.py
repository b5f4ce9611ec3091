"""`python -m logparse` is the command `logparse`."""

from __future__ import annotations

from logparse.cli.main import entry_point

if __name__ == "__main__":
    entry_point()
