"""Numbers in, SVG out."""

import logging
from importlib import import_module


def _load_quietly() -> None:
    """Load matplotlib without the words that it has for a user who has no home to keep its settings in.

    Charts keep no settings: that there is no place for them concerns nobody.
    """
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        import_module("matplotlib.backend_bases")
    finally:
        logger.setLevel(level)


_load_quietly()
