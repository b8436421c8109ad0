"""`apitrail exec`, `record`, `status`, `stop`, `env` and `doctor`."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apitrail import last_resort, places
from apitrail.cli.log_format import with_log
from apitrail.cli.options import with_trail
from apitrail.cores import cores
from apitrail.counted import counted
from apitrail.errors import UsageError
from apitrail.log_lines import Log

if TYPE_CHECKING:
    from apitrail.recording.execute import Outcome
    from apitrail.recording.session import Session


def _say(text: str) -> None:
    from apitrail.redact.userinfo import without_userinfo

    click.echo(f"apitrail: {without_userinfo(text)}", err=True)


_RECORD_OPTIONS = (
    click.option("--mode", "modes", multiple=True, metavar="MODE", help="Where and how to listen, as a mitmproxy mode: regular@8080, reverse:http://localhost:4566@4567, transparent, wireguard … May be repeated."),
    click.option("--operator-mode", "operator_modes", multiple=True, metavar="NAME=MODE", help="Listen in this mode too; its calls are those of this operator. For reverse modes, where a client cannot log in. May be repeated."),
    click.option("--insecure-listen", is_flag=True, help="Let other machines in without asking who they are."),
    click.option("--upstream", metavar="URL", help="Send every AWS call to this endpoint instead of AWS, for example http://localhost:4566."),
    click.option("--tunnel", "tunnels", multiple=True, metavar="HOST|CIDR", help="Let connections pass, unrecorded, to this private host or network. May be repeated."),
    click.option("--body-limit", default="256k", show_default=True, metavar="SIZE", help="How many bytes of each body are kept."),
    click.option("--heartbeat", default="60s", show_default=True, metavar="TIME", help="How often an entry says that recording goes on; at least 1s."),
    click.option("--config", "configuration", type=click.Path(path_type=Path), metavar="FILE", help="Read this configuration file instead of the user's config.toml."),
    click.option("--guard", "guards", multiple=True, metavar="FILE|NAME", help="Refuse the calls that this guard does not let pass: a policy in IAM's language, or read-only, no-delete, no-iam, one-region=REGION, sandbox-account=ACCOUNT. May be repeated: a call must pass all."),
    click.option("--ask", "ask", default="wait", show_default=True, metavar="HOW", help="What becomes of calls that a guard wants approved. wait: they wait for it, for 120s. ticket: they are refused with a ticket, under which the same call passes once it is approved, within 1h. wait=30s and ticket=8h set the times."),
    click.option("--watch", is_flag=True, help="Let calls pass that the guards would refuse, and mark them."),
    click.option("--verify-signatures", "signatures", flag_value="verify", help="Check the signature of each call, and record the result."),
    click.option("--require-valid-signature", "signatures", flag_value="require", help="Check signatures, and refuse calls whose signature is wrong."),
    click.option("--whoami", is_flag=True, help="Ask AWS who makes the calls (GetCallerIdentity), with the credentials that are at hand here; recorded as a call of its own."),
)  # fmt: skip


def record_options[F: Callable[..., Any]](
    *, health: str | None = None, workers: str | None = None
) -> Callable[[F], F]:
    """The options of a recorder, and the variables that may stand for `--health` and `--workers`."""

    def add(command: F) -> F:
        for option in reversed((*_RECORD_OPTIONS, _workers(workers), _health(health))):
            command = option(command)
        return command

    return add


def _workers(variable: str | None) -> Callable[[Any], Any]:
    usual = "1 where there are two cores, and a second while it is busy" if variable else "0"
    return click.option("--workers", type=click.IntRange(0, 64), default=None, show_default=usual, envvar=variable, show_envvar=bool(variable), metavar="N", help="Let N proxy processes share the ports, before the one that writes the log; 0 keeps all in one process.")  # fmt: skip


def _health(variable: str | None) -> Callable[[Any], Any]:
    return click.option("--health", metavar="HOST:PORT", envvar=variable, show_envvar=bool(variable), help="Answer /healthz, /readyz and /metrics (Prometheus) there, on this machine alone.")  # fmt: skip


def _settings(
    modes: tuple[str, ...], upstream: str | None, tunnels: tuple[str, ...], body_limit: str,
    heartbeat: str, configuration: Path | None, signatures: Any, whoami: bool,
    insecure_listen: bool, operator_modes: tuple[str, ...], health: str | None,
    guards: tuple[str, ...], ask: str, watch: bool, workers: int | None,
) -> Any:  # fmt: skip
    from apitrail import when
    from apitrail.address import Address
    from apitrail.recording.ask_settings import Asking
    from apitrail.recording.settings import LEAST_HEARTBEAT, Settings

    seconds = when.parse_duration(heartbeat).total_seconds()
    if seconds < LEAST_HEARTBEAT:
        raise UsageError(f"too short a heartbeat: {heartbeat!r}", hint="1s is the shortest")
    owned = tuple(_operator_mode(text) for text in operator_modes)
    return Settings(
        modes=(*(modes or Settings().modes), *(mode for _, mode in owned)),
        insecure_listen=insecure_listen,
        operator_modes=owned,
        upstream=upstream,
        tunnels=tunnels,
        body_limit=parse_size(body_limit),
        heartbeat=seconds,
        configuration=configuration,
        signatures=signatures,
        whoami=whoami,
        health=Address.parse(health) if health else None,
        guards=_loaded(guards, watch=watch),
        asking=Asking.parse(ask),
        workers=workers or 0,
    )


def _loaded(specs: tuple[str, ...], *, watch: bool) -> Any:
    from apitrail.policy.loading import load

    guards = load(specs, os.environ, watching=watch)
    if guards:
        from apitrail.policy.unmatched import unmatched

        for each in guards.stack:
            for line in unmatched(each):
                _say(line)
    return guards


def _operator_mode(text: str) -> tuple[str, str]:
    name, _, mode = text.partition("=")
    port = mode.rpartition("@")[2].rpartition(":")[2]
    if not name or not port.isdecimal() or int(port) == 0:
        raise UsageError(
            f"not an operator's mode: {text!r}",
            hint="write NAME=MODE with a port, as mary=reverse:http://localhost:4566@4568",
        )
    return name, mode


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
@record_options()
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Mark the run with a label. May be repeated.")  # fmt: skip
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@with_trail
def execute(trail: Path, command: tuple[str, ...], labels: tuple[str, ...], **options: Any) -> int:
    """Run a command and record its calls to AWS: apitrail exec -- CMD…

    The exit status is the command's own.
    """
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
        outcome = last_resort.run(execution.run())
    except CommandError as error:
        _say(_masked(str(error)))
        click.echo(f"hint: {_masked(error.hint or '')}", err=True)
        return error.status
    _say(_told(outcome, command))
    return outcome.status


def _told(outcome: Outcome, command: tuple[str, ...]) -> str:
    if outcome.calls:
        shows = "apitrail events --run last shows them"
        refused = f", {outcome.denied} of them refused by a guard" if outcome.denied else ""
        return f"recorded {counted(outcome.calls, 'call')}{refused} (run {outcome.run}); {shows}"
    checks = f"apitrail doctor -- {_masked(shlex.join(command))}"
    if len(checks) > 100:
        checks = f"apitrail doctor -- {shlex.quote(command[0])} …"
    return (
        f"nothing was recorded: {_masked(command[0])!r} called nothing, or a client in it passed the "
        f"recorder by (run {outcome.run}); {checks} tells which"
    )


def _masked(text: str) -> str:
    """A part of the command line as it may be shown: stderr may end up in a build's log."""
    from apitrail.redact.text import scrub

    return scrub(text, lambda _: "***")


