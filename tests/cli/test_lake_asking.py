"""`apitrail lake sql` and `apitrail lake questions`."""

from __future__ import annotations

import json

import pytest

import investigated
from apitrail.__main__ import run
from apitrail.cli import lake_asking
from apitrail.delivery.lake import dialects, questions


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def asked(capsys):
    def call(*arguments):
        status = run(["lake", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_a_lake_is_asked_in_sql_in_every_format(asked, lake):
    statement = "SELECT log, count(*) AS calls FROM events GROUP BY 1 ORDER BY 1"
    assert asked("sql", str(lake), statement)[1].splitlines()[1].split() == [
        "example.com/recorder0",
        "241",
    ]
    assert json.loads(asked("sql", str(lake), statement, "--output", "json")[1])[1]["calls"] == 241
    assert asked("sql", str(lake), statement, "--output", "csv")[1].startswith("log,calls\n")


def test_a_question_has_values_a_period_and_a_log(asked, lake):
    about = ("--question", "key-used", "--set", "key=AKIANEW", "--log", investigated.origin(0))
    status, out, _ = asked("sql", str(lake), *about, "--output", "jsonl")
    assert (status, len(out.splitlines())) == (0, 4)
    assert not asked("sql", str(lake), *about, "--until", "2026-11-26T22:05Z", "--output", "jsonl")[
        1
    ]


def test_a_file_that_no_list_names_is_told(asked, lake):
    foreign = lake / "eventday=20261126" / "foreign.parquet"
    foreign.write_bytes(b"no parquet")
    status, _, err = asked("sql", str(lake), "SELECT count(*) FROM events")
    foreign.unlink()
    assert (status, "left out 1 file that no list names" in err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "one question, in SQL or by name"),
        (("SELECT 1", "--question", "root-use"), "one question, in SQL or by name"),
        (("SELECT 1", "--set", "a=b"), "--set is for --question"),
        (("--question", "key-used", "--set", "key"), "not NAME=VALUE: 'key'"),
        (("--question", "key-used"), "key-used needs a key"),
        (("--question", "nosuch"), "no question is called 'nosuch'"),
        (("SELECT 1", "--since", "some day"), "not a time: 'some day'"),
        (("DROP VIEW events",), "only one SELECT is allowed"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_in_one_line_with_a_hint(asked, lake, arguments, says):
    status, out, err = asked("sql", str(lake), *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 2)
    assert says in err.splitlines()[0]
    assert err.splitlines()[1].startswith("hint: ")


def test_questions_are_listed_and_one_is_printed_for_each_engine(asked):
    listed = asked("questions")[1]
    assert all(question.name in listed for question in questions.QUESTIONS)
    assert "userIdentity.accessKeyId" in asked("questions", "key-used")[1]
    printed = asked("questions", "key-used", "--dialect", "spark", "--set", "key=AKIA1")[1]
    assert "useridentity_accesskeyid = 'AKIA1'" in printed
    assert "<key>" in asked("questions", "key-used")[1]
    assert asked("questions", "--since", "2h")[0] == 2


def test_the_command_line_knows_every_dialect():
    assert tuple(dialects.DIALECTS) == lake_asking.DIALECTS
