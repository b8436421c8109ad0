"""Every memory with a limit on the way of a write, so small that each call pushes out the others'."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from apitrail.aws import models
from apitrail.recording.session import Session
from proxying import Peer, calls, dial, kinds, recording, request, upstream

# Host, fields and body of a call to each of some services; `%s` is a name of its own.
SERVICES = {
    "sqs": ([("X-Amz-Target", "AmazonSQS.CreateQueue")], '{"QueueName": "%s"}', "QueueName"),
    "dynamodb": (
        [("X-Amz-Target", "DynamoDB_20120810.DescribeTable")], '{"TableName": "%s"}', "TableName",
    ),
    "iam": ([], "Action=GetUser&Version=2010-05-08&UserName=%s", "UserName"),
    "sns": ([], "Action=CreateTopic&Version=2010-03-31&Name=%s", "Name"),
    "kms": ([("X-Amz-Target", "TrentService.DescribeKey")], '{"KeyId": "%s"}', "KeyId"),
    "sts": ([], "Action=AssumeRole&Version=2011-06-15&RoleArn=arn&RoleSessionName=%s", "RoleSessionName"),
}  # fmt: skip
ROUNDS = 3
CLIENTS = 4


def assumed(key: str) -> bytes:
    """What STS answers, a new key each time: it is learned, and pushes out the one before."""
    body = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/x</Arn>
</AssumedRoleUser><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>""".encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body  # fmt: skip


def test_no_call_fails_and_each_is_told_in_full(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "MOST", 1)
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    keys = iter(range(10_000))

    async def answer(peer: Peer) -> None:
        seen = await peer.message()
        if b"Action=AssumeRole" in seen:
            await peer.send(assumed(f"ASIAIOSFODNN7{next(keys):07}"))
        else:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    async def client(session: Session, number: int) -> None:
        async with dial(session) as peer:
            for round_ in range(ROUNDS):
                for service, (fields, body, _) in SERVICES.items():
                    host = f"{service}.eu-west-1.amazonaws.com"
                    named = (body % f"{service}-{number}-{round_}").encode()
                    await peer.send(request(f"http://{host}/", named, host=host, headers=fields))
                    assert (await peer.message()).startswith(b"HTTP/1.1 200 ")

    async def scenario() -> None:
        async with (
            upstream(answer) as stub,
            recording(tmp_path, upstream=stub.url) as session,
        ):
            session.trail._appender.strings._limit = 1
            session.recorder.known._limit = 1
            await asyncio.gather(*(client(session, number) for number in range(CLIENTS)))
            assert len(session.recorder.known) == 1
            assert len(models._loaded) == 1

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", *["api"] * (len(SERVICES) * ROUNDS * CLIENTS), "close"]
    told = sorted(
        str(event.request.parameters[SERVICES[event.call.service][2]]) for event in calls(tmp_path)
    )
    assert told == sorted(
        f"{service}-{number}-{round_}"
        for service in SERVICES
        for number in range(CLIENTS)
        for round_ in range(ROUNDS)
    )
