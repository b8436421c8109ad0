"""`apitrail insights`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from apitrail import places, when
from apitrail.cli.options import output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, is_coloured, say, screen
from apitrail.evidence.opening import open_source
from apitrail.insights.insight import TYPES


@click.group("insights", invoke_without_command=True)
@click.option("--replay", "path", type=click.Path(path_type=Path), metavar="PATH", help="Look at all calls in PATH and write nothing: a trail, a bundle, or a directory of CloudTrail's log files.")  # fmt: skip
@click.option("--since", metavar="TIME", help="Only insights that were told from this time on; what was before still counts as usual.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(TYPES)), help="Only insights of this kind.")  # fmt: skip
@output_option("text", "jsonl", default="text")
@pager_option
@with_trail
@click.pass_context
def insights(
    context: click.Context, trail: Path, path: Path | None, since: str | None, kinds: tuple[str, ...], output: str
) -> None:  # fmt: skip
    """Tell what is unusual among the calls: rates, what was never seen, sequences, silence.

    A recorder tells it while it works, as entries of the trail. With --replay the detectors run
    over calls that are there, in the order of their times.
    """
    context.find_root().obj = trail
    if context.invoked_subcommand is not None:
        return
    from apitrail.delivery import insight_replay
    from apitrail.reading import insight_list
    from apitrail.recording.config_file import Configuration

    now = datetime.now().astimezone()
    chosen = insight_list.Chosen(
        since=None if since is None else when.parse(since, now=now), kinds=kinds
    )
    if path is not None:
        thresholds = Configuration.read(places.configuration(None)).insights
        found = insight_replay.replay(path, thresholds, say)
        count = emit(insight_replay.lines(found, output=output, chosen=chosen), paged=True)
    else:
        with open_source(trail) as source:
            count = emit(insight_list.lines(source, chosen, output=output), paged=True)
    if output == "text" and not count:
        say("nothing unusual")


@insights.command("show")
@click.argument("insight_id", metavar="ID")
@pager_option
@with_trail
def show(trail: Path, insight_id: str) -> None:
    """Show one insight: why, a graph, and the calls behind it."""
    from apitrail.reading import event_table, insight_list

    look = event_table.Look(
        width=screen(), now=datetime.now().astimezone(), colour=is_coloured(),
        names=event_table.DEFAULT,
    )  # fmt: skip
    with open_source(trail) as source:
        emit(insight_list.detail(source, insight_id, look), paged=True)
