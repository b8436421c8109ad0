"""`apitrail ship`, and log files as `export` and `verify` have them."""

import json

import pytest

import delivering
from apitrail.__main__ import run
from apitrail.cli.shipping import seconds


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ship", "s3://bucket/x", "--once", "--every", "5m"), "contradict each other"),
        (("ship", "bucket/x"), "bucket/x"),
        (("ship", "s3://bucket/x", "--digest-every", "0s"), "too short a time: '0s'"),
        (("export", "--format", "cloudtrail"), "log files need a directory"),
        (("export", "--format", "cloudtrail", "-o", "x", "--event-name", "GetUser"), "a filter would look like a hole"),
        (("export", "--format", "cloudtrail", "-o", "x", "--digest-every", "0s"), "too short a time"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused(cli, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, _, err = cli(*arguments)
    assert status == 2
    assert message in err
    assert not (tmp_path / "x").exists()


def test_a_tree_is_exported_and_verified_and_what_is_changed_in_it_named(capsys, tmp_path):
    trail, tree = tmp_path / "recorded", tmp_path / "tree"
    delivering.record(trail, [delivering.at(delivering.HOUR + n, n) for n in range(3)])
    vkey = str(delivering.signer(trail).verifier)
    assert run(["export", "--format", "cloudtrail", "-o", str(tree), "--trail", str(trail)]) == 0
    assert "3 calls in 1 log files" in capsys.readouterr().err
    assert run(["verify", str(tree), "--key", vkey, "--output", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["calls"], said["unknown"]) == ("OK", 3, {})
    [log] = tree.rglob("*_CloudTrail_*.json.gz")
    log.write_bytes(b"")
    assert run(["verify", str(tree), "--key", vkey]) == 1
    assert capsys.readouterr().out.startswith("TAMPERED: ")


def test_the_time_of_a_digest_is_a_duration():
    assert (seconds(None), seconds("1h")) == (None, 3600)
