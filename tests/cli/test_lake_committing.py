"""`apitrail lake commit`."""

from __future__ import annotations

import delivering
import investigated
from apitrail.__main__ import run


def test_a_lake_is_committed_once_and_what_is_held_back_is_told(tmp_path, capsys):
    lake = investigated.lake(tmp_path, logs=1)
    command = ["lake", "commit", str(lake), "--catalog", f"sqlite:///{tmp_path}/catalog.db"]
    assert run(command) == 1
    captured = capsys.readouterr()
    assert "held back: " in captured.err
    assert "--key VKEY" in captured.err
    key = ["--key", str(delivering.signer(tmp_path / "trail0").verifier)]
    assert run([*command, *key]) == 0
    assert capsys.readouterr().out == "apitrail.events: 7 files added with 241 rows; 0 were there\n"
    assert run([*command, *key]) == 0
    assert "0 files added with 0 rows; 7 were there" in capsys.readouterr().out
    assert (tmp_path / "catalog.db.apitrail.events.lock").is_file()
