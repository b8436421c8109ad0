"""The principal that an ARN names."""

from __future__ import annotations

import pytest

from apitrail.identity.principal_arn import principal

IAM, STS = "arn:aws:iam::123456789012:", "arn:aws:sts::123456789012:"


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        (f"{IAM}root", "Root", None),
        (f"{IAM}user/bob", "IAMUser", "bob"),
        (f"{IAM}user/people/deep/bob", "IAMUser", "bob"),
        (f"{STS}user/bob", "IAMUser", "bob"),
        (f"{IAM}role/ops/Deploy", "Role", "Deploy"),
        (f"{STS}federated-user/guest", "FederatedUser", None),
        (f"{STS}assumed-role/Deploy/ci", "AssumedRole", None),
        ("arn:aws-cn:iam::123456789012:user/bob", "IAMUser", "bob"),
    ],
)
def test_each_form_names_one(arn, kind, name):
    found = principal(arn)
    assert found is not None
    assert (found.arn, found.type, found.user_name) == (arn, kind, name)
    assert found.account == "123456789012"


def test_a_session_is_of_its_role_whose_path_is_not_made_up():
    found = principal(f"{STS}assumed-role/Deploy/ci")
    assert found is not None
    assert found.session is not None
    issuer = found.session.issuer
    assert issuer is not None
    assert (issuer.type, issuer.user_name, issuer.arn) == ("Role", "Deploy", None)


@pytest.mark.parametrize(
    "arn",
    [None, "", "bob", f"{IAM}user/", f"{IAM}group/ops", f"{STS}assumed-role/Deploy",
     f"{STS}assumed-role/Deploy/", f"{STS}role/Deploy", "arn:aws:iam::aws:policy/Admin",
     "arn:aws:iam:eu-west-1:123456789012:user/bob", "arn:aws:s3:::bucket"],
)  # fmt: skip
def test_what_names_no_principal(arn):
    assert principal(arn) is None
