"""What every test may ask for: logs, truth, a browser, the command.

Shared logs live outside the repository (`LOGPARSE_SHARED`, else `../shared` beside the checkout). A test asks for
one with the argument `shared_logs` (the folder) or for all of a kind, one test case each, with `genuine_log`,
`gpu_log` or `public_log` (a path each). Where the folder is absent such a test is skipped and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser, Page

ROOT: Final = Path(__file__).resolve().parent.parent
SHARED: Final = Path(os.environ.get("LOGPARSE_SHARED", ROOT.parent / "shared"))
LOGS: Final = SHARED / "logs"
NO_SHARED: Final = f"the shared logs are not there: {LOGS} (set LOGPARSE_SHARED)"
NO_BROWSER: Final = "no Chromium found: apt-get install chromium"

# Argument name -> the logs that it runs over.
LOG_ARGUMENTS: Final = {
    "genuine_log": "genuine/*.log",
    "gpu_log": "gpu/*.log",
    "public_log": "public/*/*",
}

# `ci` is the default and tries the same examples in every run, so that a change is judged by what it changes;
# HYPOTHESIS_PROFILE=long looks twenty times harder, each time elsewhere.
settings.register_profile(
    "ci", max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", max_examples=1200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Chromium in a container: no sandbox, no GPU, and nothing that would talk to the network by itself.
CHROMIUM_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the seed of the order of tests (pytest-randomly does so at the head, which -q leaves out)."""
    if config.pluginmanager.hasplugin("randomly"):
        terminalreporter.write_line(f"this order of tests again: --randomly-seed={config.getoption('randomly_seed')}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `genuine_log` and its like one case per log, or one skipped case where there are none.

    They are arguments of the session, so that pytest puts the tests over one log side by side, in any order of tests.
    """
    for name, pattern in LOG_ARGUMENTS.items():
        if name in metafunc.fixturenames:
            paths = sorted(path for path in LOGS.glob(pattern) if path.is_file())
            cases = [pytest.param(path, id=path.name) for path in paths]
            missing = pytest.param(None, marks=pytest.mark.skip(reason=NO_SHARED), id="no shared logs")
            metafunc.parametrize(name, cases or [missing], scope="session")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_logs() -> Path:
    """The folder with genuine/, gpu/, article/ and public/."""
    if not LOGS.is_dir():
        pytest.skip(NO_SHARED)
    return LOGS


@pytest.fixture(scope="session")
def sample_logs() -> Path:
    """The sample logs of the repository: always there."""
    return ROOT / "sample_logs"


@pytest.fixture(scope="session")
def sample_truth() -> dict[str, Any]:
    """What Caffe itself held for the sample logs (tests/truth/README.md tells the fields)."""
    text = (ROOT / "tests/truth/sample_truth.json").read_text(encoding="utf-8")
    truth: dict[str, Any] = json.loads(text)
    return truth


@pytest.fixture(scope="session")
def genuine_truth(shared_logs: Path) -> dict[str, Any]:
    """What Caffe itself held for every genuine log."""
    truth: dict[str, Any] = json.loads((shared_logs / "genuine/truth.json").read_text(encoding="utf-8"))
    return truth


@pytest.fixture
def run_logparse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run `python -m logparse ARGUMENTS` in an empty folder, as a user would."""

    def run(
        *arguments: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None, cwd: Path = tmp_path
    ) -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "logparse", *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
        return subprocess.run(
            command, input=stdin, env=environment, cwd=cwd, capture_output=True, check=False, timeout=120
        )

    return run


@pytest.fixture
def fresh_modules() -> Callable[[str, Sequence[str]], set[str]]:
    """Run a statement in a fresh interpreter and tell which of the named modules it imported."""

    def loaded(statement: str, names: Sequence[str]) -> set[str]:
        code = f"{statement}\nimport sys\nprint(*sorted(sys.modules.keys() & {set(names)!r}), file=sys.stderr)"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
        return set(done.stderr.split())

    return loaded


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless, one for the whole session."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(CHROMIUM_ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of its own context (no cookies, no cache, nothing left from the test before) with these options."""
    contexts = []

    def opened(**options: Any) -> Page:  # noqa: ANN401 - playwright's options of a context
        context = browser.new_context(**options)
        context.set_default_timeout(120_000)  # guards against hanging only: a busy machine draws slowly
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """A page as wide as most screens."""
    return new_page(viewport={"width": 1280, "height": 900})
