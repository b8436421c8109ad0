from __future__ import annotations

import pytest

from apitrail.errors import FormatError
from apitrail.insights.mute import Mute
from apitrail.trail import statements
from apitrail.trail.muting import Muting

SAID = Muting(mute=Mute(kind="rate"), by="command", reason="why", until=5)


def test_what_is_said_is_read_again():
    for said in (SAID, Muting(mute=Mute(name="x"), by="console", lifted=True)):
        assert statements.read("mute", said.what()) == said


def test_members_of_a_later_version_are_read_over():
    assert Muting.parse(SAID.what() | {"later": 1}) == SAID


@pytest.mark.parametrize(
    "change",
    [
        {"mute": {}},
        {"mute": {"kind": 5}},
        {"mute": {"later": "x"}},
        {"by": None},
        {"until": True},
        {"until": None},
        {"lifted": 1},
    ],
)
def test_what_no_recorder_writes_is_malformed(change):
    with pytest.raises(FormatError, match="malformed mute"):
        Muting.parse(SAID.what() | change)
