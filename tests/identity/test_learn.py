"""What a call teaches of keys, and who holds them."""

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from apitrail import codec
from apitrail.aws.call import Call, Error, Redacted
from apitrail.identity import Binding, Identity, Known, Principal, Session, learn
from apitrail.identity.learn import _RULES
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
    when,
    who_am_i,
)

# botocore has no model of it.
MODELLED = [rule for rule in _RULES if rule != ("rolesanywhere", "CreateSession")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Credentials", "AccessKeyId", "Arn", "User", "x"]), inner
        )
    ),
    max_leaves=12,
)


def members(shape):
    return getattr(shape, "members", {})


def at(shape, path):
    for name in path:
        shape = shape.member if name == "*" else members(shape)[name]
    return shape


def model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


@pytest.mark.parametrize(("service", "operation"), MODELLED, ids=map(".".join, MODELLED))
def test_every_rule_points_into_the_model(service, operation):
    shape = model(service).operation_model(operation)
    for rule in _RULES[service, operation]:
        if rule.ends or shape.output_shape is None:
            assert rule.asked
            assert rule.key in members(shape.input_shape)
            continue
        item = at(shape.output_shape, rule.item)
        assert rule.key is None or rule.key in members(shape.input_shape if rule.asked else item)
        assert rule.expires is None or rule.expires in members(item)


def taught(call, caller=None):
    return learn(call, caller or Identity(access_key_id="AKIA0", account=ACCOUNT), at=T)


def test_an_assumed_role_is_bound_until_it_expires():
    [got] = taught(assume(f"arn:aws:iam::{ACCOUNT}:role/R", "s", "ASIA1", "AROA1"))
    assert (got.access_key_id, got.expires_at, got.source) == ("ASIA1", T + HOUR, "sts:AssumeRole")
    assert got.identity.assumed_by == (Principal(access_key_id="AKIA0"),)


def test_a_failed_or_unanswered_call_teaches_nothing():
    call = assume(f"arn:aws:iam::{ACCOUNT}:role/R", "s", "ASIA1", "AROA1")
    assert taught(Call(service="sts", operation="AssumeRole", parameters=call.parameters)) == ()
    refused = Call(service="sts", operation="AssumeRole", result=call.result, error=Error(code="x"))
    assert taught(refused) == ()


def test_a_redacted_key_teaches_nothing():
    call = iam("CreateAccessKey", {}, {"AccessKey": {
        "AccessKeyId": Redacted("redacted:x"), "UserName": "u"}})  # fmt: skip
    assert taught(call) == ()


def test_get_caller_identity_binds_its_own_key():
    [got] = taught(who_am_i())
    assert (got.access_key_id, got.authoritative) == ("AKIA0", True)
    assert (got.identity.type, got.identity.user_name) == ("IAMUser", "alice")


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "Root"),
        (f"arn:aws-cn:iam::{ACCOUNT}:user/a/b/n", "IAMUser"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/n", "FederatedUser"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s", "AssumedRole"),
        ("something else", None),
    ],
)
def test_the_type_follows_the_arn(arn, kind):
    [got] = taught(who_am_i(arn))
    assert (got.identity.type, got.identity.arn) == (kind, arn)


def test_another_answer_does_not_inherit_the_session():
    caller = Identity(arn=ALICE, account=ACCOUNT, access_key_id="AKIA0", session=Session(scope="x"))
    [got] = taught(who_am_i(BOB), caller)
    assert got.identity.session is None


def test_a_role_session_keeps_its_issuer_when_it_asks_who_it_is():
    state = Known()
    state.attribute(
        key("AKIA0"), assume(f"arn:aws:iam::{ACCOUNT}:role/p/R", "s", "ASIA1", "AROA1"), at=T
    )
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s"
    who, _ = state.attribute(key("ASIA1"), who_am_i(arn, "AROA1:s"), at=T)
    assert who.session.issuer.arn == f"arn:aws:iam::{ACCOUNT}:role/p/R"
    assert who.doubts == ()


def test_a_chain_keeps_its_nearest_links():
    links = tuple(Principal(access_key_id=f"ASIA{n}") for n in range(40))
    call = assume(f"arn:aws:iam::{ACCOUNT}:role/R", "s", "ASIA9", "AROA1")
    [got] = taught(call, Identity(access_key_id="AKIA0", assumed_by=links))
    assert len(got.identity.assumed_by) == 16
    assert got.identity.assumed_by[:2] == (Principal(access_key_id="AKIA0"), links[0])


