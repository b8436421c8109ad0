"""Names that a new endpoint gave, put in place of the recorded ones."""

from __future__ import annotations

import pytest

from apitrail.replay.recorded.naming import is_identifier, is_time
from apitrail.replay.resend.identifiers import Identifiers

ROLE = "arn:aws:iam::111111111111:role/deploy"
MOVED = "arn:aws:iam::222222222222:role/deploy"


@pytest.fixture
def identifiers() -> Identifiers:
    known = Identifiers()
    known.learn("vpc-0aaaaaaaaaaaaaaaa", "vpc-0bbbbbbbbbbbbbbbb")
    known.learn("a1", "b2")
    known.learn(ROLE, MOVED)
    return known


@pytest.mark.parametrize(
    ("recorded", "new"),
    [
        ("vpc-0aaaaaaaaaaaaaaaa", "vpc-0bbbbbbbbbbbbbbbb"),
        ("ec2/vpc-0aaaaaaaaaaaaaaaa/x", "ec2/vpc-0bbbbbbbbbbbbbbbb/x"),
        ('{"Vpc":"vpc-0aaaaaaaaaaaaaaaa"}', '{"Vpc":"vpc-0bbbbbbbbbbbbbbbb"}'),
        ("arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2Fdeploy", "arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fdeploy"),
        # The account is learned from the ARN.
        ("arn:aws:sns:eu-west-1:111111111111:topic", "arn:aws:sns:eu-west-1:222222222222:topic"),
        # A longer word that begins like it is another thing.
        ("vpc-0aaaaaaaaaaaaaaaabc", "vpc-0aaaaaaaaaaaaaaaabc"),
        ("xvpc-0aaaaaaaaaaaaaaaa", "xvpc-0aaaaaaaaaaaaaaaa"),
        # Short names are replaced whole, never inside of others.
        ("a1", "b2"),
        ("s/a1/t", "s/a1/t"),
    ],
)  # fmt: skip
def test_whole_values_and_tokens_are_replaced(
    identifiers: Identifiers, recorded: str, new: str
) -> None:
    assert identifiers.text(recorded) == new


def test_what_was_put_in_is_not_read_again() -> None:
    swapped = Identifiers({"i-000001": "i-000002", "i-000002": "i-000001"})
    assert swapped.text("i-000001,i-000002") == "i-000002,i-000001"


def test_values_are_replaced_at_every_depth_and_member_names_never(
    identifiers: Identifiers,
) -> None:
    value = {"a1": ["vpc-0aaaaaaaaaaaaaaaa", {"x": "a1", "n": 5, "b": b"raw"}]}
    assert identifiers.translate(value) == {
        "a1": ["vpc-0bbbbbbbbbbbbbbbb", {"x": "b2", "n": 5, "b": b"raw"}]
    }


def test_ciphertexts_are_bytes_in_requests_and_base64_in_answers() -> None:
    known = Identifiers({"AQID": "BAUG"})
    assert known.translate({"CiphertextBlob": b"\1\2\3"}) == {"CiphertextBlob": b"\4\5\6"}


def test_a_region_moves_with_its_zones_and_arns(identifiers: Identifiers) -> None:
    identifiers.move("eu-west-1", "us-east-2")
    assert identifiers.text("eu-west-1b") == "us-east-2b"
    assert identifiers.text("arn:aws:sqs:eu-west-1:9:q") == "arn:aws:sqs:us-east-2:9:q"
    assert identifiers.text("eu-west-10") == "eu-west-10"


def test_a_token_is_renewed_once_for_all_its_repetitions() -> None:
    known = Identifiers()
    fresh = known.renew("t")
    assert fresh == known.renew("t") != known.renew("u")


def test_secrets_are_not_told() -> None:
    secret = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:24"
    known = Identifiers({secret: "hunter2", "same": "same", "i-1": "i-2"})
    assert known.learned() == {"i-1": "i-2"}


@pytest.mark.parametrize(
    ("member", "text", "expected"),
    [
        ("VpcId", "vpc-1", True),
        ("ETag", '"d41d8cd98f"', True),
        ("NextToken", "abc", True),
        ("anything", "sg-0123456789", True),
        ("State", "available", False),
        ("Count", "1234567", False),
        ("Description", "a web server", False),
    ],
)
def test_what_an_endpoint_makes_up_is_told_by_name_and_look(
    member: str, text: str, expected: bool
) -> None:
    assert is_identifier(member, text) is expected


@pytest.mark.parametrize("text", ["2026-11-23T04:59:00.672697Z", "2026-11-23", "Mon, 23 Nov 2026 04:59:00 GMT"])  # fmt: skip
def test_times_are_told(text: str) -> None:
    assert is_time(text)
    assert not is_time(f"x{text}")
