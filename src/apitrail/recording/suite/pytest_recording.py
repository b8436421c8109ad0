"""The pytest plugin: `--apitrail` records the suite's AWS calls, `apitrail_calls` asserts on a test's.

Each pytest process records by itself, under one recorder: that of the process that the user started.
A worker of pytest-xdist is a guest of that recorder, so all of a session is in one trail and one bundle.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from apitrail.errors import Error, UsageError

if TYPE_CHECKING:
    from apitrail.recording.suite.made_calls import Calls
    from apitrail.recording.suite.suite_recorder import SuiteRecorder

DEFAULT = ".apitrail"
# Set by pytest-xdist in its workers.
_WORKER = "PYTEST_XDIST_WORKER"
# The id of a session and its process, for the workers that it starts.
_SESSION = "APITRAIL_PYTEST_SESSION"
# Calls that are listed below the report of a test that failed.
_LISTED = 30
_RECORDER = pytest.StashKey["SuiteRecorder"]()
_DIRECTORY = pytest.StashKey[Path]()
# Options of pytest's that run no test.
_NO_TESTS = ("help", "version", "collectonly", "markers", "showfixtures", "show_fixtures_per_test")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--apitrail[=DIR]` and `--apitrail-upstream URL`."""
    group = parser.getgroup("apitrail", "record the AWS calls of tests (apitrail)")
    group.addoption(
        "--apitrail", nargs="?", const="", default=None, metavar="DIR",
        help=f"Record the calls to AWS: a trail and a bundle for each session in DIR "
        f"({DEFAULT} by default). Write --apitrail=DIR with the equals sign.",
    )  # fmt: skip
    group.addoption(
        "--apitrail-upstream", metavar="URL",
        help="Send every recorded call to this endpoint in the place of AWS, such as http://localhost:5000.",
    )  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> None:
    """Start to record, before a conftest makes the first client."""
    options = early_config.known_args_namespace
    if _rejoined(args):
        options = early_config.known_args_namespace = parser.parse_known_args(args)
    if options.apitrail is None:
        if options.apitrail_upstream:
            raise pytest.UsageError("--apitrail-upstream without --apitrail: nothing is recorded")
        return
    if any(getattr(options, name, False) for name in _NO_TESTS):
        return
    directory = _directory(early_config.rootpath, options.apitrail)
    early_config.stash[_DIRECTORY] = directory
    try:
        early_config.stash[_RECORDER] = _started(directory, options.apitrail_upstream)
    except UsageError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        raise pytest.UsageError(f"--apitrail cannot record: {error}{hint}") from error


def _rejoined(args: list[str]) -> bool:
    """`pytest --apitrail tests` means the tests, not a directory to record into."""
    at = [i for i, each in enumerate(args) if each == "--apitrail"]
    for index in at:
        args[index] = "--apitrail="
    return bool(at)


def _directory(root: Path, named: str) -> Path:
    directory = Path(named).absolute() if named else root / DEFAULT
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not named:
            # It is no part of the project, as `.pytest_cache` is none.
            (directory / ".gitignore").write_text("*\n", "utf-8")
    except OSError as error:
        text = f"--apitrail cannot write to {str(directory)!r}: {error.strerror}"
        raise pytest.UsageError(text) from error
    return directory


