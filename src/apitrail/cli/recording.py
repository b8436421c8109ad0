"""`apitrail exec`, `record`, `env` and `doctor`."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from apitrail.cli.options import with_trail
from apitrail.errors import UsageError


def _say(text: str) -> None:
    click.echo(f"apitrail: {text}", err=True)


_RECORD_OPTIONS = (
    click.option("--mode", "modes", multiple=True, metavar="MODE", help="mitmproxy's mode spec, repeatable: regular@8080, reverse:http://localhost:4566@4567, transparent, wireguard …"),
    click.option("--upstream", metavar="URL", help="Send every AWS call to this endpoint (LocalStack, moto, MinIO)."),
    click.option("--tunnel", "tunnels", multiple=True, metavar="HOST|CIDR", help="Admit a private destination that is not AWS."),
    click.option("--body-limit", default="256k", show_default=True, metavar="SIZE", help="How much of a body is kept."),
    click.option("--heartbeat", default="60s", show_default=True, metavar="TIME", help="How often the log says that nothing is missing."),
    click.option("--config", "configuration", type=click.Path(path_type=Path), metavar="FILE", help="Identities, what to keep and whose signatures to check; config.toml of the user's own by default."),
    click.option("--verify-signatures", "signatures", flag_value="verify", help="Say of each call whether its signature is right."),
    click.option("--require-valid-signature", "signatures", flag_value="require", help="And refuse those whose signature is wrong."),
)  # fmt: skip


def record_options[F: Callable[..., Any]](command: F) -> F:
    """The options of a recorder."""
    for option in reversed(_RECORD_OPTIONS):
        command = option(command)
    return command


def _settings(
    modes: tuple[str, ...], upstream: str | None, tunnels: tuple[str, ...], body_limit: str,
    heartbeat: str, configuration: Path | None, signatures: Any,
) -> Any:  # fmt: skip
    from apitrail import when
    from apitrail.recording.settings import Settings

    return Settings(
        modes=modes or Settings().modes,
        upstream=upstream,
        tunnels=tunnels,
        body_limit=parse_size(body_limit),
        heartbeat=when.parse_duration(heartbeat).total_seconds(),
        configuration=configuration,
        signatures=signatures,
    )


def parse_size(text: str) -> int:
    """`64k`, `1M`, `2g` or plain bytes; raises UsageError."""
    units = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
    number, unit = text.strip().lower().removesuffix("ib").removesuffix("b"), ""
    if number[-1:] in units:
        number, unit = number[:-1], number[-1:]
    if not number.isdecimal():
        raise UsageError(f"not a size: {text!r}", hint="write 65536, 64k or 1M")
    return int(number) * units[unit]


@click.command("exec", context_settings={"allow_interspersed_args": False})
@record_options
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Mark the run, repeatable.")  # fmt: skip
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@with_trail
def execute(trail: Path, command: tuple[str, ...], labels: tuple[str, ...], **options: Any) -> int:
    """Run a command with all its AWS traffic recorded: apitrail exec -- CMD…"""
    if not command:
        raise UsageError("no command to run", hint="apitrail exec -- aws sts get-caller-identity")
    from apitrail.recording.command import CommandError
    from apitrail.recording.execute import Execution

    execution = Execution(
        command=command,
        trail=trail,
        settings=_settings(**options),
        labels=_labels(labels),
        preset=dict(os.environ),
        tell=_say,
    )
    try:
        outcome = asyncio.run(execution.run())
    except CommandError as error:
        _say(str(error))
        click.echo(f"hint: {error.hint}", err=True)
        return error.status
    _say(
        f"recorded {_calls(outcome.calls)} (run {outcome.run}); apitrail events --run last shows them"
    )
    return outcome.status


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"


def _labels(labels: tuple[str, ...]) -> dict[str, str]:
    pairs = [label.partition("=") for label in labels]
    for label, (key, equals, _) in zip(labels, pairs, strict=True):
        if not key or not equals:
            raise UsageError(f"not a label: {label!r}", hint="write --label build=1234")
    return {key: value for key, _, value in pairs}


@click.command()
@record_options
@with_trail
def record(trail: Path, **options: Any) -> None:
    """Record until told to stop: a proxy for HTTPS_PROXY or AWS_ENDPOINT_URL."""
    from apitrail.recording.clients.surroundings import Surroundings
    from apitrail.recording.execute import trusting

    settings = trusting(_settings(**options), Surroundings.of(os.environ))
    asyncio.run(_record(trail, settings))


async def _record(trail: Path, settings: Any) -> None:
    from apitrail.recording.session import Session

    session = await Session.start(trail, settings)
    stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stop, number)
    for item in session.listeners:
        _say(f"recording {item.mode} on {item.host}:{item.port} into {trail}")
    if session.recovered:
        _say(f"{session.recovered} calls of unknown outcome were left by a crash and are recorded")
    _say(
        f'eval "$(apitrail --trail {shlex.quote(str(trail))} env)" sends a shell\'s AWS calls here'
    )
    reason = await stop
    await session.stop(reason)
    _say(f"stopped after {_calls(session.recorder.calls)}")


def _stop(stop: asyncio.Future[str], number: signal.Signals) -> None:
    if not stop.done():
        stop.set_result(number.name)


@click.command()
@with_trail
def env(trail: Path) -> None:
    """Print the variables for a running recorder: eval "$(apitrail env)"."""
    from apitrail.recording.execute import running_environment

    for name, value in running_environment(trail, dict(os.environ), tell=_say).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
@with_trail
def doctor(trail: Path) -> int:
    """Check for each client on this machine that its calls are really recorded."""
    from apitrail.recording import doctor as check

    findings = asyncio.run(check.examine(trail, dict(os.environ)))
    for finding in findings:
        click.echo(str(finding))
    if not findings:
        _say("no client found: neither aws-cli, boto3, the SDK for JavaScript nor curl")
    return 0 if all(finding.recorded for finding in findings) else 1
