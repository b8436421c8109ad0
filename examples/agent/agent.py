"""An agent that keeps notes in DynamoDB. A list of steps stands where a language model would.

It knows nothing of apitrail: it calls AWS with boto3, reads why a call was refused, and does what the
message says. `story.py` runs it through a recorder with a guard.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import boto3
from botocore.exceptions import ClientError

PATIENCE = 120
"""Seconds that it waits for a person."""

REGION = os.environ.get("AWS_DEFAULT_REGION", "eu-west-1")


def say(text: str) -> None:
    """A thought, as one line."""
    print(f"agent: {text}", flush=True)


def refusal(call: Callable[[], object]) -> str | None:
    """Make a call; why it was refused, None where it was not."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return None


def insist(call: Callable[[], object]) -> None:
    """Make a call that a person must approve: ask for it, and repeat it until it passes."""
    asked = None
    until = time.monotonic() + PATIENCE
    while (why := refusal(call)) is not None:
        ticket = re.search(r"approval pending, ticket (\w+)", why)
        if ticket is None or time.monotonic() > until:
            raise SystemExit(f"agent: I give up: {why}")
        if asked is None:
            say(f"I need somebody to approve ticket {ticket[1]}: {why.partition(': ')[2]}")
            asked = ticket[1]
        time.sleep(0.5)


def main() -> None:
    """The task: begin a new book of notes."""
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    boto3.client("sts", region_name=REGION).get_caller_identity()

    say("the old notes are in the way, I delete their table")
    why = refusal(lambda: dynamodb.delete_table(TableName="old-notes"))
    if why is not None:
        say(f"I must not: {why}")

    say("then I make a table beside it")
    insist(
        lambda: dynamodb.create_table(
            TableName="notes", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    )  # fmt: skip

    say("it was approved, I write my notes")
    for number in range(1, 7):
        item = {"id": {"S": str(number)}}
        why = refusal(lambda item=item: dynamodb.put_item(TableName="notes", Item=item))
        if why is not None:
            say(f"note {number} is one too many: {why}")
    say("done")


if __name__ == "__main__":
    main()
