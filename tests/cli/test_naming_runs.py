"""A run or an event that a command is to make something of has to be there."""

import pytest

from apitrail.reading.wording import EVENTS, RUNS

# What makes something of the calls, or judges by them.
MAKING = {
    "export": ("-o", "calls.zip"),
    "policy": (),
    "guard test": ("read-only",),
    "alert test": ("built-in:root-used",),
    "replay": ("--endpoint-url", "http://127.0.0.1:1", "--dry-run"),
    "playback": ("--listen", "nowhere"),  # where it would go on, it would end here
    "find-value": (),
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    value = tmp_path / "value"
    value.write_text("x")
    monkeypatch.chdir(tmp_path)
    with value.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield


@pytest.mark.parametrize("command", MAKING)
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--run", "runO"), ("no run here has the id 'runO'; the nearest is 'run0'", RUNS)),
        (("--event-id", "ffff"), ("no event here has the id 'ffff'", EVENTS)),
    ],
)
def test_nothing_is_made_of_a_run_or_an_event_that_is_not_there(
    cli, tmp_path, command, option, said
):
    status, out, err = cli(*command.split(), *MAKING[command], *option)
    assert (status, out, err) == (2, "", f"apitrail: {said[0]}\nhint: {said[1]}\n")
    assert not (tmp_path / "calls.zip").exists()


def test_a_run_without_calls_is_handed_over_as_that(cli, tmp_path):
    status, _, err = cli("export", "--run", "run0", "-o", str(tmp_path / "calls.zip"))
    assert (status, err.splitlines()[-1]) == (0, f"apitrail: 0 calls in {tmp_path / 'calls.zip'}")


@pytest.mark.parametrize("option", [("--run", "runO"), ("--event-id", "ffff")])
def test_a_list_of_none_is_an_answer_and_why_is_said(cli, option):
    status, out, err = cli("events", *option)
    assert (status, out) == (0, "")
    assert err.startswith(f"apitrail: no {option[0].strip('-').split('-')[0]} here has the id")
    assert err.endswith("no events match\n")
