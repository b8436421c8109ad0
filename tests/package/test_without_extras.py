"""Without extras all is there that recording and reading need; what needs one says which."""

from __future__ import annotations

import json

import pytest

from package.roots import REPOSITORY, events, story

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

SIGMA = """\
title: a user was made
logsource: {product: aws, service: cloudtrail}
detection: {made: {eventName: CreateUser}, condition: made}
"""
# What each needs; files are in the home.
NEEDING = [
    ("export --format parquet -o lake", "lake"),
    ("lake verify lake", "lake"),
    ("lake verify s3://bucket/lake", "lake"),
    ("lake sql lake --question deletions", "lake"),
    ("lake commit lake --catalog sqlite:///catalog.db", "lake"),
    ("lake coverage s3://bucket/lake", "s3"),
    ("ship s3://bucket/logs", "s3"),
    ("reconcile s3://bucket/logs", "s3"),
    ("mcp", "mcp"),
    ("alert test rule.yml", "sigma"),
    ("verify --tsa ca.pem", "timestamps"),
    ("exec -- ls", "timestamps", '[anchors]\nfile = "anchors"\ntimestamps = ["http://127.0.0.1:9/"]\n'),
    ("exec -- ls", "sigma", '[[alert]]\nname = "x"\nrule = "rule.yml"\ncommand = ["cat"]\n'),
]  # fmt: skip


@pytest.fixture(scope="module")
def recorded(plain, endpoint):
    story(plain.root, [plain.apitrail], endpoint, "without-extras")
    (plain.root.home / "rule.yml").write_text(SIGMA)
    (plain.root.home / "ca.pem").write_text("")
    (plain.root.home / "lake").mkdir()
    return plain


@pytest.mark.parametrize("needing", NEEDING, ids=lambda each: f"{each[0]}: {each[1]}")
def test_what_needs_an_extra_names_it_in_a_line(recorded, needing, tmp_path):
    command, extra, *configuration = needing
    (tmp_path / "config.toml").write_text("".join(configuration))
    (tmp_path / "rule.yml").write_text(SIGMA)
    said = recorded.root.run(
        recorded.apitrail, *command.split(), status=2, APITRAIL_CONFIG=str(tmp_path)
    )
    wrong, hint = said.splitlines()
    assert wrong.startswith("apitrail: ")
    assert hint == f"hint: pip install 'apitrail[{extra}]'"


@pytest.mark.parametrize(
    "command",
    [
        "events", "events --chart", "insights", "policy --run last", "top --once", "sql SELECT(1)",
        "history without-extras", "state without-extras", "export -o evidence.zip",
        "export --format cloudtrail -o logs", "export --format ocsf -o ocsf.jsonl", "export --format html -o evidence.html",
        "alert test built-in:root-used", "lake questions", "ca show", "key show", "completion zsh", "man events",
    ],
)  # fmt: skip
def test_what_reads_and_hands_over_needs_none(recorded, command):
    recorded.root.run(recorded.apitrail, *command.split())


def test_its_evidence_is_checked_by_it(recorded):
    recorded.root.run(recorded.apitrail, "export", "-o", "handed.zip")
    assert recorded.root.run(recorded.apitrail, "verify", "handed.zip").startswith("OK: ")


def test_nothing_is_brought_that_only_an_extra_needs(recorded):
    python = recorded.prefix / "bin/python"
    listed = "import importlib.metadata as m, json; print(json.dumps([d.name.lower() for d in m.distributions()]))"
    there = set(json.loads(recorded.root.run(python, "-c", listed)))
    assert there & {"boto3", "duckdb", "pyarrow", "pyiceberg", "mcp", "pysigma"} == set()
    assert len(there) <= 60


def test_pages_and_completion_are_there_and_work(recorded):
    share = recorded.prefix / "share"
    page = (share / "man/man1/apitrail-events.1").read_text()
    assert page == recorded.root.run(recorded.apitrail, "man", "events")
    for shell, place in (
        ("bash", "bash-completion/completions/apitrail"),
        ("zsh", "zsh/site-functions/_apitrail"),
        ("fish", "fish/vendor_completions.d/apitrail.fish"),
    ):
        assert (share / place).read_text() == recorded.root.run(recorded.apitrail, "completion", shell)  # fmt: skip
    asked = {"COMP_WORDS": "apitrail eve", "COMP_CWORD": "1", "_APITRAIL_COMPLETE": "bash_complete"}
    assert recorded.root.run(recorded.apitrail, **asked) == "plain,events\n"


def test_its_types_are_told(recorded):
    [told] = recorded.prefix.glob("lib/*/site-packages/apitrail/py.typed")
    assert told.read_bytes() == (REPOSITORY / "src/apitrail/py.typed").read_bytes()
    assert events(recorded.root, [recorded.apitrail])
