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


@pytest.fixture
def elsewhere(tmp_path, tmp_path_factory, monkeypatch):
    """No store of this machine is looked at but what a variable names."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path_factory.mktemp("elsewhere") / "mine.pem"


def test_a_ca_that_is_taken_out_is_gone_and_what_still_trusts_it_told(
    files, capsys, tmp_path, monkeypatch, elsewhere
):
    trail = ["--trail", str(tmp_path)]
    authority = files.read()
    (files.directory / "bundle-0123.pem").write_bytes(authority.pem)
    elsewhere.write_bytes(authority.pem)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(elsewhere))
    assert run([*trail, "ca", "remove", "--dry-run"]) == 1
    assert files.key.exists()
    capsys.readouterr()
    assert run([*trail, "ca", "remove"]) == 1
    out, err = capsys.readouterr()
    assert out == f"{elsewhere}: take the certificate out of {elsewhere}, which $AWS_CA_BUNDLE names\n"  # fmt: skip
    assert authority.fingerprint in err
    left = {path.name for path in files.directory.iterdir()}
    assert {name.partition("-")[0] for name in left} == {"retired"}
    assert not files.certificate.exists()

    elsewhere.unlink()
    assert run([*trail, "ca", "remove"]) == 0
    assert capsys.readouterr().out == "no store of this machine has its certificate\n"


def test_after_a_ca_was_taken_out_the_next_recorder_makes_another(files, elsewhere, tmp_path):
    old = files.read()
    run(["--trail", str(tmp_path), "ca", "remove"])
    assert files.ready(dt.datetime.now(dt.UTC)).fingerprint != old.fingerprint


def test_what_was_never_there_is_not_taken_out(tmp_path, capsys):
    assert run(["--trail", str(tmp_path), "ca", "remove"]) == 2
    assert "no certificate authority" in capsys.readouterr().err
