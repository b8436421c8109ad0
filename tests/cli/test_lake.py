"""`apitrail lake`."""

from __future__ import annotations

from apitrail.__main__ import run


def test_the_group_lists_its_commands(capsys):
    assert run(["lake", "--help"]) == 0
    out = capsys.readouterr().out
    assert "sql" in out
    assert "questions" in out
