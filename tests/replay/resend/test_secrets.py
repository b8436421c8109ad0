"""The file of secrets: written as a template, read filled in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.replay.resend import secrets
from apitrail.replay.resend.identifiers import Identifiers
from apitrail.replay.resend.plan import Plan
from studio import recorded

ONE, TWO = (f"redacted:hmac-sha256:a5663de7:{letter * 43}:9" for letter in "ab")


def test_the_template_lists_each_once_and_what_answers_give_not_at_all() -> None:
    calls = [
        recorded(service="iam", operation="CreateLoginProfile", parameters={"Password": ONE}),
        recorded(service="x", operation="Y", parameters={"A": [{"B": f"pre {ONE}"}]}, result={"Key": TWO}),
        recorded(service="x", operation="Y", parameters={"A": TWO}),
    ]  # fmt: skip
    assert list(secrets.template(calls)) == [
        "# Values as boto3 takes them; bytes as base64:… or file:PATH.",
        "# A call whose values stay empty is skipped.",
        "",
        "# iam:CreateLoginProfile Password, 9 bytes",
        f'"{ONE}" = ""',
    ]


@pytest.mark.parametrize("key", [ONE, "a" * 43])
def test_values_are_found_by_the_whole_text_or_its_digest(tmp_path: Path, key: str) -> None:
    (tmp_path / "toml").write_text(f'"{key}" = \'pass"word\'\n"{TWO}" = ""\n')
    (tmp_path / "json").write_text(json.dumps({key: 'pass"word', TWO: ""}))
    for name in ("toml", "json"):
        assert secrets.resolved(secrets.load(tmp_path / name), {ONE, TWO}) == {ONE: 'pass"word'}


def test_bytes_are_base64_or_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(b"PK\xff")
    (tmp_path / "secrets").write_text(json.dumps({ONE: "base64:AP8=", TWO: "file:code.zip"}))
    assert secrets.load(tmp_path / "secrets") == {ONE: b"\0\xff", TWO: b"PK\xff"}


@pytest.mark.parametrize("value", ["base64:?", "file:nowhere"])
def test_bytes_that_are_not_there_are_said(tmp_path: Path, value: str) -> None:
    (tmp_path / "secrets").write_text(json.dumps({ONE: value}))
    with pytest.raises(UsageError, match="a secret cannot be read"):
        secrets.load(tmp_path / "secrets")


@pytest.mark.parametrize("text", ["nonsense", "a = 5", '{"a": []}', "[]", None])
def test_another_file_is_refused_with_a_hint(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "file").write_text(text)
    with pytest.raises(UsageError) as refused:
        secrets.load(tmp_path / "file")
    assert "--list-redactions" in str(refused.value.hint)


def test_a_secret_of_no_bytes_needs_no_value() -> None:
    empty = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:0"
    call = recorded(
        service="ssm", operation="PutParameter", parameters={"Name": "/n", "Value": empty}
    )
    assert list(secrets.wanted([call])) == []
    assert Plan(identifiers=Identifiers()).outgoing(call).parameters == {"Name": "/n", "Value": ""}
