from __future__ import annotations

import json

import pytest

import refusing
import trails
from apitrail.errors import UsageError
from apitrail.insights.thresholds import Thresholds
from apitrail.reading import insight_list
from apitrail.reading.event_table import PIPED
from apitrail.reading.insight_list import Chosen
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory = refusing.make(tmp_path_factory.mktemp("insights") / "trail")
    with Reader(directory) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    return directory


@pytest.fixture
def reader(trail):
    with Reader(trail) as opened:
        yield opened


def test_a_line_says_what_who_and_why(reader):
    [line] = insight_list.lines(reader, Chosen(), output="text")
    assert "sequence" in line
    assert "user/ada: 7 different operations were refused" in line


def test_json_has_aws_s_shape_and_the_ids_of_events(reader):
    [line] = insight_list.lines(reader, Chosen(), output="jsonl")
    said = json.loads(line)
    assert said["insightDetails"]["state"] == "Start"
    assert len(said["events"]) == 7
    assert all(reader.find(event) for event in said["events"])


def test_only_those_that_were_asked_for(reader):
    assert not list(insight_list.lines(reader, Chosen(kinds=("rate",)), output="text"))
    assert not list(insight_list.lines(reader, Chosen(since=trails.T0 + 10**6), output="text"))


def test_one_on_a_screen(reader):
    [(index, said)] = insight_list.told(reader, Chosen())
    lines = list(insight_list.detail(reader, said.record["eventID"][:8], PIPED))
    assert lines[0] == "iam:List6  sequence, refusals"
    assert f"entry     {index}, told of entries 0 to 7" in lines
    assert any("a minute at most" in line for line in lines)
    assert sum("AccessDenied" in line for line in lines) == 7


def test_one_that_is_not_there(reader):
    with pytest.raises(UsageError, match="no insight 'ffff"):
        insight_list.find(reader, "ffffffff")