def test_a_role_path_is_not_made_up():
    [got] = taught(who_am_i(f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s", "AROA1:s"))
    assert got.identity.session.issuer.arn is None
    state = known(got, *taught(iam("GetRole", {"RoleName": "R"}, {"Role": {
        "RoleName": "R", "RoleId": "AROA1", "Arn": f"arn:aws:iam::{ACCOUNT}:role/p/R"}})))  # fmt: skip
    issuer = state.identify(key("AKIA0"), at=T).session.issuer
    assert (issuer.arn, issuer.principal_id) == (f"arn:aws:iam::{ACCOUNT}:role/p/R", "AROA1")


def test_a_federated_user_names_the_user_that_lent_it():
    state = Known()
    state.attribute(key(ADMIN_KEY), who_am_i(), at=T)
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    call = sts("GetFederationToken", {"Name": "guest"}, {
        "Credentials": credentials("ASIA1"),
        "FederatedUser": {"Arn": arn, "FederatedUserId": f"{ACCOUNT}:guest"}})  # fmt: skip
    state.attribute(key(ADMIN_KEY), call, at=T)
    rendered = state.identify(key("ASIA1"), at=T).user_identity()
    assert rendered["type"] == "FederatedUser"
    assert rendered["principalId"] == f"{ACCOUNT}:guest"
    issuer = rendered["sessionContext"]["sessionIssuer"]
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("IAMUser", ALICE, "alice")


def test_assume_root_is_the_members_root():
    [got] = taught(sts("AssumeRoot", {"TargetPrincipal": "999999999999",
        "TaskPolicyArn": {"arn": "arn:p"}}, {"Credentials": credentials("ASIA1")}))  # fmt: skip
    rendered = got.identity.user_identity()
    assert (rendered["type"], rendered["accountId"]) == ("Root", "999999999999")
    assert rendered["sessionContext"]["assumedRoot"] == "true"


def test_keys_are_listed_for_their_users():
    rows = [{"AccessKeyId": f"AKIA{n}", "UserName": "bob"} for n in range(3)]
    got = taught(iam("ListAccessKeys", {}, {"AccessKeyMetadata": rows}))
    assert [each.access_key_id for each in got] == ["AKIA0", "AKIA1", "AKIA2"]
    assert {(each.identity.user_name, each.identity.account) for each in got} == {("bob", ACCOUNT)}


def test_a_deleted_key_has_ended():
    state = known(binding("AKIA1", type="IAMUser", account=ACCOUNT, user_name="bob"))
    call = iam("DeleteAccessKey", {"AccessKeyId": "AKIA1", "UserName": "bob"}, {})
    state.attribute(key("AKIA0"), call, at=T)
    who = state.identify(key("AKIA1"), at=T + 1)
    assert (who.user_name, who.expired) == ("bob", True)


def test_get_user_without_a_name_tells_who_signed():
    user = {"UserName": "alice", "UserId": "AIDAALICE", "Arn": ALICE}
    assert {each.access_key_id for each in taught(iam("GetUser", {}, {"User": user}))} == {
        None,
        "AKIA0",
    }
    assert {
        e.access_key_id for e in taught(iam("GetUser", {"UserName": "alice"}, {"User": user}))
    } == {None}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "result", "want"),
    [
        ("sso", "GetRoleCredentials", {"accountId": ACCOUNT, "roleName": "Admin"},
         {"roleCredentials": {"accessKeyId": "ASIA1", "expiration": T + HOUR}},
         {"type": "AssumedRole", "account": ACCOUNT, "scope": "permission set Admin"}),
        ("cognito-identity", "GetCredentialsForIdentity", {"IdentityId": "r:1"},
         {"IdentityId": "r:1", "Credentials": credentials("ASIA1")},
         {"type": "AssumedRole", "federation": (("cognito-identity.amazonaws.com:sub", "r:1"),)}),
        ("eks-auth", "AssumeRoleForPodIdentity", {"clusterName": "c"},
         {"credentials": {"accessKeyId": "ASIA1", "expiration": when(T + HOUR)},
          "subject": {"namespace": "n", "serviceAccount": "s"},
          "assumedRoleUser": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/R/x",
                              "assumeRoleId": "AROA1:x"}},
         {"type": "AssumedRole", "principal_id": "AROA1:x", "scope": "c/n/s"}),
        ("s3", "CreateSession", {"Bucket": "b"}, {"Credentials": credentials("ASIA1")},
         {"scope": "b"}),
        ("s3control", "GetDataAccess", {"AccountId": ACCOUNT},
         {"Credentials": credentials("ASIA1"), "MatchedGrantTarget": "s3://b/*"},
         {"account": ACCOUNT, "scope": "s3://b/*"}),
        ("lakeformation", "GetTemporaryGlueTableCredentials", {"TableArn": "arn:t"},
         credentials("ASIA1"), {"scope": "arn:t", "account": None}),
        ("account-access-runtime", "GetRoleCredentials",
         {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/p/R", "sessionName": "s"},
         {"credentialsDetails": {"programmaticAccess": {
             "accessKeyId": "ASIA1", "expiresAt": when(T + HOUR)}}},
         {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s"}),
    ],
)  # fmt: skip
def test_other_lenders_of_keys(service, operation, parameters, result, want):
    call = Call(service=service, operation=operation, parameters=parameters, result=result)
    [got] = taught(call)
    assert (got.access_key_id, got.expires_at) == ("ASIA1", T + HOUR)
    assert got.identity.assumed_by == (Principal(access_key_id="AKIA0"),)
    for name, value in want.items():
        holder = got.identity.session if name in ("scope", "federation") else got.identity
        assert getattr(holder, name) == value


@given(rule=st.sampled_from(sorted(_RULES)), parameters=JSON, result=JSON)
def test_odd_answers_teach_without_failing(rule, parameters, result):
    service, operation = rule
    call = Call(
        service=service,
        operation=operation,
        parameters=parameters if isinstance(parameters, dict) else {"Credentials": parameters},
        result=result if isinstance(result, dict) else {"Credentials": result},
    )
    state = Known()
    _, bindings = state.attribute(key("AKIA0"), call, at=T)
    for each in bindings:
        assert Binding.parse(codec.encode(each)) == each
