"""Who a caller is: what calls teach, how it is told, and a story of a chained role."""

import json

import pytest

from apitrail import codec
from apitrail.aws.call import Call
from apitrail.identity import Binding, Known, Principal
from callers import (
    ACCOUNT,
    ADMIN_KEY,
    ALICE,
    BOB,
    HOUR,
    T,
    assume,
    binding,
    credentials,
    iam,
    key,
    known,
    sts,
    who_am_i,
)


def test_a_chain_of_roles_names_every_true_principal():
    """Alice makes a key for Bob, Bob assumes a role, the role another in a second account."""
    story = [
        (ADMIN_KEY, who_am_i()),
        (ADMIN_KEY, iam("CreateUser", {"UserName": "bob", "Path": "/people/"}, {
            "User": {"UserName": "bob", "UserId": "AIDABOB", "Arn": BOB}})),
        (ADMIN_KEY, iam("CreateAccessKey", {"UserName": "bob"}, {
            "AccessKey": {"UserName": "bob", "AccessKeyId": "AKIABOB"}})),
        ("AKIABOB", assume(f"arn:aws:iam::{ACCOUNT}:role/ops/Deploy", "ci", "ASIA1", "AROA1",
                           SerialNumber="mfa", SourceIdentity="bob@example")),
        ("ASIA1", assume("arn:aws:iam::999999999999:role/Target", "hop", "ASIA2", "AROA2")),
        ("ASIA2", Call(service="s3", operation="DeleteBucket", parameters={}, result={})),
    ]  # fmt: skip
    state, seen = Known(), []
    for access_key_id, call in story:
        identity, bindings = state.attribute(key(access_key_id), call, at=T)
        seen.append(identity)
        for each in bindings:
            assert Binding.parse(json.loads(json.dumps(codec.encode(each)))) == each

    assert [who.arn for who in seen] == [
        ALICE, ALICE, ALICE, BOB,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/ci",
        "arn:aws:sts::999999999999:assumed-role/Target/hop",
    ]  # fmt: skip
    assert {who.known for who in seen} == {"learned"}
    assert [link.arn for link in seen[-1].assumed_by] == [seen[-2].arn, BOB]
    assert [link.access_key_id for link in seen[-1].assumed_by] == ["ASIA1", "AKIABOB"]
    assert seen[-1].user_identity() == {
        "type": "AssumedRole",
        "principalId": "AROA2:hop",
        "arn": "arn:aws:sts::999999999999:assumed-role/Target/hop",
        "accountId": "999999999999",
        "accessKeyId": "ASIA2",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROA2",
                "arn": "arn:aws:iam::999999999999:role/Target",
                "accountId": "999999999999",
                "userName": "Target",
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2023-11-14T22:13:20Z", "mfaAuthenticated": "false"},
            "sourceIdentity": "bob@example",
        },
    }
    assert seen[-2].session.mfa is True


def test_a_session_token_is_the_same_user_even_when_named_later():
    state = Known()
    call = sts("GetSessionToken", {"SerialNumber": "m"}, {"Credentials": credentials("ASIA1")})
    state.attribute(key(ADMIN_KEY), call, at=T)
    assert state.identify(key("ASIA1"), at=T).arn is None
    state.attribute(key(ADMIN_KEY), who_am_i(), at=T)
    who = state.identify(key("ASIA1"), at=T)
    assert (who.arn, who.type, who.session.mfa) == (ALICE, "IAMUser", True)
    assert who.access_key_id == "ASIA1"


def test_learned_wins_over_configured_over_decoded_over_claimed():
    state = Known.configured({"AKIA1": {"arn": ALICE}})
    assert state.identify(key("AKIA1"), at=T).known == "configured"
    assert state.identify(key("AKIA1"), at=T).arn == ALICE
    state.add(binding("AKIA1", type="IAMUser", arn=BOB, account=ACCOUNT))
    assert (state.identify(key("AKIA1"), at=T).arn) == BOB
    assert state.identify(key("AKIA1"), at=T).known == "learned"
    decoded = state.identify(key(ADMIN_KEY), at=T)
    assert (decoded.known, decoded.account) == ("decoded", ACCOUNT)


@pytest.mark.parametrize("old", ["test", "AKIAIOSFODNN7EXAMPLE", "foo", "x" * 200])
def test_nothing_is_made_up_for_keys_that_say_nothing(old):
    who = Known().identify(key(old), at=T)
    assert (who.known, who.account, who.type, who.arn) == ("claimed", None, None, None)
    assert who.user_identity() == {"type": "Unknown", "accessKeyId": old}


