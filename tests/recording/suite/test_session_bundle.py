"""A bundle that cannot be written is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.suite.session_bundle import write

pytestmark = pytest.mark.action


def test_a_trail_that_is_not_there_has_no_bundle(tmp_path: Path):
    with pytest.raises(UsageError, match=r"^no trail at '.*trail'$"):
        write(tmp_path, "pytest=1", since=0)
