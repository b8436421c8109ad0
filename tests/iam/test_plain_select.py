import pytest

from apitrail.iam.plain_select import plain_select, verb


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "select * from films where title = 'it''s; a -- test'",
        ' SELECT "a" FROM "My Table"."idx" WHERE a = ? ;',
        "SELECT count(*), max(price) FROM sales GROUP BY region HAVING count(*) > 3",
        "SELECT a FROM t WHERE a IN (SELECT b FROM u) UNION (SELECT c FROM v)",
        "SELECT * FROM \"Music\" WHERE begins_with(Artist, 'A') AND NOT (Year = 1999)",
        "SELECT replace(a, 'x', 'y') FROM t",
    ],
)
def test_a_plain_select_passes(statement):
    assert plain_select(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM films",
        "SELECT 1; DROP TABLE films",
        "SELECT * INTO copies FROM films",
        "SELECT * FROM films FOR UPDATE",
        "WITH gone AS (DELETE FROM films RETURNING *) SELECT * FROM gone",
        "SELECT pg_terminate_backend(1)",
        "SELECT lo_unlink(1)",
        'SELECT "lo_unlink"(1)',
        "SELECT public.wipe_all()",
        "SELECT /*!50000 1 INTO OUTFILE '/tmp/x' */ 1",
        "SELECT 1 -- and\n; DROP TABLE films",
        r"SELECT '\'; DROP TABLE films; -- '",
        "SELECT $$ a $$",
        "SELECT 1 # it\n",
        "SELECT 'open",
        "SELECT sleep\u00a0(1)",
        "UNLOAD (SELECT 1) TO 's3://b'",
        "EXPLAIN ANALYZE DELETE FROM films",
        "USING EXTERNAL FUNCTION f(a INT) RETURNS INT LAMBDA 'f' SELECT f(1)",
        "SELECTED",
        "",
        None,
        ["SELECT 1"],
    ],
)
def test_anything_else_does_not(statement):
    assert not plain_select(statement)


def test_the_verb_is_the_first_word():
    assert [verb("  insert into t"), verb(""), verb(None)] == ["INSERT", "", ""]
