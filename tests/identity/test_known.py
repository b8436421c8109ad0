"""Who a caller is: what calls teach, how it is told, and a story of a chained role."""

import base64
import json
from datetime import UTC, datetime

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from hypothesis import given
from hypothesis import strategies as st

from apitrail import codec
from apitrail.aws.call import Call, Error, Redacted
from apitrail.aws.sign.credential import Credential
from apitrail.identity import Binding, Identity, Known, Principal, Session, learn
from apitrail.identity.learn import _RULES

T = 1_700_000_000_000
HOUR = 3_600_000
ACCOUNT = "123456789012"
ADMIN_KEY = "AKIARZPUZDIKGB2VALC4"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/people/bob"


def when(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def key(access_key_id):
    return Credential(scheme="sigv4", access_key_id=access_key_id)


def credentials(access_key_id, until=T + HOUR):
    return {"AccessKeyId": access_key_id, "Expiration": when(until)}


def sts(operation, parameters=None, result=None):
    return Call(service="sts", operation=operation, parameters=parameters or {}, result=result)


def iam(operation, parameters, result):
    return Call(service="iam", operation=operation, parameters=parameters, result=result)


def who_am_i(arn=ALICE, user_id="AIDAALICE", account=ACCOUNT):
    return sts("GetCallerIdentity", {}, {"Arn": arn, "UserId": user_id, "Account": account})


def assume(role, session, access_key_id, unique_id, **asked):
    account, name = role.split(":")[4], role.rpartition("/")[2]
    return sts(
        "AssumeRole",
        {"RoleArn": role, "RoleSessionName": session, **asked},
        {
            "Credentials": credentials(access_key_id),
            "AssumedRoleUser": {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
                "AssumedRoleId": f"{unique_id}:{session}",
            },
        },
    )


def known(*bindings):
    found = Known()
    found.add(*bindings)
    return found


def binding(access_key_id="AKIA1", *, source="iam:CreateAccessKey", expires_at=None, **fields):
    return Binding(
        access_key_id=access_key_id,
        identity=Identity(known="learned", **fields),
        learned_at=T,
        expires_at=expires_at,
        source=source,
    )


# --- the story


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


# --- the table against the models


def members(shape):
    return getattr(shape, "members", {})


def at(shape, path):
    for name in path:
        shape = shape.member if name == "*" else members(shape)[name]
    return shape


def model(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


# botocore has no model of it.
MODELLED = [rule for rule in _RULES if rule != ("rolesanywhere", "CreateSession")]


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


# --- what calls teach


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


def test_a_role_session_keeps_its_issuer_when_it_asks_who_it_is():
    state = Known()
    state.attribute(
        key("AKIA0"), assume(f"arn:aws:iam::{ACCOUNT}:role/p/R", "s", "ASIA1", "AROA1"), at=T
    )
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/R/s"
    who, _ = state.attribute(key("ASIA1"), who_am_i(arn, "AROA1:s"), at=T)
    assert who.session.issuer.arn == f"arn:aws:iam::{ACCOUNT}:role/p/R"
    assert who.doubts == ()


def test_another_answer_does_not_inherit_the_session():
    caller = Identity(arn=ALICE, account=ACCOUNT, access_key_id="AKIA0", session=Session(scope="x"))
    [got] = taught(who_am_i(BOB), caller)
    assert got.identity.session is None


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


def test_a_session_token_is_the_same_user_even_when_named_later():
    state = Known()
    call = sts("GetSessionToken", {"SerialNumber": "m"}, {"Credentials": credentials("ASIA1")})
    state.attribute(key(ADMIN_KEY), call, at=T)
    assert state.identify(key("ASIA1"), at=T).arn is None
    state.attribute(key(ADMIN_KEY), who_am_i(), at=T)
    who = state.identify(key("ASIA1"), at=T)
    assert (who.arn, who.type, who.session.mfa) == (ALICE, "IAMUser", True)
    assert who.access_key_id == "ASIA1"


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


# --- how it is known


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


# --- without a key


def jwt(**claims):
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=")
             for each in ({"alg": "none"}, claims))  # fmt: skip
    return ".".join((*parts, "c2ln"))


def test_a_web_identity_is_claimed_by_its_token_until_aws_accepts_it():
    asked = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/R",
             "WebIdentityToken": jwt(iss="https://idp.example", aud="app", sub="user-1")}  # fmt: skip
    call = sts("AssumeRoleWithWebIdentity", asked)
    who = Known().identify(Credential(scheme="none"), at=T, call=call)
    assert who.known == "claimed"
    assert who.user_identity() == {
        "type": "WebIdentityUser",
        "principalId": "idp.example:app:user-1",
        "userName": "user-1",
        "identityProvider": "idp.example",
    }
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/idp.example"
    answer = assume(asked["RoleArn"], "s", "ASIA1", "AROA1").result | {
        "SubjectFromWebIdentityToken": "user-1", "Provider": provider, "Audience": "app"}  # fmt: skip
    state = Known()
    who, _ = state.attribute(
        Credential(scheme="none"), sts("AssumeRoleWithWebIdentity", asked, answer), at=T
    )
    assert (who.known, who.principal_id) == ("learned", "idp.example:app:user-1")
    session = state.identify(key("ASIA1"), at=T)
    assert session.assumed_by == (Principal(principal_id="idp.example:app:user-1"),)
    federation = session.user_identity()["sessionContext"]["webIdFederationData"]
    assert federation == {"federatedProvider": provider, "attributes": {}}


@pytest.mark.parametrize("token", ["", "a.b.c", "x", "..", "a.e30.c", 7, None, "a.W10.c"])
def test_odd_tokens_claim_nothing(token):
    call = sts("AssumeRoleWithWebIdentity", {"WebIdentityToken": token})
    who = Known().identify(Credential(scheme="none"), at=T, call=call)
    assert (who.type, who.principal_id) == ("WebIdentityUser", None)


def test_a_saml_user_is_named_by_the_answer():
    call = sts("AssumeRoleWithSAML", {"PrincipalArn": "arn:p"}, {
        "Subject": "alice", "NameQualifier": "q="})  # fmt: skip
    rendered = Known().identify(Credential(scheme="none"), at=T, call=call).user_identity()
    assert rendered == {"type": "SAMLUser", "principalId": "q=:alice", "userName": "alice",
                        "identityProvider": "q="}  # fmt: skip


def test_anonymous_requests():
    nobody = Credential(scheme="none")
    s3 = Known().identify(nobody, at=T, call=Call(service="s3", operation="GetObject"))
    assert s3.user_identity() == {
        "type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}  # fmt: skip
    cognito = Known().identify(nobody, at=T, call=Call(service="cognito-idp", operation="SignUp"))
    assert cognito.user_identity() == {"type": "Unknown", "principalId": "Anonymous"}
    assert Known().identify(nobody, at=T).user_identity() == {"type": "Unknown"}


def test_a_bearer_token_is_only_its_digest():
    credential = Credential(scheme="bearer", bearer_sha256="ab" * 32)
    who = Known().identify(credential, at=T)
    assert (who.known, who.bearer_sha256) == ("claimed", "ab" * 32)
    assert who.user_identity() == {"type": "Unknown"}
