"""moto's own tests through the recorder, and on their recording: `make moto-suite`.

The tests are those of the moto that is installed; its source distribution is fetched once. SERVICES
names the tests to run (`SERVICES=all` for all, which takes hours on a small machine). They run twice
against moto's server: directly, and through the recorder. It does not hold where a call is
missing from the trail or there twice, or a test passes only without the recorder. Then the recording
is sent to a fresh moto, and the tests run once more with playback in moto's place.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import IO

from apitrail.event import Event
from apitrail.replay.recorded import in_order, read, redactions
from apitrail.replay.resend.endpoint import Destination
from apitrail.replay.resend.job import Setting
from apitrail.replay.resend.outcome import VERDICTS, Outcome
from apitrail.replay.resend.pace import Pace
from apitrail.trail.reader import Reader

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "build" / "moto-suite"
LIBRARIES = CACHE / "libraries"
MOTO = version("moto")
# Of what moto's tests import, what we have no other use for.
NEEDED = ("freezegun", "pyotp")
# What tells one try of one call from all others, in the headers of AWS's SDKs.
FIELDS = ("amz-sdk-invocation-id", "amz-sdk-request")
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
SOME = "sqs sns ssm kms secretsmanager logs events stepfunctions"
SERVICES = os.environ.get("SERVICES", SOME).split()
# What one test may take: some of moto's wait for containers that are not there.
SPEED = float(os.environ.get("SPEED", "1"))
TIMEOUT = int(os.environ.get("TEST_TIMEOUT", "60"))

_SERVER = """
import signal
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
signal.pause()
"""
_PORT = re.compile(r"(?: on |AWS_ENDPOINT_URL=http://)127\.0\.0\.1:(\d+)")
_NUMBERS = re.compile(r"\[\d+\]")
_PARTICULARS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4,}|'[^']*'|\"[^\"]*\"|arn:\S+")

type Outcomes = Mapping[str, str]


@dataclass(slots=True)
class Replayed:
    """Outcomes of calls by verdict; `open_calls` are those of tests that need no redacted value."""

    verdicts: Counter[str] = field(default_factory=Counter)
    open_calls: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome, *, needs_secret: bool) -> None:
        """Count one call, and each cause for which it is not the same."""
        self.verdicts[outcome.verdict] += 1
        if not needs_secret:
            self.open_calls[outcome.verdict] += 1
        if outcome.verdict in ("different", "failed") or (
            outcome.verdict == "skipped" and not needs_secret
        ):
            for cause in _causes(outcome):
                self.causes[f"{outcome.verdict} {outcome.call.name}: {cause}"] += 1


def _causes(outcome: Outcome) -> set[str]:
    """The members that differ, wherever in lists they are, or the reason without its particulars."""
    if outcome.reason:
        return {_PARTICULARS.sub("…", outcome.reason)[:120]}
    return {_NUMBERS.sub("[]", item.path) for item in outcome.differences}


def main() -> int:
    """Run, compare, replay, tell; the exit status says whether all held."""
    os.environ.update(KEYS)
    tests = _fetched()
    if tests is None:
        _tell(f"skipped: moto {MOTO}'s source distribution cannot be fetched")
        return 0
    chosen = _chosen(tests)
    with tempfile.TemporaryDirectory(dir=CACHE, delete="KEEP" not in os.environ) as made:
        work = Path(made)
        with moto(work / "direct.log") as url:
            direct = _run(tests, chosen, url, work / "direct")
        trail = work / "trail"
        with moto(work / "moto.log") as upstream, recorder(trail, upstream) as url:
            recorded = _run(tests, chosen, url, work / "recorded")
        held = _compare(direct, recorded, work / "recorded" / "sent", trail)
        with moto(work / "again.log") as fresh:
            _report(replay(trail, fresh))
        with playback(trail) as url:
            played = _run(tests, chosen, url, work / "played")
        _report_playback(recorded, played, work / "played" / "result.xml")
    return 0 if held else 1


def _fetched() -> Path | None:
    """The directory of moto's source, from the package registry that pip uses."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found, archive = CACHE / f"moto-{MOTO}", CACHE / f"moto-{MOTO}.tar.gz"
    if not archive.exists() and not _pip(
        "download", "--no-deps", "--no-binary", ":all:", "--dest", str(CACHE), f"moto=={MOTO}"
    ):
        return None
    if not LIBRARIES.exists() and not _pip(
        "install", "--no-deps", "--target", str(LIBRARIES), *NEEDED
    ):
        return None
    if not found.exists():
        with tarfile.open(archive) as opened:
            opened.extractall(CACHE, filter="data")
    return found