def test_localstacks_test_key_has_an_account_only_by_settings():
    who = Known.configured({"test": {"account": "000000000000"}}).identify(key("test"), at=T)
    assert (who.known, who.account) == ("configured", "000000000000")


def test_an_expired_binding_still_tells_who_it_was():
    state = known(binding("ASIA1", arn=ALICE, expires_at=T + HOUR))
    assert not state.identify(key("ASIA1"), at=T + HOUR).expired
    late = state.identify(key("ASIA1"), at=T + HOUR + 1)
    assert (late.arn, late.expired) == (ALICE, True)


def test_a_key_never_changes_its_account():
    state = known(binding("AKIA1", account=ACCOUNT, user_name="bob"))
    [doubt] = state.add(binding("AKIA1", account="999999999999", source="iam:ListAccessKeys"))
    assert "account 999999999999" in doubt
    who = state.identify(key("AKIA1"), at=T)
    assert (who.account, who.doubts) == (ACCOUNT, (doubt,))


def test_awss_own_answer_stays_and_replaces():
    told = binding("AKIA1", source="sts:GetCallerIdentity", arn=ALICE, account=ACCOUNT)
    other = binding("AKIA1", arn=BOB, account=ACCOUNT)
    state = known(told)
    assert len(state.add(other)) == 1
    assert state.identify(key("AKIA1"), at=T).arn == ALICE
    state = known(other)
    assert len(state.add(told)) == 1
    assert state.identify(key("AKIA1"), at=T).arn == ALICE


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [("account", ACCOUNT, "999999999999"), ("arn", ALICE, BOB), ("user_name", "alice", "bob")],
)
def test_of_two_answers_of_aws_that_contradict_each_other_the_first_stays(field, one, other):
    first = binding("AKIA1", source="sts:GetCallerIdentity", **{field: one})
    second = binding("AKIA1", source="sts:GetCallerIdentity", **{field: other})
    state = known(first)
    [doubt] = state.add(second)
    who = state.identify(key("AKIA1"), at=T)
    assert (getattr(who, field), who.doubts) == (one, (doubt,))
    # Nor does the first one come back as news: both contradict what was said before them.
    assert state.add(first) == ()


def test_a_user_that_aws_names_anew_has_the_new_name():
    state = known(
        binding("AKIA1", source="sts:GetCallerIdentity", arn=ALICE, principal_id="AIDA1"),
        binding("AKIA1", source="sts:GetCallerIdentity", arn=BOB, principal_id="AIDA1"),
    )
    who = state.identify(key("AKIA1"), at=T)
    assert (who.arn, who.doubts) == (BOB, ())


def test_the_same_key_twice_fills_the_gaps():
    state = known(
        binding("AKIA1", account=ACCOUNT, type="IAMUser", user_name="alice"),
        binding("AKIA1", source="sts:GetCallerIdentity", arn=ALICE, account=ACCOUNT,
                principal_id="AIDA1"),
    )  # fmt: skip
    who = state.identify(key("AKIA1"), at=T)
    assert (who.user_name, who.arn, who.principal_id, who.doubts) == ("alice", ALICE, "AIDA1", ())


def test_a_renamed_user_is_no_contradiction():
    state = known(binding("AKIA1", arn=ALICE, principal_id="AIDA1"))
    renamed = binding("AKIA1", source="sts:GetCallerIdentity", arn=BOB, principal_id="AIDA1")
    assert state.add(renamed) == ()
    assert state.identify(key("AKIA1"), at=T).arn == BOB


def test_memory_is_bounded_and_temporary_keys_go_first():
    state = Known(limit=10)
    state.add(binding("AKIA1", arn=ALICE))
    for n in range(50):
        state.add(binding(f"ASIA{n}", arn=BOB, expires_at=T))
        state.identify(key("ASIA0"), at=T)
    assert len(state) == 10
    assert state.identify(key("AKIA1"), at=T).arn == ALICE
    assert state.identify(key("ASIA0"), at=T).arn == BOB
    assert state.identify(key("ASIA1"), at=T).arn is None


def test_a_circle_of_sessions_ends():
    state = known(*(
        binding(one, source="sts:GetSessionToken", assumed_by=(Principal(access_key_id=other),))
        for one, other in (("A", "B"), ("B", "A"))
    ))  # fmt: skip
    assert state.identify(key("A"), at=T).access_key_id == "A"
