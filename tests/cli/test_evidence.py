"""`apitrail verify`."""

import json

import trails


def test_a_log_that_holds_is_ok(cli, trail):
    status, out, err = cli("verify", "--key", str(trails.SIGNER.verifier))
    assert status == 0
    assert out.startswith("OK: ")
    assert "1. schema" in err


def test_a_changed_log_is_not(cli, trail):
    with trails.forge(trail) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE idx = 3")
    status, out, _ = cli("verify", "--key", str(trails.SIGNER.verifier))
    assert status == 1
    assert out.startswith("TAMPERED: entry 3")


def test_json_for_scripts(cli):
    _, out, _ = cli("verify", "--key", str(trails.SIGNER.verifier), "--output", "json")
    assert json.loads(out)["verdict"] == "OK"
