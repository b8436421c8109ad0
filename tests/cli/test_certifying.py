"""`apitrail ca`: what it prints, and that no key leaves."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from apitrail.__main__ import run
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.trail import database


@pytest.fixture
def files(tmp_path):
    files = CaFiles(tmp_path)
    files.ready(dt.datetime.now(dt.UTC))
    (tmp_path / database.FILE).touch()
    return files


def test_show_export_and_rotate_tell_of_one_ca(files, capsys, tmp_path):
    trail = ["--trail", str(tmp_path)]
    old = files.read()
    assert run([*trail, "ca", "show"]) == 0
    told = capsys.readouterr().out
    for word in (old.subject, old.fingerprint, str(files.certificate), str(files.key)):
        assert word in told
    assert run([*trail, "ca", "export"]) == 0
    assert capsys.readouterr().out.encode() == old.pem
    assert run([*trail, "ca", "rotate"]) == 0
    out, err = capsys.readouterr()
    new = files.read()
    assert out == f"{new.fingerprint}\n"
    assert new != old
    assert "shells run `eval" in err
    assert run([*trail, "ca", "export", "-o", str(tmp_path / "mine.pem")]) == 0
    assert (tmp_path / "mine.pem").read_bytes() == new.pem
    assert run([*trail, "ca", "show", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["retired"] == list(map(str, files.retired))


def test_a_trail_without_one_is_used_wrongly(tmp_path, capsys):
    assert run(["--trail", str(tmp_path / "none"), "ca", "show"]) == 2
    assert "no certificate authority in" in capsys.readouterr().err
