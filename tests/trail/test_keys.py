"""The keys of a trail: made once, and of no use to anybody but their owner."""

from __future__ import annotations

import stat

import pytest

from apitrail.errors import UsageError
from apitrail.trail.keys import Keys


@pytest.fixture
def keys(tmp_path):
    return Keys.of(tmp_path)


def test_a_key_is_made_at_the_first_call_and_kept(keys):
    assert keys.signer() == keys.signer()
    assert stat.S_IMODE((keys.directory / "log.key").stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="is there already"):
        keys.generate()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o610])
@pytest.mark.parametrize("name", ["log.key", "redaction.key"])
def test_a_key_that_others_can_reach_is_refused(keys, name, mode):
    keys.signer()
    keys.redaction()
    (keys.directory / name).chmod(mode)
    with pytest.raises(UsageError, match=f"can be read by others \\(mode {mode:04o}\\)"):
        keys.signer() if name == "log.key" else keys.redaction()


@pytest.mark.parametrize("text", ["", "no hex", "00" * 31])
def test_a_redaction_key_that_was_cut_is_refused(keys, text):
    keys.redaction()
    (keys.directory / "redaction.key").write_text(text)
    with pytest.raises(UsageError, match="is no redaction key"):
        keys.redaction()
