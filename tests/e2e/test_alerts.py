"""A real client, a real webhook: an alert about a call, signed, and without the call's secret."""

from __future__ import annotations

import json
import sys

from apitrail.recording.alerts import webhook_signature
from recording.alerts.receiver import receiving

KEY = "0123456789abcdef0123456789abcdef"
JOB = """
import boto3, os
iam = boto3.client("iam", endpoint_url=os.environ.get("AWS_ENDPOINT_URL"))
iam.create_user(UserName="bob")
print(iam.create_access_key(UserName="bob")["AccessKey"]["SecretAccessKey"])
"""
CONFIG = """
[[alert]]
name = "keys"
rule = "built-in:key-for-another"
webhook = "{url}"
secret_env = "HOOK_KEY"
"""


def test_a_key_for_another_user_is_told_signed_and_without_the_key(machine):
    with receiving() as receiver:
        config = machine.directory / "config" / "config.toml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(CONFIG.format(url=receiver.url))
        done = machine.exec(sys.executable, "-c", JOB, env={"HOOK_KEY": KEY})
    [(headers, body)] = receiver.got
    told = json.loads(body)
    assert told["summary"].startswith("iam:CreateAccessKey by ")
    assert (told["alert"], told["record"]["requestParameters"]) == ("keys", {"userName": "bob"})
    expected = webhook_signature.headers(
        (KEY.encode(),), told["id"], int(headers["webhook-timestamp"]), body
    )
    assert headers["webhook-signature"] == expected["webhook-signature"]
    made = done.stdout.strip()
    everything = body + b"".join(
        path.read_bytes() for path in machine.trail.rglob("*") if path.is_file()
    )
    for secret in (made, KEY, "token-in-the-path"):
        assert secret
        assert secret.encode() not in everything
        assert secret not in done.stderr
    [logged] = machine.apitrail("alert", "log", "--output", "json", env={"HOOK_KEY": KEY}).stdout.splitlines()  # fmt: skip
    assert json.loads(logged)["state"] == "delivered"
