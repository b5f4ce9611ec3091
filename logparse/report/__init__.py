"""The HTML report: frames → charts and view dataclasses → templates."""
