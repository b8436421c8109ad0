"""Where tests run, a browser and scores that they share, and the skips that CI allows."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine makes no test wrong.
settings.register_profile("apitrail", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("apitrail")

_TALLY = "tally"
# Checks types of JavaScript, and has axe-core beside what it needs for that.
CHECK = Path(__file__).parent / "web" / "browser" / "js" / "check"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session", autouse=True)
def _configuration(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Recorders of this process note the logs they make: not among those that a user trusts."""
    os.environ["APITRAIL_CONFIG"] = str(tmp_path_factory.mktemp("configuration"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        # Root has no sandbox to give; the pages are ours.
        yield driver.chromium.launch(executable_path=program, args=["--no-sandbox"])


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    done = subprocess.run([CHECK, "install"], capture_output=True, text=True, check=False, env={**os.environ, "MISSING": "3"})  # fmt: skip
    if done.returncode:
        pytest.skip("npm could not install axe-core here")
    return (Path(done.stdout.strip()) / "node_modules/axe-core/axe.min.js").read_text("utf-8")


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, int, int], None]:
    """Add to a score: what was tried, how many came out right, of how many."""

    def add(what: str, right: int, of: int) -> None:
        record_property(_TALLY, [what, right, of])

    return add


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run on one worker what shares a fixture: each worker would make a module's fixture again.

    Tests of whole programs that share none go to whichever worker is free.
    """
    for item in items:
        if "e2e" not in item.path.parts or _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    made = item._fixtureinfo.name2fixturedefs.values()
    return any(each.scope == "module" for definitions in made for each in definitions)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--allowed-skips FILE` fails the run at a skip whose reason the file does not list."""
    parser.addoption("--allowed-skips", type=Path, metavar="FILE", help="reasons to skip for")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped without leave."""
    if _unlisted_skips(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _unlisted_skips(config: pytest.Config) -> list[str]:
    path = config.getoption("--allowed-skips")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if path is None or reporter is None:
        return []
    lines = path.read_text("utf-8").splitlines()
    allowed = tuple(line.partition("\t")[0] for line in lines if not line.startswith("#"))
    reasons = {
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in reporter.stats.get("skipped", ())
        if isinstance(report.longrepr, tuple)
    }
    return sorted(reason for reason in reasons if not reason.startswith(allowed))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each skip without leave, and every score once, summed over the processes."""
    for reason in _unlisted_skips(terminalreporter.config):
        terminalreporter.line(f"FAILED skipped without leave: {reason}", red=True)
    right, of = Counter[str](), Counter[str]()
    for what, good, tried in _tallies(terminalreporter):
        right[what] += good
        of[what] += tried
    if of:
        terminalreporter.section("scores")
    for what, tried in sorted(of.items()):
        share = 100 * right[what] / max(tried, 1)
        terminalreporter.line(f"{what:44} {right[what]:>9} of {tried:>9}  {share:8.3f} %")


def _tallies(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, int, int]]:
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, ()):
            for name, value in getattr(report, "user_properties", ()):
                if name == _TALLY and report.when == "call":
                    what, good, tried = value
                    yield what, good, tried
