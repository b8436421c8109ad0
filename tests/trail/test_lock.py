"""A trail has one writer."""

from __future__ import annotations

import pytest

from apitrail.trail import lock


def test_a_second_writer_waits_for_nobody(tmp_path):
    held = lock.take(tmp_path)
    with pytest.raises(lock.Busy, match="another recorder is writing"):
        lock.take(tmp_path)
    held.close()
    lock.take(tmp_path).close()
