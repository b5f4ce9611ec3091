"""`LAYER <- BLOB` and `LAYER -> BLOB`: names may hold arrows themselves."""

from __future__ import annotations


def split_wire(text: str, layer: str | None) -> tuple[str, str, str]:
    """`LAYER <- BLOB` → (layer, arrow, blob), split at the layer's known name; at the first arrow without one."""
    if layer is not None:
        for arrow in ("<-", "->"):
            if text.startswith(f"{layer} {arrow} "):
                return layer, arrow, text[len(layer) + len(arrow) + 2 :]
    places = [(text.find(f" {arrow} "), arrow) for arrow in ("<-", "->") if f" {arrow} " in text]
    place, arrow = min(places)
    return text[:place], arrow, text[place + 4 :]
