"""What a guard costs a call: `python -m benchmarks.guards` prints microseconds of CPU.

Each row is a guard of 200 statements: those of ten services; all about every action, on resources that
no call, or only the last statement, is about; and the same with a condition each. The last rows are what
it takes to find a call's actions, and what `read-only` takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

from apitrail.aws.call import Call
from apitrail.policy.guard import Guard
from apitrail.policy.guard_question import Question
from apitrail.policy.guarding import Around, question
from apitrail.policy.loading import load

STATEMENTS = 200
ROUNDS = 20
SERVICES = ("s3", "ec2", "sqs", "sns", "lambda", "dynamodb", "iam", "kms", "logs", "rds")
AROUND = Around(
    at=0, account="111122223333", arn="arn:aws:iam::111122223333:user/mary",
    region="eu-west-1", source_ip="192.0.2.1",
)  # fmt: skip

type Statement = dict[str, object]


def calls() -> Iterator[Call]:
    """A thousand calls on different objects and tables."""
    for number in range(500):
        key = {"Bucket": f"b{number}", "Key": f"k/{number}"}
        yield Call(service="s3", operation="GetObject", region="eu-west-1", parameters=key)
        table = {"TableName": f"table{number}"}
        yield Call(service="dynamodb", operation="PutItem", region="eu-west-1", parameters=table)


def denied(action: str, resource: str, **others: object) -> Statement:
    """One statement."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **others}


def guards() -> dict[str, list[Statement]]:
    """Statements by what is to be measured."""
    numbers = range(STATEMENTS)
    services = [SERVICES[number % len(SERVICES)] for number in numbers]
    elsewhere = [denied("*", f"arn:aws:s3:::prod{number}/*") for number in numbers]
    address = [
        {"Condition": {"IpAddress": {"aws:SourceIp": f"198.51.100.{number}"}}} for number in numbers
    ]
    return {
        "of ten services": [
            denied(f"{name}:Delete*", f"arn:aws:{name}:*:*:prod{number}*")
            for number, name in enumerate(services)
        ],
        "on other resources": elsewhere,
        "the last one": [*elsewhere[1:], denied("*", "arn:aws:*:k*")],
        "of ten services, a condition each": [
            denied(f"{name}:*", "*", **address[number]) for number, name in enumerate(services)
        ],
    }


def microseconds(work: Callable[[], object], count: int) -> float:
    """CPU of one of `count` pieces of this work."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / count * 1e6


def decided(guard: Guard, asked: list[Question]) -> float:
    """CPU of one decision."""
    for each in asked:
        guard.decide(each)  # compiles what it is asked for

    def work() -> None:
        for _ in range(ROUNDS):
            for each in asked:
                guard.decide(each)

    return microseconds(work, ROUNDS * len(asked))


def main() -> None:
    """Print a line for each guard."""
    made = list(calls())
    asked = [found for each in made if (found := question(each, AROUND)) is not None]
    for name, statements in guards().items():
        guard = Guard.parse(name, json.dumps({"Statement": statements}))
        print(f"{decided(guard, asked):8.1f} µs  {STATEMENTS} statements {name}")
    [read_only] = load(["read-only"], {}).stack
    print(f"{decided(read_only, asked):8.1f} µs  read-only")
    finding = microseconds(lambda: [question(each, AROUND) for each in made], len(made))
    print(f"{finding:8.1f} µs  to find the actions of a call")


if __name__ == "__main__":
    main()
