"""Statements as people write them."""

from apitrail.reading.sql.rewrite import prepare


def test_paths_become_columns():
    statement, paths = prepare("SELECT userIdentity.arn FROM events WHERE eventName = 'a.b'")
    assert paths == ("userIdentity.arn",)
    assert '"userIdentity.arn"' in statement
    assert "'a.b'" in statement


def test_a_statement_without_paths_stays():
    assert prepare("SELECT eventName FROM events")[1] == ()
