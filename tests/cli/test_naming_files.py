"""What is said of files that are not there, or are something else."""

import pytest

NOTHING = "there is no file or directory '{0}'"
ELSE = "'{0}' is no trail, no bundle and no receipt"
OURS = "a trail is a directory of `apitrail record`, a bundle a file of `apitrail export`"


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("hello\n")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "empty.zip").touch()
    (tmp_path / "directory").mkdir()


@pytest.mark.parametrize("command", ["verify", "events"])
@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("no.zip", NOTHING, "`apitrail export` writes a bundle, `apitrail record` starts a trail"),
        ("text.txt", ELSE, OURS),
        ("empty.zip", "'{0}' is empty", OURS),
        ("trail/trail.db", ELSE, "a trail is its directory: 'trail'"),
    ],
)
def test_a_file_that_is_no_evidence_is_named_for_what_it_is(cli, command, name, said, hint):
    status, out, err = cli(command, name)
    assert (status, out) == (2, "")
    assert err == f"apitrail: {said.format(name)}\nhint: {hint}\n"


@pytest.mark.parametrize("form", ["cloudtrail", "parquet"])
def test_an_export_makes_nothing_where_a_trail_was_looked_for(cli, tmp_path, form):
    pytest.importorskip("pyarrow")
    nowhere = tmp_path / "nowhere"
    status, _, err = cli("export", "--format", form, "-o", "out", on=nowhere)
    assert status == 2
    assert err.startswith(f"apitrail: no trail at {str(nowhere)!r}")
    assert not nowhere.exists()
    status, _, err = cli("export", "--format", form, "-o", "out", on=tmp_path / "text.txt")
    assert (status, "is no trail" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("serve --token-file binary", "the token is not 16 to 128 letters"),
        ("verify --key text.txt", "no key in the file 'text.txt'"),
        ("verify --key binary", "no key in the file 'binary'"),
        ("verify --key nothing", "malformed key: 'nothing'"),
        ("key trust nothing", "hint: a key is NAME+ID+KEY, as `apitrail key show` prints it"),
        ("guard show directory", "cannot read the guard 'directory': Is a directory"),
        ("guard show binary", "cannot read the guard 'binary': it is not UTF-8"),
        ("policy --existing directory", "cannot read 'directory': Is a directory"),
        (
            "replay --endpoint-url http://localhost:1 --redactions directory",
            "'directory': Is a directory",
        ),
        ("operator list --trail text.txt", "text.txt/keys/operators"),
    ],
)
def test_a_file_of_another_kind_is_one_line(capsys, trail, words, said):
    from apitrail.__main__ import run

    at = (
        []
        if "--trail" in words or words.split()[0] in ("guard", "key")
        else ["--trail", str(trail)]
    )
    assert run([*words.split(), *at]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("hint: ")][-1].startswith("apitrail: ")
    assert said in "\n".join(lines)
