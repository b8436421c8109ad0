"""What all pages share: the logs that are known are parsed once."""

from __future__ import annotations

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence.known_logs import KnownLogs
from apitrail.tlog import note
from apitrail.web.console.console import Known


def test_known_logs_are_parsed_again_only_when_the_file_was_written(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    known = Known()
    assert known.logs() == ()
    KnownLogs(tmp_path).trust(trails.SIGNER.verifier)
    first = known.logs()
    assert known.trust().verifiers == (trails.SIGNER.verifier,)
    assert known.logs() is first
    KnownLogs(tmp_path).trust(note.Signer("example.com/other", bytes(32)).verifier)
    assert len(known.logs()) == 2
    (tmp_path / "known_logs").write_text("damaged")
    with pytest.raises(UsageError, match="damaged"):
        known.trust()
    with pytest.raises(UsageError, match="damaged"):
        known.trust()
