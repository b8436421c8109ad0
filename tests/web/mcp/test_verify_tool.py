"""The log verified, and one run of it."""

import json
import threading

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence.known_logs import KnownLogs
from apitrail.web.mcp.tool import Given
from apitrail.web.mcp.verify_tool import verify


@pytest.fixture(autouse=True)
def known(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    KnownLogs(tmp_path).trust(trails.SIGNER.verifier)


def test_a_run_learns_that_its_calls_are_in_the_log_and_no_number_of_others(ask, own):
    answer = ask(own, "verify")
    assert (answer["verdict"], answer["holds"], answer["calls"]) == ("OK", True, 4)
    assert answer["message"] == "each call of this run is in the log, and is unaltered"
    assert "14" not in json.dumps(answer)


def test_progress_is_told(own):
    told = []
    verify(own, Given({}, lambda *step: told.append(step)))
    assert told[-1] == (2, 2, "done")


def test_all_of_the_log(ask, every):
    answer = ask(every, "verify")
    assert (answer["checked"], answer["calls"]) == ("the whole log", 6)


def test_a_key_that_nobody_trusts_is_said(ask, own, tmp_path):
    KnownLogs(tmp_path)
    (tmp_path / "known_logs").unlink()
    assert ask(own, "verify")["verdict"] == "UNTRUSTED-KEY"


def test_whoever_leaves_ends_it(every):
    stop = threading.Event()
    stop.set()
    with pytest.raises(UsageError, match="cancelled"):
        verify(every, Given({}, stop=stop))
