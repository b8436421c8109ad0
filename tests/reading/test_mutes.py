from __future__ import annotations

import pytest

import refusing
import trails
from apitrail.errors import UsageError
from apitrail.insights.insight_settings import InsightSettings, Wish
from apitrail.insights.mute import Mute
from apitrail.insights.thresholds import Thresholds
from apitrail.reading import mutes
from apitrail.reading.mutes import Mutes, quiet
from apitrail.trail import statements
from apitrail.trail.muting import Muting
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller

CI, X = Mute(caller="ci"), Mute(name="x")


def said(mute, **more):
    return Muting(mute=mute, by="configuration", **more)


@pytest.fixture(scope="module")
def insight(tmp_path_factory):
    directory = refusing.make(tmp_path_factory.mktemp("mutes") / "trail")
    with Reader(directory) as reader:
        [found] = Teller(0, Thresholds()).read(reader, reader.size)
    return found


def test_the_newest_that_names_the_same_counts():
    found = Mutes(((1, said(CI)), (2, said(X)), (3, said(CI, lifted=True)), (5, said(X, until=50))))
    assert [index for index, _ in found.standing(10)] == [5]
    assert found.standing(50) == []
    assert [index for index, _ in found.standing(10, before=3)] == [1, 2]


def test_an_insight_is_quiet_where_a_mute_came_before_it(insight):
    found = Mutes(((4, said(Mute(kind="sequence"))),))
    assert found.was_quiet(5, insight)
    assert not found.was_quiet(4, insight)
    assert quiet(((1, said(mutes.like(insight))),), insight)
    assert not quiet(((1, said(CI)),), insight)


def test_the_configuration_says_what_changed_and_nothing_else():
    found = Mutes(((1, said(CI)), (2, Muting(mute=X, by="command"))))
    assert list(found.changes((Wish(mute=CI),), 0)) == []
    assert list(found.changes((), 0)) == [said(CI, lifted=True)]
    [new] = found.changes((Wish(mute=CI, reason="now"),), 0)
    assert new == said(CI, reason="now")
    assert list(Mutes(()).changes((Wish(mute=CI, until=5),), 5)) == []


def test_mutes_of_a_log_are_found_and_lifted(tmp_path):
    directory = trails.make(tmp_path / "trail", 3)
    trails.write(directory, lambda trail: trail.append(statements.draft(said(CI, reason="why"))))
    with Reader(directory) as reader:
        found = Mutes.of(reader)
    [(index, _)] = found.standing(0)
    assert (
        mutes.line(index, found.said[0][1])
        == f"entry {index}  insights by ci, by configuration: why"
    )
    assert mutes.to_json(index, found.said[0][1])["caller"] == "ci"
    assert found.lifting(index, 0, "command") == Muting(mute=CI, by="command", lifted=True)
    with pytest.raises(UsageError, match="no mute at entry 99"):
        found.lifting(99, 0, "command")
    assert InsightSettings().mutes == ()
