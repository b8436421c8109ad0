"""`apitrail replay` and `playback`: what is asked before anything is sent."""

import json
import tomllib

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("replay",), "replay where to?"),
        (("replay", "--as-recorded", "--speed", "2"), "--as-recorded is --speed 1"),
        (("replay", "--endpoint-url", "nonsense"), "nonsense"),
        (("replay", "ffff", "--endpoint-url", "http://localhost:1"), "no event 'ffff'"),
        (("playback", "--on-miss", "forward"), "belong together"),
        (("playback", "--upstream", "http://localhost:1"), "belong together"),
        (("playback", "--listen", "nowhere"), "not an address: 'nowhere'"),
    ],
)
def test_wrong_use_is_refused(cli, arguments, message):
    status, out, err = cli(*arguments)
    assert (status, out) == (2, "")
    assert message in err


def test_a_dry_run_sends_nothing_and_says_what_it_would(cli):
    # Nobody listens on port 1: whatever was sent would fail.
    status, out, _ = cli("replay", "--endpoint-url", "http://127.0.0.1:1", "--dry-run", "--output", "json")  # fmt: skip
    found = json.loads(out)
    assert len(found["calls"]) == 12
    assert status in (0, 1)
    assert "refused" not in out


def test_without_secrets_there_is_nothing_to_fill_in(cli):
    status, out, _ = cli("replay", "--list-redactions")
    assert status == 0
    assert tomllib.loads(out) == {}