def _labels(labels: tuple[str, ...]) -> dict[str, str]:
    pairs = [label.partition("=") for label in labels]
    for label, (key, equals, _) in zip(labels, pairs, strict=True):
        if not key or not equals:
            raise UsageError(f"not a label: {_masked(label)!r}", hint="write --label build=1234")
    return {key: value for key, _, value in pairs}


# A container sets the variable. `exec` does not read it: beside a recorder it would want its port.
@click.command()
@record_options(health="APITRAIL_HEALTH", workers="APITRAIL_WORKERS")
@click.option("--detach", is_flag=True, help="Record in the background; return when calls can be recorded.")  # fmt: skip
@with_log(lambda options: _configured_format(options["configuration"]))
@with_trail
def record(trail: Path, *, detach: bool, log: Log, **options: Any) -> int:
    """Record until stopped.

    Clients reach the recorder as their proxy (HTTPS_PROXY) or, in reverse mode, as their endpoint
    (AWS_ENDPOINT_URL): eval "$(apitrail env)" sets what is needed in a shell.
    """
    from apitrail.recording import background

    if detach and not background.is_detached():
        arguments = [each for each in sys.argv[1:] if each != "--detach"]
        return background.detach(arguments, trail, lambda line: click.echo(line, err=True))
    from apitrail.recording.clients.surroundings import Surroundings
    from apitrail.recording.execute import trusting

    settings = trusting(_settings(**options), Surroundings.of(os.environ))
    if options["workers"] is None:
        from apitrail.recording.proxy.modes import usual_workers

        settings = replace(settings, workers=usual_workers(settings.modes, cores()), grows=True)
    return last_resort.run(_record(trail, settings, log))


