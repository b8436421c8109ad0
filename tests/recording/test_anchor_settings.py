"""What the configuration may say of anchors."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.config_file import Configuration
from apitrail.tlog.cosignature import Cosigner

VKEY = str(Cosigner("w.example", bytes(32)).verifier)
POLICY = f"witness w {VKEY} http://127.0.0.1:8485/\nquorum w\n"


def write(directory: Path, text: str, policy: str = POLICY) -> Path:
    (directory / "witnesses").write_text(policy)
    path = directory / "config.toml"
    path.write_text(text)
    return path


def test_a_configuration_names_anchors_beside_it(tmp_path: Path) -> None:
    text = '[anchors]\npolicy = "witnesses"\nevery = "2m"\nfile = "head"\ncommand = ["logger", "-t", "x"]\n'
    anchors = Configuration.read(write(tmp_path, text)).anchors
    assert anchors.policy is not None
    assert [each.url for each in anchors.witnesses] == ["http://127.0.0.1:8485/"]
    assert (anchors.every, anchors.file) == (120.0, tmp_path / "head")
    assert anchors.command == ("logger", "-t", "x")
    assert anchors


def test_without_any_nothing_is_anchored(tmp_path: Path) -> None:
    assert not Configuration().anchors
    assert not Configuration.read(write(tmp_path, '[anchors]\nevery = "1s"\n')).anchors
    assert Anchors(command=("true",))
    assert Anchors(timestamps=("http://x/",))
    assert Anchors().every == 60.0


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("anchors = 1\n", "anchors is not a table"),
        ('[anchors]\nwitness = "w"\n', "anchors: unknown field 'witness'"),
        ("[anchors]\npolicy = 1\n", "anchors.policy cannot be 1"),
        ('[anchors]\npolicy = ""\n', "anchors.policy cannot be ''"),
        ('[anchors]\npolicy = "gone"\n', "cannot read the policy"),
        ('[anchors]\npolicy = "config.toml"\n', "line 1: not a log, witness, group or quorum"),
        ('[anchors]\nevery = "0s"\n', "0s"),
        ('[anchors]\nevery = "soon"\n', "soon"),
        ("[anchors]\nevery = 60\n", "anchors.every cannot be 60"),
        ('[anchors]\ncommand = "ls"\n', "anchors.command cannot be 'ls'"),
        ("[anchors]\ncommand = [1]\n", "anchors.command cannot be"),
        ("[anchors]\ntimestamps = 1\n", "anchors.timestamps cannot be 1"),
        ('[anchors]\ntimestamps = ["x"]\n', "not the URL"),
        ("[anchors]\nfile = false\n", "anchors.file cannot be False"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, entry: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        Configuration.read(write(tmp_path, entry))


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (f"witness w {VKEY}\nquorum w\n", "the witnesses that have a URL do not make the quorum"),
        (f"witness w {VKEY} ftp://x/\nquorum w\n", "not the URL of a witness"),
    ],
)
def test_a_policy_that_nobody_could_ask_for_is_refused(
    tmp_path: Path, policy: str, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        Configuration.read(write(tmp_path, '[anchors]\npolicy = "witnesses"\n', policy))