def _pip(*arguments: str) -> bool:
    command = (sys.executable, "-m", "pip", *arguments, "--quiet")
    return subprocess.run(command, check=False).returncode == 0


def _chosen(source: Path) -> list[str]:
    """The directories of tests."""
    if SERVICES == ["all"]:
        return sorted(f"tests/{each.name}" for each in (source / "tests").glob("test_*"))
    return [f"tests/test_{name}" for name in SERVICES]


@contextmanager
def moto(log: Path) -> Iterator[str]:
    """A server of moto's on a free port."""
    with log.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, stderr=err, text=True
        )
        try:
            assert process.stdout is not None
            host, port = process.stdout.readline().split()
            yield f"http://{host}:{port}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def recorder(trail: Path, upstream: str) -> Iterator[str]:
    """A recorder before it, whose URL this is."""
    options = ("--body-limit", "32M", "--mode", f"reverse:{upstream}@127.0.0.1:0")
    with _listening("--trail", str(trail), "record", *options) as url:
        yield url


@contextmanager
def playback(trail: Path) -> Iterator[str]:
    """The recording alone, with no server behind it."""
    with _listening("--trail", str(trail), "playback", "--listen", "127.0.0.1:0") as url:
        yield url


@contextmanager
def _listening(*arguments: str) -> Iterator[str]:
    command = (sys.executable, "-m", "apitrail", *arguments)
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stderr=said)
        try:
            while (found := _PORT.search(_read(said))) is None:
                if process.poll() is not None:
                    raise RuntimeError(f"apitrail did not start: {_read(said)}")
                time.sleep(0.05)
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.terminate()
            process.wait()


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _run(source: Path, chosen: Sequence[str], url: str, out: Path) -> Outcomes:
    """Run tests against an endpoint: test → passed, failed or skipped."""
    out.mkdir()
    (out / "sent").touch()
    environment = {
        **os.environ,
        "TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": url, "SENT_CALLS": str(out / "sent"),
        "SENT_FIELDS": " ".join(FIELDS),
        "TESTS_SKIP_REQUIRES_DOCKER": "true",
        "PYTHONPATH": f"{ROOT}:{LIBRARIES}",
    }  # fmt: skip
    command = (sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "benchmarks.sent_calls",
               "-p", "no:cacheprovider", "-p", "no:randomly", f"--timeout={TIMEOUT}",
               "--continue-on-collection-errors", f"--junitxml={out / 'result.xml'}",
               "-m", "not network and not requires_docker", *chosen)  # fmt: skip
    with (out / "log").open("wb") as log:
        subprocess.run(command, cwd=source, env=environment, stdout=log, stderr=log, check=False)
    return dict(_outcomes(ET.parse(out / "result.xml").getroot()))


def _outcomes(report: ET.Element) -> Iterator[tuple[str, str]]:
    for case in report.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        kinds = {child.tag for child in case}
        failed = "failed" if kinds & {"failure", "error"} else "passed"
        yield name, "skipped" if "skipped" in kinds else failed


def _compare(direct: Outcomes, recorded: Outcomes, sent: Path, trail: Path) -> bool:
    """Tell what differs between both runs, and between what was sent and what is in the trail."""
    broken = sorted(
        test
        for test, outcome in direct.items()
        if outcome == "passed" and recorded.get(test) == "failed"
    )
    calls = Counter(line for line in sent.read_text("utf-8").splitlines() if line.strip())
    with Reader(trail) as source:
        found = Counter(_keys(source))
    missing, twice = calls - found, found - calls
    counts = Counter(recorded.values())
    _tell(f"{len(recorded)} tests: {', '.join(f'{n} {kind}' for kind, n in counts.items())}")
    _tell(f"{calls.total()} calls sent, {found.total()} recorded; {missing.total()} missing, "
          f"{twice.total()} twice; {len(broken)} tests broken by the recorder")  # fmt: skip
    for what in (*broken, *missing, *twice):
        _tell(f"  {what}")
    return not (broken or missing or twice)