def _configured_format(named: Path | None) -> str | None:
    if not places.configuration(named).exists():
        return None  # a file that is named and not there is refused where it is needed
    from apitrail.recording.config_file import Configuration

    return Configuration.read(places.configuration(named)).log_format


async def _record(trail: Path, settings: Any, log: Log) -> int:
    from apitrail.recording import allocator, background, descriptors, scheduling
    from apitrail.recording.execute import running_environment
    from apitrail.recording.session import Session
    from apitrail.recording.supervisor import Supervisor

    # First: what a process inherits could tell systemd of itself in our name.
    supervisor = Supervisor.taken_from(os.environ, os.getpid())
    descriptors.raise_limit()
    allocator.share_pool()
    session = await Session.start(trail, settings, log)
    if settings.workers:
        scheduling.give_way()
    if session.health is not None:
        log(
            f"health on http://{session.health.address}",
            event="health",
            address=str(session.health.address),
        )
    stop: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _stop, stop, number.name)
    session.end = functools.partial(_stop, stop)
    if settings.whoami or session.configured.whoami:
        here = dict(os.environ)
        session.ask_who(lambda: here | running_environment(trail, here, tell=log))
    _tell_where(session, trail, log)
    if background.is_detached():
        background.to_log(trail)
    supervisor.ready(
        ", ".join(f"recording on {item.host}:{item.port}" for item in session.listeners)
    )
    watched = asyncio.create_task(supervisor.watched(session.recorder.alive), name="watchdog")
    reason = await stop
    supervisor.stopping(f"ending the calls in flight ({reason})")
    await session.stop(reason)
    watched.cancel()
    if session.failure is not None:
        return last_resort.STATUS  # it has been said
    calls = session.recorder.tally.calls
    log(f"stopped after {counted(calls, 'call')}", event="stopped", reason=reason, calls=calls)
    return 0


def _tell_where(session: Session, trail: Path, log: Log) -> None:
    for item in session.listeners:
        log(
            f"recording {item.mode} on {item.host}:{item.port} into {trail}",
            event="listening", mode=item.mode, host=item.host, port=item.port, trail=str(trail),
        )  # fmt: skip
    if session.recovered:
        log(
            f"{session.recovered} calls were left by a crash and are recorded",
            "warning", event="recovered", calls=session.recovered,
        )  # fmt: skip
    log(f'eval "$(apitrail --trail {shlex.quote(str(trail))} env)" sends a shell\'s AWS calls here')


def _stop(stop: asyncio.Future[str], reason: str) -> None:
    if not stop.done():
        stop.set_result(reason)


@click.command()
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")  # fmt: skip
@with_trail
def status(trail: Path, output: str) -> int:
    """Say whether a recorder is running on the trail, and where it listens."""
    from apitrail.trail import control

    found = control.ask(trail, "status")
    if output == "json":
        click.echo(json.dumps(found))
    if found is None:
        _say(f"no recorder is running on {str(trail)!r}")
        return 1
    if output == "text":
        _print_status(trail, found)
    return 0