def _started(directory: Path, upstream: str | None) -> SuiteRecorder:
    from apitrail.recording.suite.suite_recorder import SuiteRecorder

    session, _, process = os.environ.get(_SESSION, "").partition(":")
    # A pytest that a test starts inherits both variables, and is a session of its own.
    worker = os.environ.get(_WORKER) if process == str(os.getppid()) else None
    if worker is None:
        session = secrets.token_hex(6)
        os.environ[_SESSION] = f"{session}:{os.getpid()}"
    options = ("--upstream", upstream) if upstream else ()
    return SuiteRecorder.start(directory / "trail", session, options, worker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test's calls, with those of its fixtures, are a run of their own."""
    recorder = item.config.stash.get(_RECORDER, None)
    if recorder is None:
        return (yield)
    _must(lambda: recorder.begin_test(item.nodeid))
    try:
        return (yield)
    finally:
        _must(recorder.end_test)


def _must(step: Callable[[], None]) -> None:
    try:
        step()
    except UsageError as error:
        # Tests that go on would pass or fail for another reason.
        pytest.exit(f"apitrail: {error}", returncode=pytest.ExitCode.INTERRUPTED)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed lists the calls that it has made."""
    report = yield
    recorder = item.config.stash.get(_RECORDER, None)
    if recorder is not None and report.failed:
        made = recorder.made()
        lines = [str(call) for call in made[:_LISTED]]
        if len(made) > _LISTED:
            lines.append(f"… and {len(made) - _LISTED} more")
        if lines:
            report.sections.append((f"AWS calls of this test ({len(made)})", "\n".join(lines)))
    return report


@pytest.fixture
def apitrail_calls(request: pytest.FixtureRequest) -> Calls:
    """The AWS calls of the running test: `assert not apitrail_calls.writes`.

    Those of its fixtures are among them; `apitrail_calls.clear()` forgets what was made so far.
    """
    from apitrail.recording.suite.made_calls import Calls

    return Calls(_recorder(request.config).made)


@pytest.fixture(scope="session")
def apitrail_endpoint(pytestconfig: pytest.Config) -> Callable[[str], str]:
    """A URL that records in the place of an endpoint's: `endpoint_url=apitrail_endpoint(moto)`.

    For stand-ins that tests start. Without `--apitrail` it is the endpoint's own.
    """
    recorder = pytestconfig.stash.get(_RECORDER, None)
    return (lambda url: url) if recorder is None else recorder.before


def _recorder(config: pytest.Config) -> SuiteRecorder:
    recorder = config.stash.get(_RECORDER, None)
    if recorder is None:
        pytest.fail(
            "apitrail_calls: nothing is recorded, so nothing can be said of calls\n"
            'hint: run pytest --apitrail, or set addopts = "--apitrail" in the configuration',
            pytrace=False,
        )
    return recorder


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the bundle and stop; fail the run where no bundle can be written."""
    config = session.config
    recorder = config.stash.get(_RECORDER, None)
    if recorder is None:
        return
    if recorder.worker is None:
        try:
            # While it still records: so the bundle says that nothing went unwatched.
            words = _handed_over(config.stash[_DIRECTORY], recorder)
        except Error as error:
            words = f"no bundle: {error}"
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        config.stash[_WORDS] = words
    _stop(config)


_WORDS = pytest.StashKey[str]()


def _handed_over(directory: Path, recorder: SuiteRecorder) -> str:
    """Write the bundle of a session; what is said of it."""
    from apitrail.counted import counted
    from apitrail.query import Filter
    from apitrail.recording.suite.session_bundle import write
    from apitrail.recording.suite.suite_recorder import SESSION, made

    label = f"{SESSION}={recorder.session}"
    path = write(directory, label, since=recorder.since)
    calls = made(recorder.trail, Filter(label=((label,),)))
    writes = sum(call.is_write for call in calls)
    failed = sum(bool(call.error) for call in calls)
    return f"{counted(len(calls), 'AWS call')} recorded, {writes} of them writes, {failed} failed: {path}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None] | None:
    """Say how many calls were recorded, and where the bundle is."""
    if (words := config.stash.get(_WORDS, None)) is not None:
        terminalreporter.write_sep("-", "apitrail")
        terminalreporter.write_line(words)
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing is left running, whatever has ended the session."""
    _stop(config)


def _stop(config: pytest.Config) -> None:
    recorder = config.stash.get(_RECORDER, None)
    if recorder is not None:
        del config.stash[_RECORDER]
        recorder.stop()