def _keys(source: Reader) -> Iterator[str]:
    """The ids of the recorded calls of botocore's."""
    for index, _ in source.contents(0, source.size):
        if (entry := source.entry(index)) is None or entry.kind != "api":
            continue
        asked = Event.parse(source.facets(index, ("request",))).request
        headers = dict(asked.http.headers) if asked and asked.http else {}
        lower = {name.lower(): value for name, value in headers.items()}
        if FIELDS[0] in lower:
            yield "\t".join(lower.get(name, "") for name in FIELDS)


def replay(trail: Path, url: str) -> Replayed:
    """Send the calls again, and reset the server where the tests did."""
    from urllib.request import Request, urlopen

    total = Replayed()
    # As far apart as recorded: some tests wait for what AWS does after a time.
    with ExitStack() as stack:
        source = stack.enter_context(Reader(trail))
        for indexes in segments(source):
            urlopen(Request(f"{url}/moto-api/reset", method="POST")).close()
            # What follows a call that could not be sent cannot come out the same either.
            secret = any(any(redactions(call.parameters)) for call in read(source, indexes))
            setting = Setting(
                destination=Destination.parse(url), say=lambda _: None, pace=Pace(SPEED)
            )
            for outcome in setting.outcomes(source, indexes):
                total.add(outcome, needs_secret=secret)
    return total


def segments(source: Reader) -> Iterator[list[int]]:
    """Indexes of calls, in the order they were made, cut where the server was reset."""
    found: list[int] = []
    indexes = (index for index, _ in source.contents(0, source.size)
               if (entry := source.entry(index)) is not None and entry.kind == "api")  # fmt: skip
    for index in in_order(source, indexes):
        what = Event.parse(source.facets(index, ("what",))).what
        if what is None or not what.stand_in:
            found.append(index)
        elif found:
            yield found
            found = []
    if found:
        yield found


def _report(replayed: Replayed) -> None:
    for name, counts in (
        ("replay", replayed.verdicts),
        ("in tests that need no redacted value", replayed.open_calls),
    ):
        told = ", ".join(f"{counts[each]} {each}" for each in VERDICTS if counts[each])
        part = 100 * counts["same"] / max(1, counts.total())
        _tell(f"{name}: {counts.total()} calls: {told}; {part:.2f} % the same")
    for cause, number in replayed.causes.most_common(int(os.environ.get("CAUSES", "20"))):
        _tell(f"  {number:5} {cause}")


def _report_playback(recorded: Outcomes, played: Outcomes, report: Path) -> None:
    """Tests that want a secret, or a name that they draw by lot, cannot pass and are told apart."""
    passed = {test for test, outcome in recorded.items() if outcome == "passed"}
    again = {test for test in passed if played.get(test) == "passed"}
    said = dict(_failures(ET.parse(report).getroot()))
    secret = {test for test in passed - again if "redacted:" in said.get(test, "")}
    drawn = {test for test in passed - again - secret if "PlaybackMiss" in said.get(test, "")}
    part = 100 * len(again) / max(1, len(passed - secret - drawn))
    _tell(f"playback: {len(again)} of {len(passed)} tests pass on the recording alone, {len(secret)} "
          f"want a redacted value, {len(drawn)} asked for more than was recorded; {part:.2f} % of the others")  # fmt: skip
    for test in sorted(passed - again - secret - drawn):
        _tell(f"  {test}")


def _failures(report: ET.Element) -> Iterator[tuple[str, str]]:
    for case in report.iter("testcase"):
        for child in case:
            if child.tag in ("failure", "error"):
                yield f"{case.get('classname')}.{case.get('name')}", child.get("message") or ""


def _tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