def _print_status(trail: Path, found: dict[str, Any]) -> None:
    click.echo(f"recording into {trail} (process {found['pid']})")
    if workers := found.get("workers"):
        these = "process" if len(workers) == 1 else "processes"
        said = ", ".join(map(str, workers))
        comes = found.get("grows") and len(workers) < found["settings"]["workers"]
        more = ", another when it is busy" if comes else ""
        click.echo(f"  by {counted(len(workers), 'worker')} ({these} {said}){more}")
    for silent in found.get("silent") or ():
        click.echo(f"  worker {silent} does not answer")
    for mode, host, port in found["listeners"]:
        click.echo(f"  listening on {host}:{port} ({mode})")
    if upstream := found["settings"]["upstream"]:
        click.echo(f"  sending calls to {upstream}")
    if guards := found["settings"].get("guards"):
        names = [each[0] for each in guards if each != "watching"]
        verb = "watched" if "watching" in guards else "guarded"
        click.echo(f"  {verb} by {', '.join(names)}")
    if health := found.get("health"):
        click.echo(f"  health on {health}")
    if waiting := found.get("waiting"):
        click.echo(f"  {counted(waiting, 'call')} to be approved: apitrail approvals")
    click.echo(
        f"  {counted(found['calls'], 'call')} recorded since it started, {counted(found['entries'], 'entry', 'entries')}"
    )


@click.command()
@with_trail
def stop(trail: Path) -> int:
    """Stop the recorder of the trail, and wait until it has written its last entry."""
    from apitrail.trail import control

    found = control.end(trail)
    if found is None:
        _say(f"no recorder is running on {str(trail)!r}")
        return 1
    _say(f"the recorder has stopped after {counted(found['calls'], 'call')}")
    return 0


@click.command()
@click.option("--wait", "patience", default="10s", show_default=True, metavar="TIME", help="How long to wait for a recorder that is starting.")  # fmt: skip
@click.option("--operator", metavar="NAME", help="Whose calls they are. In reverse mode it takes this operator's port; else the proxy's URL takes the secret from the shell's variable APITRAIL_OPERATOR_SECRET, and is not printed with it.")  # fmt: skip
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Make the calls a run of their own, with this label. May be repeated.")  # fmt: skip
@click.option("--output", type=click.Choice(["shell", "json"]), default="shell", show_default=True, help="Print exports for a shell, or one JSON object.")  # fmt: skip
@with_trail
def env(
    trail: Path, patience: str, operator: str | None, labels: tuple[str, ...], output: str
) -> None:
    """Print the variables that send a shell's calls to a running recorder.

    Use it as: eval "$(apitrail env)". Without a recorder it prints `false`, so that eval fails.
    """
    from apitrail import when
    from apitrail.recording.clients import login
    from apitrail.recording.execute import running_environment

    # `eval` fails where there is nothing to set, and so does who reads JSON.
    text = "false"
    try:
        if operator is not None and (labels or output == "json"):
            raise UsageError(
                "an operator's variables are for a shell, which has the secret, and begin no run",
                hint="leave out --label and --output json, or --operator",
            )
        seconds = when.parse_duration(patience).total_seconds()
        found = running_environment(
            trail, dict(os.environ), tell=_say, patience=seconds, operator=operator,
            labels=_labels(labels),
        )  # fmt: skip
        text = json.dumps(found) if output == "json" else "\n".join(login.exports(found, operator))
    finally:
        click.echo(text)


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@with_trail
def doctor(trail: Path, command: tuple[str, ...]) -> int:
    """Check for each client on this machine whether its calls are recorded.

    With a command (apitrail doctor -- CMD…), run that command and check its calls. If no recorder
    is running, the calls go to a stand-in on this machine, signed with a public example key.
    """
    from apitrail.recording import doctor as check
    from apitrail.recording.command import CommandError

    try:
        findings = asyncio.run(check.examine(trail, dict(os.environ), command))
    except CommandError as error:
        _say(_masked(str(error)))
        click.echo(f"hint: {_masked(error.hint or '')}", err=True)
        return error.status
    for finding in findings:
        click.echo(str(finding))
    if not findings:
        _say("no client found: neither aws-cli, boto3, the SDK for JavaScript nor curl")
    return 0 if all(finding.recorded for finding in findings) else 1
