"""Reads the logs of Caffe: `parse_log` gives a `Log` of tables, `write_report` makes one HTML file of it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from logparse.errors import LogparseError

if TYPE_CHECKING:
    from logparse.api import Log, parse_log
    from logparse.many import parse_logs
    from logparse.report.figures import write_figures
    from logparse.report.page import write_report

__version__ = "0.1.0"
__all__ = ["Log", "LogparseError", "__version__", "parse_log", "parse_logs", "write_figures", "write_report"]

# Imported at first use: `import logparse` must not pull in pandas, numpy, matplotlib or jinja2.
_HOMES: Final = {
    "parse_log": "logparse.api",
    "Log": "logparse.api",
    "parse_logs": "logparse.many",
    "write_figures": "logparse.report.figures",
    "write_report": "logparse.report.page",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home the first time somebody asks for it (PEP 562)."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, whether imported yet or not."""
    return sorted({*globals(), *__all__})
