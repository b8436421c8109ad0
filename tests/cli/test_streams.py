"""What becomes of a command that is interrupted, or whose output goes nowhere: a status and no traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from apitrail import __main__ as command
from apitrail.trail.keys import Keys
from trails import ORIGIN

APITRAIL = (sys.executable, "-m", "apitrail")
FULL = "/dev/full"
needs_full = pytest.mark.skipif(not Path(FULL).exists(), reason="no /dev/full")


@pytest.fixture
def shell(trail):
    """Run a line of the shell, in which "$@" is apitrail: exit status, stdout, stderr."""

    def call(line: str):
        done = subprocess.run(
            ["/bin/sh", "-c", line, "sh", *APITRAIL], capture_output=True, text=True, check=False,
            env={**os.environ, "APITRAIL_TRAIL": str(trail)},
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return call


@needs_full
@pytest.mark.parametrize("words", ["--version", "events", "export --format jsonl", "guard list"])
def test_a_full_disk_is_one_line_and_no_status_of_success(shell, words):
    said = "apitrail: stdout: No space left on device\n"
    assert shell(f'"$@" {words} > {FULL}') == (2, "", said)


@needs_full
def test_what_cannot_be_said_to_a_person_stops_nothing(shell, tmp_path):
    out = tmp_path / "calls.jsonl"
    assert shell(f'"$@" export --format jsonl -o {out} 2> {FULL}') == (0, "", "")
    assert len(out.read_text().splitlines()) == 12


@pytest.mark.parametrize("words", ["--version", "events", "export --format jsonl", "guard list"])
def test_a_closed_stdout_leads_nowhere(shell, words):
    assert shell(f'"$@" {words} >&-') == (0, "", "")


def test_a_closed_stderr_leads_nowhere(shell):
    assert shell('"$@" show ffff 2>&-') == (2, "", "")
    assert shell('"$@" events --run nope >&- 2>&-') == (0, "", "")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("events --output jsonl", 0),  # what ends early, as `head` wants it
        ("guard show read-only", 128 + signal.SIGPIPE),
        ("verify --output json", 128 + signal.SIGPIPE),  # 1 would say that it does not hold
    ],
)
def test_who_reads_no_more_is_no_verdict(trail, words, status):
    Keys.of(trail).generate(ORIGIN)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        done = subprocess.run(
            [*APITRAIL, *words.split()], stdout=nobody, stderr=subprocess.PIPE, text=True, check=False,
            env={**os.environ, "APITRAIL_TRAIL": str(trail)},
        )  # fmt: skip
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_ctrl_c_while_an_error_is_said_is_ctrl_c(monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_fail", interrupt)
    assert command.run(["frobnicate"]) == 130
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_while_commands_are_loaded_is_ctrl_c(tmp_path):
    # A module that is loaded for the commands sends it; who runs tests in the background may ignore it.
    (tmp_path / "click.py").write_text(
        "import os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
    )
    done = subprocess.run(
        [*APITRAIL, "--version"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
