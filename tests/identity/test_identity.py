"""Identities as JSON and from the settings."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail import codec
from apitrail.errors import FormatError, UsageError
from apitrail.identity import Binding, Identity, Issuer, Known, Principal, Session

T = 1_700_000_000_000
ALICE = "arn:aws:iam::123456789012:user/alice"

# --- settings


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"AKIA1": {}}, "neither arn nor account"),
        ({"AKIA1": "arn"}, "not a table"),
        ({"AKIA1": {"arn": "arn:aws:s3:::b"}}, "names no principal"),
        ({"AKIA1": {"arn": ALICE, "account": "999999999999"}}, "is not the ARN's"),
        ({"AKIA1": {"account": "12"}}, "not twelve digits"),
        ({"AKIA1": {"account": 123456789012}}, "not a text"),
        ({"AKIA1": {"arn": ALICE, "name": "x"}}, "unknown field 'name'"),
        ({"a b": {"arn": ALICE}}, "not an access key id"),
    ],
)
def test_malformed_settings_are_refused_with_a_hint(entries, message):
    with pytest.raises(UsageError, match=message) as caught:
        Known.configured(entries)
    assert caught.value.hint


# --- values


TEXTS = st.text(max_size=8)
MAYBE = st.none() | TEXTS
PRINCIPALS = st.builds(Principal, arn=MAYBE, access_key_id=MAYBE, principal_id=MAYBE)
SESSIONS = st.builds(
    Session,
    issuer=st.none() | st.builds(Issuer, type=TEXTS, arn=MAYBE, account=MAYBE, user_name=MAYBE),
    created=st.none() | st.integers(0, 2**48),
    mfa=st.none() | st.booleans(),
    source_identity=MAYBE,
    federated_provider=MAYBE,
    federation=st.lists(st.tuples(TEXTS, TEXTS)).map(tuple),
    assumed_root=st.booleans(),
    scope=MAYBE,
)
IDENTITIES = st.builds(
    Identity,
    type=MAYBE,
    access_key_id=MAYBE,
    arn=MAYBE,
    session=st.none() | SESSIONS,
    assumed_by=st.lists(PRINCIPALS, max_size=3).map(tuple),
    known=st.sampled_from([None, "learned", "configured", "decoded", "claimed"]),
    signature=st.sampled_from([None, "verified", "invalid", "unverifiable"]),
    expired=st.booleans(),
    doubts=st.lists(TEXTS).map(tuple),
)
BINDINGS = st.builds(
    Binding,
    access_key_id=MAYBE,
    identity=IDENTITIES,
    learned_at=st.integers(0, 2**48),
    expires_at=st.none() | st.integers(0, 2**48),
    source=TEXTS,
)


@given(BINDINGS)
def test_json_and_back(value):
    assert Binding.parse(json.loads(json.dumps(codec.encode(value)))) == value


@pytest.mark.parametrize(
    "data",
    [
        None, [], {"identity": {}, "learned_at": T}, {"learned_at": T, "source": "s"},
        {"identity": {}, "learned_at": -1, "source": "s"},
        {"identity": {}, "learned_at": True, "source": "s"},
        {"identity": {}, "learned_at": T, "source": "s", "more": 1},
        {"identity": {}, "learned_at": T, "source": "s", "expires_at": None},
        {"identity": {"expired": False}, "learned_at": T, "source": "s"},
        {"identity": {"known": "guessed"}, "learned_at": T, "source": "s"},
        {"identity": {"arn": 1}, "learned_at": T, "source": "s"},
        {"identity": {"assumed_by": "x"}, "learned_at": T, "source": "s"},
        {"identity": {"session": {"federation": [["a"]]}}, "learned_at": T, "source": "s"},
        {"identity": {"session": {"mfa": "true"}}, "learned_at": T, "source": "s"},
    ],
)  # fmt: skip
def test_anything_else_is_refused(data):
    with pytest.raises(FormatError, match=r".+"):
        Binding.parse(data)
