"""`apitrail serve`, `sql` and `reconcile`."""


def test_a_question_in_sql(cli):
    status, out, _ = cli("sql", "SELECT count(*) AS n FROM events", "--output", "csv")
    assert status == 0
    assert out.split() == ["n", "12"]


def test_a_place_that_is_none_is_refused(cli):
    status, _, err = cli("serve", "--listen", "nowhere")
    assert status == 2
    assert "nowhere" in err
