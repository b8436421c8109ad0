"""Values of a call compare, hash and copy as frozen dataclasses do."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.valueclass import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Point:
    x: int
    y: int = 0


def test_equal_values_are_one_key():
    assert {Point(x=1): "here"}[Point(x=1, y=0)] == "here"
    assert Point(x=1) != Point(x=2)


def test_a_copy_leaves_its_original_alone():
    point = Point(x=1)
    assert (replace(point, y=2), point) == (Point(x=1, y=2), Point(x=1))


def test_there_is_no_place_for_another_field():
    with pytest.raises(AttributeError):
        Point(x=1).z = 3  # type: ignore[attr-defined]


def test_the_type_checker_refuses_to_set_a_field(tmp_path: Path):
    code = tmp_path / "sets.py"
    code.write_text(
        "from apitrail.exchange import Body\n\n\n"
        "def empty(body: Body) -> None:\n    body.length = 0\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", code]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 'Property "length" defined in "Body" is read-only' in said.stdout
