"""What a command's calls and its connections say about it."""

from __future__ import annotations

import pytest

from apitrail.recording.doctor import judge, past
from apitrail.recording.execute import Outcome


def test_connections_to_the_recorder_to_names_and_to_credentials_are_none_past_it() -> None:
    seen = [
        ("127.0.0.1", 8080), ("127.0.0.1", 4566), ("10.0.0.2", 53), ("169.254.169.254", 80),
        ("52.94.1.2", 443), ("2600:1f18::1", 443),
    ]  # fmt: skip
    assert past(seen, {8080}) == ["127.0.0.1:4566", "52.94.1.2:443", "[2600:1f18::1]:443"]


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (["s3cmd", "ls"], "set proxy_host, proxy_port and ca_certs_file in ~/.s3cfg"),
        (["aws", "--endpoint-url", "http://x"], "leave --endpoint-url out"),
        (["mine"], "tell its client to use HTTPS_PROXY"),
    ],
)
def test_who_goes_past_is_told_what_to_do(command: list[str], advice: str) -> None:
    outcome = Outcome(status=0, run="r", calls=0)
    found = judge("x", command, outcome, ["52.94.1.2:443"], known=False)
    assert found.verdict == "BYPASSED"
    assert found.detail.partition("; ")[2].startswith(advice)


def test_recorded_calls_do_not_hide_a_second_way() -> None:
    found = judge("x", ["x"], Outcome(status=0, run="r", calls=2), ["1.1.1.1:443"], known=False)
    assert found.recorded
    assert found.detail == ("x (2 calls; it also connected past the recorder to 1.1.1.1:443)")


def test_what_was_let_through_is_named() -> None:
    name = "oidc.eks.eu-west-1.amazonaws.com"
    outcome = Outcome(status=0, run="r", calls=0, passed=(name,))
    found = judge("kubectl", ["kubectl"], outcome, [], known=False)
    assert found.verdict == "no call"
    assert f"let through as no AWS API: {name}" in found.detail
    assert (
        f"let through as no AWS API: {name}"
        in judge(
            "x", ["x"], Outcome(status=0, run="r", calls=2, passed=(name,)), [], known=False
        ).detail
    )


def test_a_known_client_that_ends_well_without_a_call_has_gone_past() -> None:
    found = judge("curl", ["curl"], Outcome(status=0, run="r", calls=0), [], known=True)
    assert (found.verdict, found.detail) == (
        "BYPASSED", "curl (exit status 0: its call went past the recorder)"
    )  # fmt: skip
