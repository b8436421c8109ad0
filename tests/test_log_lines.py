"""What is said on stderr: as lines for people, and as one JSON object a line."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from apitrail.log_lines import Log, Stderr

SECRET = "http://mary:SECRET@proxy.example:8080"


@pytest.fixture
def said():
    return []


@pytest.fixture
def log(said):
    return Log(said.append, lambda: 1_795_000_000_123, as_json=True)


def test_text_is_what_it_was(said):
    log = Log(said.append, lambda: 0)
    log("recording\nhint: stop it", "warning", event="listening")
    log("apitrail: serving\n    export X=1")
    assert said == ["apitrail: recording\nhint: stop it", "apitrail: serving\n    export X=1"]


def test_an_object_a_line_with_time_level_and_fields(said, log):
    log("recording\nhint: stop\nit", "warning", event="listening", port=8080)
    assert json.loads(said[0]) == {
        "time": "2026-11-18T11:06:40.123Z", "level": "warning", "message": "recording",
        "hint": "stop\nit", "event": "listening", "port": 8080,
    }  # fmt: skip
    assert "\n" not in said[0]


@pytest.mark.parametrize("as_json", [True, False])
def test_no_user_and_password_of_a_url_is_said(said, as_json):
    log = Log(said.append, lambda: 0, as_json)
    log(f"cannot use {SECRET}\nhint: mend {SECRET}", mode=f"upstream:{SECRET}")
    assert "SECRET" not in said[0]
    assert "proxy.example" in said[0]


def test_of_others_it_says_where_and_quotes_nothing(said, log):
    # Where another test left warnings captured, capturing them again would do nothing.
    logging.captureWarnings(False)
    handler = log.take_all()
    try:
        try:
            int("SECRET")
        except ValueError:
            logging.getLogger("asyncio").exception("SECRET of %s", "SECRET")
        warnings.warn("SECRET", stacklevel=1)
        logging.getLogger("apitrail").warning("the trail is %s", "old")
    finally:
        logging.getLogger().removeHandler(handler)
        logging.captureWarnings(False)
    assert "SECRET" not in "".join(said)
    levels = {(each["level"], each["message"].split(" at ")[0]) for each in map(json.loads, said)}
    # What the garbage collector meets meanwhile may be said too.
    assert levels >= {
        ("error", "asyncio reports a problem"),
        ("warning", "py.warnings reports a problem"),
        ("warning", "the trail is old"),
    }


def test_what_a_voice_says_is_not_said_twice(said, log):
    handler, voice = log.take_all(), logging.NullHandler()
    logging.getLogger("apitrail").addHandler(voice)
    try:
        logging.getLogger("apitrail").warning("once")
    finally:
        logging.getLogger("apitrail").removeHandler(voice)
        logging.getLogger().removeHandler(handler)
        logging.captureWarnings(False)
    assert said == []


@contextmanager
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """stderr is a pipe; gives the end that is read."""
    reads, writes = os.pipe()
    with suppress(BrokenPipeError), os.fdopen(writes, "w", buffering=1) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        yield reads


def test_what_nobody_reads_is_left_out_and_counted(monkeypatch):
    with piped(monkeypatch) as reads:
        log = Log(Stderr(), lambda: 0, as_json=True)
        line, said = "x" * 1_000, 0
        while not log.left_out:
            log(line)  # would wait for ever
            said += 1
        log(line)
        for _ in range(said - 1):
            while os.read(reads, 1) != b"\n":
                pass
        log("it goes on")
        found = [json.loads(each)["message"] for each in os.read(reads, 4096).splitlines()]
        assert found == ["2 lines could not be said, since nobody read them", "it goes on"]
        os.close(reads)
        log("to nobody")
        assert log.left_out == 1
