"""The key that signs digests."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.logfiles.store import Store
from apitrail.errors import UsageError
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def test_the_key_is_for_nobody_else(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    path = trail / "keys" / "digest.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        of.close_up(HOUR + MINUTE)


def test_a_new_key_goes_on_the_chain_of_the_old_one(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    (trail / "keys" / "digest.key").unlink()
    delivering.record(trail, [delivering.at(HOUR + 2 * MINUTE, 2)])
    made = of.close_up(HOUR + 3 * MINUTE)
    assert len(made.public_keys) == 2
    assert len(made.digests) == 2
