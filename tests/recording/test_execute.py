"""What a command's surroundings make of the settings, and which recorder it may use.

That commands run, and how they end, is in e2e/test_exec.py.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import pytest

from apitrail.address import Address, listen
from apitrail.errors import UsageError
from apitrail.recording import execute
from apitrail.recording.clients.surroundings import Surroundings
from apitrail.recording.command import CommandError
from apitrail.recording.operators import Operators
from apitrail.recording.settings import Settings
from apitrail.trail import control
from apitrail.trail.reader import Reader
from machine import free_port
from proxying import recording


def around(tmp_path: Path, **preset: str) -> Surroundings:
    nothing = str(tmp_path / "none")
    own = {"AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing}
    return Surroundings.of(own | preset)


def execution(tmp_path: Path, *command: str, **changes: Any) -> execute.Execution:
    told: list[str] = []
    options: dict[str, Any] = {
        "command": command, "trail": tmp_path / "trail", "settings": Settings(), "labels": {},
        "preset": {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}, "tell": told.append,
    }  # fmt: skip
    return execute.Execution(**(options | changes))


def test_a_recorder_of_ones_own_takes_a_free_port(tmp_path):
    assert execute.own_settings(Settings(), around(tmp_path)).modes == ("regular@127.0.0.1:0",)


def test_a_mode_that_was_asked_for_stays(tmp_path):
    asked = Settings(modes=("regular@9999",))
    preset = around(tmp_path, HTTPS_PROXY="http://proxy.example:3128")
    assert execute.own_settings(asked, preset).modes == asked.modes


def test_behind_a_corporate_proxy_its_password_is_in_no_mode(tmp_path):
    preset = around(
        tmp_path, HTTPS_PROXY="http://bob:secret@127.0.0.1:3128", NO_PROXY="sts.amazonaws.com,corp"
    )
    with pytest.MonkeyPatch.context() as patch:
        # Whether that proxy is there is for another test.
        patch.setattr(execute.Corporate, "check", lambda _: None)
        found = execute.own_settings(Settings(), preset)
    assert found.modes == ("upstream:http://127.0.0.1:3128@127.0.0.1:0",)
    assert found.settings["upstream_auth"] == "bob:secret"
    assert found.direct == ("sts.amazonaws.com",)
    assert "secret" not in str(found.to_json())


def test_the_recorder_trusts_whom_the_client_was_told_to_trust(tmp_path):
    store = certifi.where()
    found = execute.trusting(Settings(), around(tmp_path, AWS_CA_BUNDLE=store))
    assert found.settings == {"ssl_verify_upstream_trusted_ca": store}
    folder = tmp_path / "certificates"
    folder.mkdir()
    found = execute.trusting(Settings(), around(tmp_path, AWS_CA_BUNDLE=str(folder)))
    assert found.settings == {"ssl_verify_upstream_trusted_confdir": str(folder)}
    assert execute.trusting(Settings(), around(tmp_path)) == Settings()


def test_an_option_of_ours_wins_over_what_is_preset(tmp_path):
    asked = replace(Settings(), settings={"ssl_verify_upstream_trusted_ca": "mine.pem"})
    found = execute.trusting(asked, around(tmp_path, AWS_CA_BUNDLE=certifi.where()))
    assert found.settings["ssl_verify_upstream_trusted_ca"] == "mine.pem"


def test_a_command_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(CommandError):
        asyncio.run(execution(tmp_path, "no-such-command-here").run())
    assert not (tmp_path / "trail").exists()


def test_an_endpoint_that_is_none_is_refused_before_anything_is_written(tmp_path):
    preset = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_ENDPOINT_URL": "nonsense"}
    with pytest.raises(UsageError):
        asyncio.run(execution(tmp_path, "true", preset=preset).run())
    assert not (tmp_path / "trail").exists()


def test_without_a_recorder_a_shell_is_told_to_start_one(tmp_path):
    with pytest.raises(UsageError, match="no recorder"):
        execute.running_environment(tmp_path / "trail", {}, tell=lambda _: None, patience=0)


@pytest.mark.parametrize(
    ("change", "option"),
    [
        ({"upstream": "http://localhost:1"}, "--upstream"),
        ({"modes": ("regular@1",)}, "--mode"),
        ({"body_limit": 1}, "--body-limit"),
        ({"heartbeat": 5.0}, "--heartbeat"),
        ({"tunnels": ("db.example",)}, "--tunnel"),
        ({"signatures": "verify"}, "signatures"),
        ({"configuration": Path("other.toml")}, "--config"),
        ({"health": Address("127.0.0.1", 9464)}, "--health"),
    ],
)
def test_an_option_that_the_running_recorder_does_not_have_is_named(change, option):
    running = Settings().to_json()
    asked = replace(Settings(), **change)
    with pytest.raises(UsageError, match="a recorder with another") as told:
        execute._must_agree(asked, running)
    assert option in str(told.value)
    execute._must_agree(asked, asked.to_json())
    execute._must_agree(Settings(), asked.to_json())


def test_a_command_s_recorder_answers_for_its_health_while_the_command_runs(tmp_path):
    told: list[str] = []
    place = listen(Address("127.0.0.1", 0))
    address = Address.of(place)
    place.close()
    curl = (
        "curl",
        "-sSf",
        "--noproxy",
        "*",
        "-o",
        str(tmp_path / "said"),
        f"http://{address}/readyz",
    )
    one = execution(
        tmp_path, *curl, settings=Settings(health=address), tell=told.append, quiet=True
    )
    assert asyncio.run(one.run()).status == 0
    assert (tmp_path / "said").read_text() == "ok\n"
    assert f"health on http://{address}" in told


def doors(trail: Path, *names: str, **settings: Any) -> list[dict[str, str] | str]:
    """What `env --operator` gives each of the names, or says."""

    def ask(name: str) -> dict[str, str] | str:
        try:
            return execute.running_environment(trail, {}, tell=print, patience=0, operator=name)
        except UsageError as error:
            return str(error)

    async def scenario() -> list[dict[str, str] | str]:
        async with recording(trail, **settings):
            return [await asyncio.to_thread(ask, name) for name in names]

    return asyncio.run(scenario())


def test_an_operator_logs_in_to_the_proxy_and_must_have_a_secret(tmp_path):
    Operators.of(tmp_path).add("mary")
    Operators.of(tmp_path).add_certified("carl", "ab" * 32)

    mary, carl, nobody = doors(tmp_path, "mary", "carl", "nobody")

    assert isinstance(mary, dict)
    assert mary["HTTPS_PROXY"].startswith("http://127.0.0.1:")
    assert (carl, nobody) == (
        "operator 'carl' has a certificate and no secret", "no operator 'nobody'"
    )  # fmt: skip


def test_an_operator_s_port_is_nobody_else_s(tmp_path):
    owned, shared = (f"reverse:http://localhost:4566@127.0.0.1:{free_port()}" for _ in range(2))
    settings = {"modes": (owned, shared), "operator_modes": (("agent-7", owned),)}

    async def plain() -> str | None:
        async with recording(tmp_path, **settings) as session:
            return session.endpoint()

    agent, nobody = doors(tmp_path, "agent-7", "nobody", **settings)

    assert isinstance(agent, dict)
    assert agent["AWS_ENDPOINT_URL"].rpartition(":")[2] == owned.rpartition(":")[2]
    assert nobody == "operator 'nobody' has no port of this recorder's"
    assert (asyncio.run(plain()) or "").rpartition(":")[2] == shared.rpartition(":")[2]


def test_a_shell_s_calls_are_a_run_of_their_own_where_it_names_labels(tmp_path):
    def ask(**options: Any) -> dict[str, str]:
        return execute.running_environment(tmp_path, {}, tell=print, patience=0, **options)

    async def scenario() -> list[dict[str, str]]:
        async with recording(tmp_path):
            return [
                await asyncio.to_thread(ask),
                await asyncio.to_thread(ask, labels={"build": "7"}),
            ]

    plain, labelled = asyncio.run(scenario())
    assert "APITRAIL_RUN" not in plain
    assert f"//run-{labelled['APITRAIL_RUN']}:" in labelled["HTTPS_PROXY"]
    with Reader(tmp_path) as reader:
        assert dict(reader.run_labels()) == {labelled["APITRAIL_RUN"]: {"build": "7"}}


def test_a_recorder_that_stands_still_at_the_end_takes_no_exit_status_with_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(control, "ANSWER_TIMEOUT", 0.1)
    trail, told = tmp_path, []
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(tmp_path / "s"))
        stopped.listen()
        (trail / control.FILE).write_text(f'{{"pid": 7, "control": "{tmp_path / "s"}"}}')
        run = execution(tmp_path, "true", trail=trail, tell=told.append)
        assert asyncio.run(run._end("r")) == (None, None)
    assert "(process 7) has not answered" in told[0]
