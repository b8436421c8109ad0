"""The recorder of a test suite: `apitrail exec` around a process that only waits for the suite's end.

So a suite is recorded as any command is, with all that `exec` does about endpoints, proxies and trust
stores that were set before; and where pytest dies, its recorder ends too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from apitrail import places
from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS, Event
from apitrail.query import Filter
from apitrail.recording.suite.made_calls import MadeCall
from apitrail.trail import control
from apitrail.trail.reader import Reader

# Runs under `exec`: tells the environment that it was given, and waits for the end of its input.
_WAITING = """
import json, os, sys
print(json.dumps(dict(os.environ)), flush=True)
sys.stdin.read()
"""
# Seconds for the recorder to write its last entry. It stays longer where others use it.
_ENDING = 20.0
# The label of all runs of a session, and that of a test's own.
SESSION, TEST = "pytest", "test"
# What of a run belongs to its own process, and not to those who use its recorder.
_OWN = ("PWD", "OLDPWD", "SHLVL", "_")


@dataclass
class SuiteRecorder:
    """Records this process and those that it starts, from `start` to `stop`.

    `since` is when it began, in Unix milliseconds; `run` is what it asks the recorder by, `test` the
    run of the test that goes on; `worker` is pytest-xdist's name for this process; `preset` is what its variables were before.
    """

    trail: Path
    session: str
    worker: str | None
    since: int
    run: str
    process: subprocess.Popen[str]
    preset: Mapping[str, str | None]
    words: IO[str]
    test: str | None = field(default=None, init=False)

    @classmethod
    def start(
        cls, trail: Path, session: str, options: Sequence[str] = (), worker: str | None = None
    ) -> SuiteRecorder:
        """Record from now on; clients that are made from now on are recorded.

        Raises:
            UsageError: no recorder can be used or started.
        """
        about = {SESSION: session} | ({"worker": worker} if worker else {})
        labels = [part for key, value in about.items() for part in ("--label", f"{key}={value}")]
        words = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # until `stop`
        process = subprocess.Popen(
            [
                sys.executable, "-m", "apitrail", "exec", "--trail", str(trail), *options, *labels,
                "--", sys.executable, "-I", "-c", _WAITING,
            ],
            # A Ctrl-C is pytest's: it tears down what tests have set up, with calls.
            start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=words, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.communicate()
            raise _refused(words)
        given: dict[str, str] = json.loads(line)
        changed = {
            name: value
            for name, value in given.items()
            if os.environ.get(name) != value and name not in _OWN
        }
        preset = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        return cls(
            trail, session, worker, places.clock(), given["APITRAIL_RUN"], process, preset, words
        )  # fmt: skip

    def begin_test(self, name: str) -> None:
        """From now on, calls are this test's; raises UsageError where the recorder is gone."""
        labels = {SESSION: self.session, TEST: name}
        self.test = str(self._ask("begin-part", run=self.run, labels=labels)["id"])

    def end_test(self) -> None:
        """From now on, calls are no test's; raises UsageError where the recorder is gone."""
        self._ask("end-part", run=self.run)
        self.test = None

    def before(self, url: str) -> str:
        """A URL that records, to be used in the place of an endpoint's."""
        scheme, slashes, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        found = self._ask("listen", run=self.run, url=f"{scheme}{slashes}{authority}")
        return f"http://{found['host']}:{found['port']}{slash}{path}"

    def made(self) -> list[MadeCall]:
        """The calls of the running test so far."""
        return [] if self.test is None else made(self.trail, Filter(run=(self.test,)))

    def stop(self) -> None:
        """Let the recorder write its last entry, and put the environment back."""
        for name, value in self.preset.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            return  # another suite records into this trail still
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.words.close()

    def _ask(self, op: str, **about: Any) -> dict[str, Any]:
        answer = control.ask(self.trail, op, **about)
        if answer is None:
            raise UsageError(
                f"the recorder on {str(self.trail)!r} is gone: nothing is recorded any more",
                hint=f"apitrail verify --trail {self.trail} checks what it has recorded",
            )
        return answer


def made(trail: Path, where: Filter) -> list[MadeCall]:
    """What was recorded of the calls that match, in the order of the log; none about a stand-in."""
    with Reader(trail) as reader:
        indexes = list(reader.select(where, ascending=True))
        events = [Event.parse(facets) for _, facets in reader.many(indexes, RECORD_TAGS)]
    return [MadeCall.of(each) for each in events if not (each.what and each.what.stand_in)]


def _refused(words: IO[str]) -> UsageError:
    """What `exec` said last, as its own error."""
    words.seek(0)
    said = [line.strip() for line in words if line.strip()]
    hint = next((x.removeprefix("hint: ") for x in reversed(said) if x.startswith("hint: ")), None)
    errors = [line for line in said if not line.startswith("hint: ")]
    return UsageError(errors[-1].removeprefix("apitrail: ") if errors else "it said nothing", hint=hint)  # fmt: skip
