"""`apitrail operator`: add, list, remove; and what a recorder that strangers reach demands."""

import datetime as dt

from apitrail.__main__ import run
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.operators import Operators


def test_the_secret_is_the_last_word_printed_and_is_right(tmp_path, capsys):
    trail = ["--trail", str(tmp_path)]
    assert run([*trail, "operator", "add", "mary"]) == 0
    secret = capsys.readouterr().out.split()[-1]
    assert Operators.of(tmp_path).check("mary", secret)
    assert run([*trail, "operator", "list"]) == 0
    assert capsys.readouterr().out == "mary\n"
    assert run([*trail, "operator", "remove", "mary"]) == 0
    assert run([*trail, "operator", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_a_name_that_is_none_is_used_wrongly(tmp_path, capsys):
    assert run(["--trail", str(tmp_path), "operator", "add", "run-1"]) == 2
    assert "not an operator's name: 'run-1'" in capsys.readouterr().err


def test_a_recorder_for_strangers_does_not_start_without_operators(tmp_path, capsys):
    trail = tmp_path / "trail"
    assert run(["--trail", str(trail), "record", "--mode", "regular@0.0.0.0:0"]) == 2
    said = capsys.readouterr().err
    assert "the trail has no operator" in said
    assert "hint: apitrail operator add NAME, or --insecure-listen" in said
    assert not trail.exists()


def test_an_operator_s_mode_names_its_port(tmp_path, capsys):
    for text in ("mary", "mary=reverse:http://localhost:1@0", "=regular@8080"):
        assert run(["--trail", str(tmp_path), "record", "--operator-mode", text]) == 2
        assert "not an operator's mode" in capsys.readouterr().err


def test_an_operator_may_have_a_certificate(tmp_path, capsys):
    trail = ["--trail", str(tmp_path)]
    files = CaFiles(tmp_path)
    files.ready(dt.datetime.now(dt.UTC))  # any certificate will do
    assert run([*trail, "operator", "add", "mary", "--certificate", str(files.certificate)]) == 0
    shown = capsys.readouterr().out.split()[-1]
    assert shown == files.read().fingerprint.replace(":", "").lower()
    assert Operators.of(tmp_path).certified(shown) == "mary"
    for path, said in ((tmp_path / "none", "cannot read"), (tmp_path, "cannot read")):
        assert run([*trail, "operator", "add", "x", "--certificate", str(path)]) == 2
        assert said in capsys.readouterr().err
    (tmp_path / "empty").touch()
    assert run([*trail, "operator", "add", "x", "--certificate", str(tmp_path / "empty")]) == 2
    assert "no certificate in" in capsys.readouterr().err
