"""`apitrail insights`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from apitrail import places, when
from apitrail.cli.options import output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, say
from apitrail.insights.insight import TYPES


@click.command("insights")
@click.option("--replay", "path", type=click.Path(path_type=Path), metavar="PATH", help="Look at what is in PATH instead of the trail: another trail, a bundle, or a directory of CloudTrail's log files.")  # fmt: skip
@click.option("--since", metavar="TIME", help="Only insights that were told from this time on; what was before still counts as usual.")  # fmt: skip
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(TYPES)), help="Only insights of this kind.")  # fmt: skip
@output_option("text", "jsonl", default="text")
@pager_option
@with_trail
def insights(
    trail: Path, path: Path | None, since: str | None, kinds: tuple[str, ...], output: str
) -> None:
    """Tell what is unusual among the calls: rates, what was never seen, sequences, silence.

    The detectors run over all calls in the order of their times, and nothing is written. The
    first days only teach them what is usual.
    """
    from apitrail.delivery import insight_replay
    from apitrail.recording.config_file import Configuration

    now = datetime.now().astimezone()
    chosen = insight_replay.Chosen(
        since=None if since is None else when.parse(since, now=now), kinds=kinds
    )
    thresholds = Configuration.read(places.configuration(None)).insights
    found = (
        insight_replay.of_trail(trail, thresholds)
        if path is None
        else insight_replay.replay(path, thresholds, say)
    )
    count = emit(insight_replay.lines(found, output=output, chosen=chosen), paged=True)
    if output == "text" and not count:
        say("nothing unusual")
