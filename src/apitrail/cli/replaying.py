"""`apitrail replay` and `apitrail playback`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from apitrail.cli.log_format import with_log
from apitrail.cli.options import filter_options, output_option, with_trail
from apitrail.errors import UsageError
from apitrail.evidence.opening import open_source
from apitrail.log_lines import Log
from apitrail.query import Filter
from apitrail.reading import event_list, render
from apitrail.replay.recorded import read
from apitrail.replay.resend.outcome import Outcome, Summary


@click.command("replay")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filter_options
@click.option(
    "--endpoint-url",
    metavar="URL",
    help="Send the calls to this endpoint; `aws` means AWS's own endpoints.",
)
@click.option(
    "--profile",
    metavar="NAME",
    help="Sign with this AWS profile. Without it boto3 looks for credentials as usual.",
)
@click.option("--to-region", metavar="REGION", help="Send all calls to this region instead of the recorded ones.")  # fmt: skip
@click.option(
    "--dry-run",
    is_flag=True,
    help="Send nothing; print which calls would be sent, and which cannot be.",
)
@click.option("--speed", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Send N times as fast as recorded; without a pause by default.")  # fmt: skip
@click.option(
    "--as-recorded", is_flag=True, help="Keep the recorded time between calls, like --speed 1."
)
@click.option("--stop-on-diff", is_flag=True, help="Stop at the first call whose outcome is not the same.")  # fmt: skip
@click.option("--redactions", type=click.Path(path_type=Path), metavar="FILE", help="Read the values of secrets from this TOML or JSON file.")  # fmt: skip
@click.option("--list-redactions", is_flag=True, help="Print a template for the file of --redactions, and send nothing.")  # fmt: skip
@click.option(
    "--yes-i-mean-it",
    "really",
    is_flag=True,
    help="Really send the calls, even though they go to AWS itself.",
)
@output_option("text", "json", default="text")
@with_trail
def replay_command(
    trail: Path, where: Filter, ids: tuple[str, ...], endpoint_url: str | None, profile: str | None, to_region: str | None, dry_run: bool, speed: float | None, as_recorded: bool, stop_on_diff: bool, redactions: Path | None, list_redactions: bool, really: bool, output: str
) -> int:  # fmt: skip
    """Send recorded calls again, in order, to another endpoint, and compare what comes back.

    ID is an event id or the start of one. Without an ID the filter options choose the calls. Exit status 0
    when every call repeated its success or its error code, 1 when one did not or was skipped.
    """
    from apitrail.replay.resend import choice, secrets
    from apitrail.replay.resend.endpoint import Destination
    from apitrail.replay.resend.job import Setting
    from apitrail.replay.resend.pace import Pace

    if as_recorded and speed is not None:
        raise UsageError("--as-recorded is --speed 1", hint="give one of them")
    with open_source(trail) as source:
        indexes = choice.choose(source, event_list.resolve(source, where, _say, exact=True), ids)
        if list_redactions:
            for line in secrets.template(read(source, indexes)):
                click.echo(line)
            return 0
        if endpoint_url is None:
            raise UsageError("replay where to?", hint="--endpoint-url http://localhost:4566")
        setting = Setting(
            destination=Destination.parse(endpoint_url), say=_say, profile=profile, region=to_region,
            redactions=redactions, dry_run=dry_run, really=really, stop_on_diff=stop_on_diff,
            pace=Pace(1.0 if as_recorded else speed),
        )  # fmt: skip
        return _show(setting.outcomes(source, indexes), len(indexes), output)


def _show(outcomes: Iterator[Outcome], number: int, output: str) -> int:
    """Print each outcome and their sum, with a progress bar on a terminal."""
    done: list[Outcome] = []
    # Lines would break up a progress bar on the same terminal, so they are printed after it.
    late = output == "json" or (sys.stderr.isatty() and sys.stdout.isatty())
    with _progress(outcomes, number) as passing:
        for outcome in passing:
            done.append(outcome)
            if not late:
                click.echo("\n".join(map(render.clean, outcome.lines())))
    summary = Summary.of(done)
    if output == "json":
        document = {
            "calls": [outcome.to_json() for outcome in done], "summary": summary.to_json()
        }  # fmt: skip
        click.echo(render.json_document(document))
    else:
        for outcome in done if late else ():
            click.echo("\n".join(map(render.clean, outcome.lines())))
        click.echo(str(summary))
    return 0 if summary.holds else 1


@contextmanager
def _progress(outcomes: Iterator[Outcome], number: int) -> Iterator[Iterator[Outcome]]:
    if not sys.stderr.isatty():
        yield outcomes
        return
    with click.progressbar(outcomes, length=number, label="calls", file=sys.stderr) as bar:
        yield iter(bar)


def _say(text: str) -> None:
    from apitrail.redact.userinfo import without_userinfo

    click.echo(f"apitrail: {without_userinfo(text)}", err=True)


@click.command("playback")
@filter_options
@click.option("--listen", default="127.0.0.1:4599", show_default=True, metavar="HOST:PORT", help="Listen here; port 0 takes a free one.")  # fmt: skip
@click.option("--host", "names", multiple=True, metavar="NAME", help="A further name by which clients may call this server. May be repeated.")  # fmt: skip
@click.option("--on-miss", type=click.Choice(["error", "forward"]), default="error", show_default=True, help="What to do with a call that was not recorded.")  # fmt: skip
@click.option("--upstream", metavar="URL", help="Forward calls that were not recorded to this endpoint.")  # fmt: skip
@with_log()
@with_trail
def playback_command(
    trail: Path, where: Filter, listen: str, names: tuple[str, ...], on_miss: str,
    upstream: str | None, log: Log,
) -> None:  # fmt: skip
    """Answer calls as they were answered when recorded, offline: AWS_ENDPOINT_URL points here.

    Calls are matched by operation and parameters. Repeated calls get the recorded answers in
    order, and the last one from then on.
    """
    from apitrail.address import Address
    from apitrail.address import listen as listening
    from apitrail.replay.playback import listener

    if (on_miss == "forward") != (upstream is not None):
        raise UsageError(
            "--on-miss forward and --upstream belong together",
            hint="--on-miss forward --upstream http://localhost:4566",
        )
    playback = listener.prepare(trail, where, upstream=upstream, say=log)
    address = Address.parse(listen)
    with listening(address) as socket:
        place = Address.of(socket)
        url = f"http://{place}"
        log(
            f"{playback.answers.size} recorded answers at {url}; ctrl-c ends it",
            event="listening", url=url, answers=playback.answers.size,
        )  # fmt: skip
        if not place.is_loopback:
            log("warning: whoever reaches it can read what was recorded", "warning")
        if not log.as_json:
            click.echo(f"export AWS_ENDPOINT_URL={url}", err=True)
        listener.serve(playback, socket, names=(*names, address.host))
