"""Spark on two executors, and ClickHouse, answer the twenty questions as `apitrail lake sql` does.

Both are in an environment of their own, which `make lake` makes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

import engines
import investigated
from apitrail.delivery.lake import lake_files, lake_sql, questions
from apitrail.delivery.lake.dialects import ALWAYS, CLICKHOUSE, LAKE, SPARK, Period
from apitrail.delivery.lake.lake_files import ArrowPlace
from engines import PYTHON, REPOSITORY

pytestmark = [pytest.mark.lake, pytest.mark.timeout(600)]
MIDNIGHT, HALF = 1_795_737_600_000, 1_800_000
# Every question of everything, and some of an hour.
ASKED = [(each, ALWAYS) for each in questions.QUESTIONS] + [
    (questions.named(name), Period(MIDNIGHT - HALF, MIDNIGHT + HALF))
    for name in ("denied-by-caller", "errors-by-hour", "calls-from-outside")
]
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.0+)?(\+00:00|Z)?")


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def expected(lake):
    files = lake_files.find(ArrowPlace.parse(str(lake)))
    found = []
    for question, period in ASKED:
        with lake_sql.ask(files, LAKE.ask(question, values(question), period)) as answer:
            found.append([list(row) for row in answer.rows])
    assert all(found)
    return found


def values(question):
    return {need: investigated.VALUES[need] for need in question.needs}


def ask(engine, lake, dialect):
    engines.require()
    statements = [dialect.ask(question, values(question), period) for question, period in ASKED]
    done = subprocess.run(
        [PYTHON, REPOSITORY / "tests" / "lake" / f"ask_{engine}.py", lake], cwd=lake.parent,
        input=json.dumps(statements), capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(lake.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    said["answers"] = [[[_shown(each) for each in row] for row in rows] for rows in said["answers"]]
    return said


def _shown(value):
    """Times as `apitrail` shows them."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return f"{found[1]}T{found[2]}Z" if found else value


def test_spark_with_two_executors_gives_equal_answers(lake, expected, tally):
    engines.require(java=True)
    said = ask("spark", lake, SPARK)
    assert said["executors"] == 2
    assert said["answers"] == expected
    tally("questions answered by Spark as by DuckDB", len(expected), len(ASKED))


def test_clickhouse_gives_equal_answers(lake, expected, tally):
    assert ask("chdb", lake, CLICKHOUSE)["answers"] == expected
    tally("questions answered by ClickHouse as by DuckDB", len(expected), len(ASKED))
