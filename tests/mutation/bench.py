"""Copies of the checkout to work in: a mutant is written to its file, so that programs that tests start meet it too."""

from __future__ import annotations

import compileall
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
WORK: Final = ROOT / ".mutation"  # named in .gitignore
SOURCE: Final = WORK / "source"  # the checkout as it was when the run began: it may be edited meanwhile

# Measures what programs do that tests start: Python imports this module from its path as it begins.
SITE: Final = """import os
if os.environ.get("COVERAGE_PROCESS_START"):
    import coverage
    coverage.process_startup()
"""
ENVIRONMENT: Final = {
    "PYTHONDONTWRITEBYTECODE": "1",
    # A thread each: processes share the cores already, and a process with threads should not fork.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "LOGPARSE_SHARED": os.environ.get("LOGPARSE_SHARED", str(ROOT.parent / "shared")),
}


class CannotJudgeError(Exception):
    """The tests do not pass as they are, or the tool does not do what it says."""


def take() -> str:
    """Copy every file that git knows or would take to `SOURCE`, and tell their digest; what is older goes with it."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.decode().split("\0")
    shutil.rmtree(SOURCE, ignore_errors=True)
    total = hashlib.sha256(str(Path(ENVIRONMENT["LOGPARSE_SHARED"], "logs").is_dir()).encode())
    for name in sorted({name for name in names if (ROOT / name).is_file()}):
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, SOURCE / name)
        total.update(name.encode() + hashlib.sha256((SOURCE / name).read_bytes()).digest())
    return total.hexdigest()


class Bench:
    """One copy of `SOURCE`, compiled."""

    def __init__(self, number: int) -> None:
        self.folder = WORK / f"bench{number}"
        self.log = WORK / f"bench{number}.log"
        self._held: Path | None = None
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(SOURCE, self.folder)
        (self.folder / "sitecustomize.py").write_text(SITE, encoding="utf-8")
        compileall.compile_dir(self.folder, quiet=2)

    def hold(self, path: str, text: str) -> None:
        """Give one file another text, until `restore`."""
        file = self.folder / path
        before = file.stat()
        self._held = file.rename(f"{file}.kept")
        file.write_text(text, encoding="utf-8")
        # A compiled file is known by size and whole seconds: that of the text as it was must not fit this one.
        os.utime(file, (before.st_atime, before.st_mtime + 10))

    def restore(self) -> None:
        """Put the file back, with its time."""
        if self._held is not None:
            self._held.replace(self._held.with_suffix(""))
            self._held = None

    def enter(self) -> None:
        """Make this process one that was started in the copy and knows no other; for good."""
        os.setsid()
        os.chdir(self.folder)
        os.environ["PYTHONPATH"] = str(self.folder)
        sys.dont_write_bytecode = True
        sys.path[:] = [str(self.folder), *(place for place in sys.path if place not in {"", str(ROOT)})]
        for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "logparse"}]:
            del sys.modules[name]
        log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
