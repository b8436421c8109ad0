"""One side of a call, leaf by leaf."""

from apitrail.aws.call import Map, Redacted
from apitrail.redact.walk import Walk, is_identifier, leaf_bytes, map_text


def walk(service=None, operation=None):
    return Walk(
        digest=lambda secret: Redacted(f"<{len(secret)}>"),
        blob=lambda blob: Redacted("<blob>"), service=service, operation=operation,
    )  # fmt: skip


def test_a_sensitive_path_goes_and_the_rest_stays():
    walking = walk()
    found = walking.top({"A": {"B": "secret", "C": "open"}}, frozenset({("A", "B")}))
    assert found == {"A": {"B": "<6>", "C": "open"}}
    assert walking.secrets == {b"secret"}
    assert walking.touched


def test_nothing_is_touched_where_nothing_is_secret():
    walking = walk()
    assert walking.top({"A": ["x"], "N": 1}, frozenset()) == {"A": ["x"], "N": 1}
    assert not walking.touched


def test_a_pair_of_name_and_value_tells():
    found = walk().top({"Tags": [{"Key": "DB_PASSWORD", "Value": "x1"}]}, frozenset())
    assert found == {"Tags": [{"Key": "DB_PASSWORD", "Value": "<2>"}]}


def test_leaves_have_bytes():
    assert leaf_bytes("ä") == "ä".encode()
    assert leaf_bytes(b"x") == b"x"
    assert leaf_bytes(12) == b"12"


def test_texts_are_changed_but_names_of_resources_are_not():
    value = {"UserName": "x", "Note": "x", "M": Map({"x": "x"}), "L": ["x", 1]}
    assert map_text(value, str.upper) == {
        "UserName": "x" if is_identifier("UserName") else "X", "Note": "X", "M": {"X": "X"},
        "L": ["X", 1],
    }  # fmt: skip
