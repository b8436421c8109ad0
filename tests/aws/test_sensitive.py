"""Which decoded values the model calls sensitive."""

from __future__ import annotations

import json

from aws.requests import call


def test_sensitive_members_are_named():
    body = json.dumps({"Name": "n", "Value": "hush", "Type": "SecureString"}).encode()

    found = call("POST", "/", ("X-Amz-Target", "AmazonSSM.PutParameter"), body=body, service="ssm")

    assert found.sensitive_parameters == {("Value",)}
