"""How long clients may be silent: what the configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.config_file import Configuration
from apitrail.recording.limits import Limits


def read(path: Path, text: str) -> Limits:
    path.write_text(text)
    return Configuration.read(path).limits


def test_the_configuration_sets_what_it_names(tmp_path: Path) -> None:
    found = read(tmp_path / "c.toml", '[limits]\nheader = "5s"\nconnections = 5000\n')
    assert found == Limits(header=5, connections=5000)
    assert (found.idle, found.body) == (60, 60)


def test_no_client_has_fewer_than_a_thousand_connections_by_default() -> None:
    assert Limits().connections >= 1_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("limits = 1\n", "limits is not a table"),
        ("[limits]\nheader = 5\n", "limits.header cannot be 5"),
        ('[limits]\nheader = "soon"\n', "not a duration: 'soon'"),
        ("[limits]\nconnections = true\n", "limits.connections cannot be True"),
        ("[limits]\nconnections = 0\n", "limits.connections cannot be 0"),
        ("[limits]\nhurry = 1\n", "limits: unknown field 'hurry'"),
    ],
)
def test_what_is_not_understood_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(tmp_path / "c.toml", text)
