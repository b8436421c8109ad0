"""`apitrail insights`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from apitrail import places, when
from apitrail.cli.options import output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, is_coloured, say, screen
from apitrail.errors import UsageError
from apitrail.evidence.opening import open_source
from apitrail.insights.insight import TYPES
from apitrail.insights.mute import Mute
from apitrail.trail.muting import Muting
from apitrail.trail.statements import Insight


@click.group("insights", invoke_without_command=True)
@click.option("--replay", "path", type=click.Path(path_type=Path), metavar="PATH", help="Look at all calls in PATH and write nothing: a trail, a bundle, or a directory of CloudTrail's log files.")  # fmt: skip
@click.option("--since", metavar="TIME", help="Only insights that were told from this time on; what was before still counts as usual.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(TYPES)), help="Only insights of this kind.")  # fmt: skip
@click.option("--muted", is_flag=True, help="Also list what is muted.")
@output_option("text", "jsonl", default="text")
@pager_option
@with_trail
@click.pass_context
def insights(
    context: click.Context, trail: Path, path: Path | None, since: str | None, kinds: tuple[str, ...], muted: bool, output: str
) -> None:  # fmt: skip
    """Tell what is unusual: rates, what was never seen, sequences, silence, unrecorded changes.

    A recorder tells it while it works, as entries of the trail. With --replay the detectors run
    over calls that are there, in the order of their times.
    """
    context.find_root().obj = trail
    if context.invoked_subcommand is not None:
        return
    from apitrail.delivery import insight_replay
    from apitrail.reading import insight_list
    from apitrail.reading.mutes import Mutes, quiet
    from apitrail.recording.config_file import Configuration

    now, hidden = datetime.now().astimezone(), 0
    chosen = insight_list.Chosen(
        since=None if since is None else when.parse(since, now=now), kinds=kinds
    )
    if path is not None:
        thresholds = Configuration.read(places.configuration(None)).insights.thresholds
        found = insight_replay.replay(path, thresholds, say)
        count = emit(insight_replay.lines(found, output=output, chosen=chosen), paged=True)
    else:
        with open_source(trail) as source:
            mutes = () if muted else Mutes.of(source).standing(_milliseconds(now))

            def hides(said: Insight) -> bool:
                nonlocal hidden
                is_quiet = quiet(mutes, said)
                hidden += is_quiet
                return is_quiet

            chosen = replace(chosen, hides=hides)
            count = emit(insight_list.lines(source, chosen, output=output), paged=True)
    if output == "text" and not count and not hidden:
        say("nothing unusual")
    if hidden:
        say(f"{hidden} muted; --muted lists them too")


@insights.command("show")
@click.argument("insight_id", metavar="ID")
@pager_option
@with_trail
def show(trail: Path, insight_id: str) -> None:
    """Show one insight: why, a graph, and the calls behind it."""
    from apitrail.reading import event_table, insight_list
    from apitrail.reading.mutes import Mutes, covering, line

    now = datetime.now().astimezone()
    look = event_table.Look(
        width=screen(), now=now, colour=is_coloured(), names=event_table.DEFAULT
    )
    with open_source(trail) as source:
        _, said = insight_list.find(source, insight_id)
        muted = covering(Mutes.of(source).standing(_milliseconds(now)), said)
        notes = [("muted", line(*each)) for each in muted]
        emit(insight_list.detail(source, insight_id, look, notes), paged=True)


@insights.command("mute")
@click.argument("insight_id", metavar="[ID]", required=False)
@click.option("--kind", type=click.Choice(list(TYPES)), help="Of this kind.")
@click.option("--name", metavar="NAME", help="Of this name, such as network or enumeration; * stands for any text.")  # fmt: skip
@click.option("--caller", metavar="CALLER", help="Of this caller, as insights name it; * stands for any text.")  # fmt: skip
@click.option("--operation", metavar="SERVICE:NAME", help="Of this operation, such as iam:CreateUser or ec2:Describe*.")  # fmt: skip
@click.option("--for", "span", metavar="TIME", help="For so long, such as 30d; without end by default.")  # fmt: skip
@click.option("--reason", metavar="TEXT", default="", help="Why; the log keeps it.")
@with_trail
def mute(
    trail: Path, insight_id: str | None, kind: str | None, name: str | None, caller: str | None, operation: str | None, span: str | None, reason: str
) -> None:  # fmt: skip
    """Mute insights: those like insight ID, or those that the options name.

    They are still told and verified. Lists leave them out, and so does what is delivered from now on.
    """
    from apitrail.evidence import maintenance
    from apitrail.reading import insight_list
    from apitrail.reading.mutes import like

    given = {"kind": kind, "name": name, "caller": caller, "operation": operation}
    asked = {member: value for member, value in given.items() if value is not None}
    if insight_id is not None:
        if asked:
            raise UsageError("an ID and options are two ways to say it", hint="give one of them")
        with open_source(trail) as source:
            wanted = like(insight_list.find(source, insight_id)[1])
    else:
        wanted = Mute.parse(asked)
    until = None
    if span is not None:
        until = _milliseconds(datetime.now().astimezone() + when.parse_duration(span))
    index = maintenance.mute(trail, Muting(mute=wanted, by="command", reason=reason, until=until))
    say(f"muted by entry {index}: {wanted}")


@insights.command("unmute")
@click.argument("entry", type=int, metavar="ENTRY")
@with_trail
def unmute(trail: Path, entry: int) -> None:
    """Lift the mute that entry ENTRY says."""
    from apitrail.evidence import maintenance
    from apitrail.reading.mutes import Mutes

    with open_source(trail) as source:
        now = _milliseconds(datetime.now().astimezone())
        lifted = Mutes.of(source).lifting(entry, now, "command")
    index = maintenance.mute(trail, lifted)
    say(f"lifted by entry {index}: {lifted.mute}")


@insights.command("mutes")
@output_option("text", "jsonl", default="text")
@with_trail
def mutes_command(trail: Path, output: str) -> None:
    """List the mutes that stand, and the entries that say them."""
    from apitrail.reading.mutes import Mutes, line, to_json

    with open_source(trail) as source:
        standing = Mutes.of(source).standing(_milliseconds(datetime.now().astimezone()))
    write = line if output == "text" else lambda *each: json.dumps(to_json(*each))
    if not emit(write(*each) for each in standing) and output == "text":
        say("nothing is muted")


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
