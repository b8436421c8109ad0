"""A worker as a process: what it is started with, and what ends it."""

from __future__ import annotations

import signal

from apitrail.recording.workers.worker import IGNORED, OTHER_VERSION, main


def test_a_worker_of_another_version_does_not_begin():
    before = [signal.getsignal(each) for each in IGNORED]
    assert main(["0", "0", "0.0.0-other"]) == OTHER_VERSION
    assert [signal.getsignal(each) for each in IGNORED] == before
