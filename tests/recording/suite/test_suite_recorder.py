"""The recorder of a suite ends with it, however it ends, and leaves the environment as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.suite.suite_recorder import SuiteRecorder
from apitrail.trail import control
from machine import clean, until
from suites import Suite

pytestmark = pytest.mark.action


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in set(os.environ) - set(clean()):
        monkeypatch.delenv(name)
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_environment_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "")
    before = dict(os.environ)
    recorder = SuiteRecorder.start(tmp_path / "trail", "s1")
    assert os.environ["HTTPS_PROXY"].startswith("http://run-")
    recorder.stop()
    assert dict(os.environ) == before
    assert control.ask(tmp_path / "trail", "status") is None


def test_a_recorder_that_is_gone_is_said(tmp_path: Path):
    recorder = SuiteRecorder.start(tmp_path / "trail", "s1")
    status = control.ask(tmp_path / "trail", "status")
    assert status is not None
    os.kill(status["pid"], signal.SIGKILL)
    recorder.process.wait()
    with pytest.raises(UsageError, match="is gone: nothing is recorded any more"):
        recorder.begin_test("test_it.py::test_it")
    recorder.stop()


def test_a_recorder_does_not_outlive_a_suite_that_is_killed(suite: Suite):
    suite.write("test_it.py", "import os\ndef test_it(): os.kill(os.getpid(), 9)\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--apitrail"],
        cwd=suite.directory, env=dict(suite.environment), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    trail = suite.directory / ".apitrail" / "trail"
    assert until(lambda: control.ask(trail, "status") is None)
    assert "OK: " in suite.apitrail("verify", "--trail", str(trail))
