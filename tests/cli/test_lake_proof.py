"""`apitrail lake verify` and `apitrail lake coverage`."""

import json

import pytest

import trails
from apitrail.__main__ import run
from apitrail.trail.keys import Keys


@pytest.fixture
def plain(capsys):
    """Run a command that is asked of no trail."""

    def call(*arguments):
        status = run(list(arguments))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def lake(cli, tmp_path):
    """A trail, its key, and its lake as it stands."""
    trail = tmp_path / "keyed"
    signer = Keys.of(trail).generate(trails.ORIGIN)
    trails.write(trail, lambda log: trails.append_each(
        log, [trails.opening(), *map(trails.draft, range(4))]
    ), signer=signer)  # fmt: skip
    out = tmp_path / "lake"
    status, _, err = cli("export", "--format", "parquet", "--unfinished", "-o", str(out), on=trail)
    assert (status, err) == (0, f"apitrail: 4 calls in 1 file, 1 list, in {out}\n")
    return trail, str(signer.verifier), out


def test_a_lake_holds_by_the_key_alone(cli, lake, tmp_path):
    _, vkey, out = lake
    asked = ("lake", "verify", str(out), "--key", vkey)
    status, said, _ = cli(*asked, on=tmp_path / "none")
    assert status == 0
    assert said.startswith("OK: 4 calls in 1 file under 1 list; ")
    status, said, _ = cli(*asked, "--output", "json", on=tmp_path / "none")
    assert json.loads(said)["logs"][0]["rows"] == 4


def test_what_does_not_hold_is_an_exit_status(cli, plain, lake):
    trail, vkey, out = lake
    [path] = out.glob("eventday=*/*.parquet")
    path.unlink()
    status, said, _ = cli("lake", "verify", str(out), "--key", vkey, on=trail)
    assert status == 1
    assert said.startswith(f"TAMPERED: {path.parent.name}/{path.name} is missing")
    status, said, err = plain("lake", "coverage", str(out), "--key", vkey)
    assert (status, "TAMPERED" in said, f"{path.name} is missing" in err) == (1, True, True)


def test_rows_are_compared_with_log_files(cli, lake, tmp_path):
    trail, vkey, out = lake
    tree = tmp_path / "tree"
    assert cli("export", "--format", "cloudtrail", "-o", str(tree), on=trail)[0] == 0
    asked = ("lake", "verify", str(out), "--key", vkey, "--log-files", str(tree))
    status, said, _ = cli(*asked, on=tmp_path / "none")
    assert (status, "4 rows compared" in said) == (0, True)
    next(tree.rglob("CloudTrail/**/*.json.gz")).unlink()
    status, _, err = cli(*asked, on=tmp_path / "none")
    assert (status, "do not hold" in err) == (2, True)


def test_coverage_is_a_table_or_json(plain, lake):
    _, vkey, out = lake
    status, said, _ = plain("lake", "coverage", str(out), "--key", vkey, "--late", "400000h")
    assert status == 0
    assert said.splitlines()[0].split()[:2] == ["LOG", "STATE"]
    status, said, _ = plain("lake", "coverage", str(out), "--key", vkey, "--output", "json")
    [log] = json.loads(said)["logs"]
    assert (log["log"], log["verdict"], log["calls"]) == (trails.ORIGIN, "OK", 4)


@pytest.mark.parametrize("command", ["verify", "coverage"])
def test_what_is_no_directory_is_used_wrongly(plain, command, tmp_path):
    status, _, err = plain("lake", command, str(tmp_path / "none"))
    assert (status, "is not a directory" in err) == (2, True)
