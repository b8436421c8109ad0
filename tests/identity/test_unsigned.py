"""Who calls without a signature."""

import base64
import json

import pytest

from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.identity import Known, Principal
from callers import (
    ACCOUNT,
    T,
    assume,
    key,
    sts,
)


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
