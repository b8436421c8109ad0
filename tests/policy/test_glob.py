import pytest

from apitrail.policy.glob import covers, meets

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table"


@pytest.mark.parametrize(
    ("pattern", "value", "holds"),
    [
        ("*", "", True), ("a*c", "abbc", True), ("a*c", "abcd", False), ("a?c", "abc", True),
        ("a?c", "ac", False), ("a.c", "abc", False), ("a*", "a\nb", True), ("", "", True),
    ],
)  # fmt: skip
def test_a_pattern_covers_what_it_surely_matches(pattern, value, holds):
    assert covers(pattern, value) is holds
    assert meets(pattern, value) is holds


@pytest.mark.parametrize(
    ("pattern", "value", "can"),
    [
        (f"{TABLE}/films", "arn:aws:dynamodb:eu-west-1:*:table/films", True),
        (f"{TABLE}/films", "arn:aws:dynamodb:eu-west-1:*:table/songs", False),
        (f"{TABLE}/f*", f"{TABLE}/*", True),
        (f"{TABLE}/a?", f"{TABLE}/a*", True),
        ("arn:aws:s3:::b/*", "*", True),
        ("ab", "a*c", False),
        ("a*", "*b", True),
        ("ab*", "*ba", True),
        ("", "*", True),
        ("?", "**", True),
    ],
)
def test_what_is_not_known_of_a_value_may_be_anything(pattern, value, can):
    assert meets(pattern, value) is can


def test_a_pattern_of_many_stars_is_quick():
    assert not covers("*a" * 12 + "b", "a" * 60)
