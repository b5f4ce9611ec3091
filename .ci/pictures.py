"""Make the pictures of README from the reports of two sample logs: `python .ci/pictures.py` in a test environment.

Needs the system's Chromium, as the browser tests do.
"""

from __future__ import annotations

import shutil
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import sync_playwright

import logparse

ROOT: Final = Path(__file__).resolve().parent.parent
# Picture → (sample log, what is shown, what the picture ends before, colour scheme)
PICTURES: Final = {
    "alexnet_memory": ("alexnet.log", ".story", ".story ~ .note", "light"),
    "lenet_training": ("lenet.log", "#training", "#events-h", "dark"),
}
WIDTH: Final = 1180
MARGIN: Final = 24
COLOURS: Final = 64


def shrunk(picture: bytes) -> bytes:
    """The picture with few colours: flat charts lose nothing."""
    packed = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def main() -> None:
    """Write every picture into sample_logs/gallery."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, (log, first, end, scheme) in PICTURES.items():
            report = Path(folder) / f"{name}.html"
            logparse.write_report([logparse.parse_log(ROOT / "sample_logs" / log)], report)
            page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme=scheme)
            page.goto(report.as_uri())
            section = page.locator(first).first.bounding_box()
            bottom = page.locator(end).first.bounding_box()["y"]
            clip = {
                "x": section["x"] - MARGIN,
                "y": section["y"],
                "width": section["width"] + 2 * MARGIN,
                "height": bottom - section["y"],
            }
            picture = page.screenshot(full_page=True, clip=clip)
            (ROOT / "sample_logs/gallery" / f"{name}.png").write_bytes(shrunk(picture))
        browser.close()


if __name__ == "__main__":
    main()
