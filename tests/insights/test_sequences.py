from __future__ import annotations

import pytest

from apitrail.insights.seen import read
from watched import AFTER, MINUTE, T0, call, record, role, routine, starts


def names(*groups):
    return [each.name for each in starts(*groups) if each.kind == "sequence"]


def reads(number, at=AFTER, gap=1000, **changes):
    return [
        call(at + n * gap, f"DescribeThing{n}", service=f"service{n % 6}", **changes)
        for n in range(number)
    ]


def test_enumeration_is_told_when_it_is_complete():
    [found] = [each for each in starts(routine(9), reads(22)) if each.name == "enumeration"]
    # The routine's own read is one of them.
    assert found.time == AFTER + 20_000
    assert len(found.events) == 22


def test_enumeration_by_one_who_always_does_so_is_usual():
    usual = [each for hour in range(150) for each in reads(22, T0 + hour * 60 * MINUTE + 7000)]
    assert "enumeration" not in names(usual, reads(30))[1:]


def test_slow_reading_is_no_enumeration():
    assert "enumeration" not in names(routine(9), reads(22, gap=2 * MINUTE))


def test_a_secret_from_a_new_network():
    secret = call(
        AFTER, "GetSecretValue", service="secretsmanager", sourceIPAddress="185.1.1.1",
        requestParameters={"secretId": "s"},
    )  # fmt: skip
    assert "secret-from-new-network" in names(routine(9), [secret])


def test_a_caller_that_runs_somewhere_else_may_read_its_secret():
    about = {"requestParameters": {"secretId": "s"}}
    usual = [call(T0 + n * 60 * MINUTE, "GetSecretValue", **about) for n in range(180)]
    moved = {"sourceIPAddress": "185.1.1.1", **about}
    there = [call(AFTER, "GetSecretValue", userIdentity=role("app", "s2", "ASIA2"), **moved)]
    assert "secret-from-new-network" not in names(routine(9), usual, there)
    # The same temporary key from two places is another matter.
    stolen = [call(AFTER, "GetSecretValue", **moved)]
    assert "secret-from-new-network" in names(routine(9), usual, stolen)


def test_a_secret_from_the_usual_network_is_quiet():
    secret = call(AFTER, "GetSecretValue", requestParameters={"secretId": "s"})
    assert not names(routine(9), [secret])


def test_many_new_secrets():
    secrets = [
        call(AFTER + n * 1000, "GetSecretValue", requestParameters={"secretId": f"s{n}"})
        for n in range(5)
    ]
    assert "secrets" in names(routine(9), secrets)
    assert "secrets" not in names(routine(9), secrets[:4])


def test_the_secrets_that_are_read_every_day_are_usual():
    secrets = [
        call(T0 + hour * 60 * MINUTE + n * 1000, "GetSecretValue", requestParameters={"secretId": f"s{n}"})
        for hour in range(200)
        for n in range(8)
    ]  # fmt: skip
    assert names(routine(9), secrets).count("secrets") <= 1


@pytest.mark.parametrize(
    ("number", "changes", "name"),
    [
        (120, {"errorCode": "ThrottlingException"}, "retries"),
        (400, {"requestParameters": {"nextToken": "t"}}, "pagination"),
        (8, {"responseElements": {"ConsoleLogin": "Failure"}}, "failed-logins"),
    ],
)
def test_the_same_again_and_again(number, changes, name):
    operation = "ConsoleLogin" if name == "failed-logins" else "DescribeThings"
    calls = [call(AFTER + n * 100, operation, eventID=str(n), **changes) for n in range(number)]
    assert name in names(routine(9), calls)
    assert name not in names(routine(9), calls[:-1])


def test_many_refused_operations():
    refused = [call(AFTER + n * 1000, f"ListX{n}", errorCode="AccessDenied") for n in range(7)]
    assert "refusals" in names(routine(9), refused)


def test_one_key_of_two_runs_at_once():
    def runs(*numbers, gap=1):
        return [read(record(AFTER + n * gap, "X"), run=f"run-{i}") for n, i in enumerate(numbers)]

    assert "one-key-two-runs" in names(routine(9), runs(0, 1, 0))
    assert "one-key-two-runs" not in names(routine(9), runs(0, 0, 1, 1))
    assert "one-key-two-runs" not in names(routine(9), runs(0, 1, 0, gap=20 * MINUTE))


def test_a_new_caller_is_measured_by_what_others_do():
    usual = [each for hour in range(150) for each in reads(40, T0 + hour * 60 * MINUTE + 7000)]
    new = reads(28, userIdentity=role("newcomer"))
    found = [each for each in starts(usual, new) if each.name == "enumeration"]
    assert not [each for each in found if each.caller.endswith("newcomer")]
