"""An agent that keeps notes in DynamoDB. A list of steps stands where a language model would.

It calls AWS with boto3, and has the tools of `apitrail mcp` as any agent has them: it reads by
`explain_denial` why a call was refused, and asks a person by `request_approval`. `story.py` runs it
through a recorder with a guard.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import ClientError
from mcp import ClientSession, StdioServerParameters, stdio_client

PATIENCE = 6
"""Times that it asks for an approval, and waits for the answer, before it gives up."""

REGION = os.environ.get("AWS_DEFAULT_REGION", "eu-west-1")
# `apitrail exec` says in the environment which run this is; clients hand on only what they are told to.
SERVER = StdioServerParameters(
    command=sys.executable, args=["-m", "apitrail", "mcp"],
    env={name: value for name, value in os.environ.items() if name.startswith("APITRAIL_")},
)  # fmt: skip


def say(text: str) -> None:
    """A thought, as one line."""
    print(f"agent: {text}", flush=True)


def is_refused(call: Callable[[], object]) -> bool:
    """Make a call; was it refused?"""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"].startswith("AccessDenied")
    return False


async def ask(tools: ClientSession, name: str, **arguments: object) -> dict[str, Any]:
    """What a tool answers."""
    answer = await tools.call_tool(name, arguments)
    if answer.is_error:
        raise SystemExit(f"agent: {name} fails: {answer.content[0].text}")
    return answer.structured_content


async def why(tools: ClientSession) -> dict[str, Any]:
    """Why the last call was refused."""
    told = await ask(tools, "explain_denial")
    spent = "".join(f", {key} would be {value}" for key, value in told.get("spent", {}).items())
    say(f"guard {told['guard']!r}, statement {told['statement']}{spent}: {told['next']}")
    return told


async def insist(tools: ClientSession, call: Callable[[], object], reason: str) -> None:
    """Make a call that a person must approve: say why, wait for the answer, and repeat it."""
    if not is_refused(call):
        return
    told = await why(tools)
    for _ in range(PATIENCE):
        answer = await ask(
            tools, "request_approval", reason=reason, event_id=told["call"]["eventID"]
        )
        if answer["state"] == "approved":
            say(f"{answer['decided_by']} approved it: {answer['decision_reason']}")
            if is_refused(call):
                raise SystemExit("agent: it was refused all the same")
            return
        if answer["state"] != "asked":
            break
    raise SystemExit(f"agent: I give up: {answer['next']}")


async def work(tools: ClientSession) -> None:
    """The task: begin a new book of notes."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    boto3.client("sts", region_name=REGION).get_caller_identity()

    say("the old notes are in the way, I delete their table")
    if is_refused(lambda: dynamodb.delete_table(TableName="old-notes")):
        await why(tools)

    say("then I make a table beside it")
    await insist(
        tools,
        lambda: dynamodb.create_table(
            TableName="notes", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ),
        "the old table must stay, and new notes need one",
    )  # fmt: skip

    say("I write my notes")
    for number in range(1, 7):
        item = {"id": {"S": str(number)}}
        if is_refused(lambda item=item: dynamodb.put_item(TableName="notes", Item=item)):
            say(f"note {number} is one too many")
            await why(tools)
    did = await ask(tools, "my_run")
    say(f"done: {did['calls']} calls, {did['failed']} of them refused")


async def main() -> None:
    """Work with the tools at hand."""
    async with stdio_client(SERVER) as streams, ClientSession(*streams) as tools:
        await tools.initialize()
        await work(tools)


if __name__ == "__main__":
    asyncio.run(main())
