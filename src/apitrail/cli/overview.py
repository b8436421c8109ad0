"""`apitrail top` and `apitrail diff`."""

from __future__ import annotations

import json
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path

import click

from apitrail.cli.options import filter_options, output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, is_coloured, say, screen
from apitrail.errors import UsageError
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.reading import event_list, run_diff
from apitrail.reading import top as summary
from apitrail.when import parse_duration

# ECMA-48: to the first line, and erase what is below.
_HOME = "\x1b[H\x1b[J"


@click.command("top")
@filter_options
@click.option("--by", type=click.Choice(summary.BY), default="both", show_default=True, help="What makes a line.")  # fmt: skip
@click.option("--sort", type=click.Choice(summary.SORTS), default="calls", show_default=True, help="What comes first.")  # fmt: skip
@click.option("--window", metavar="TIME", default="5m", show_default=True, help="Look at the calls of so long.")  # fmt: skip
@click.option("--every", type=click.FloatRange(min=0.1), default=2.0, show_default=True, metavar="SECONDS", help="Look again after so long.")  # fmt: skip
@click.option("-n", "--max-items", "limit", type=click.IntRange(min=1), help="Show at most this many lines; on a terminal as many as it has.")  # fmt: skip
@click.option("--once", is_flag=True, help="Show it once and end, as it does where stdout is no terminal.")  # fmt: skip
@output_option("table", "json", default="table")
@with_trail
def top(
    trail: Path, where: Filter, by: str, sort: str, window: str, every: float, limit: int | None, once: bool, output: str
) -> None:  # fmt: skip
    """Show what is called most just now, how much of it fails, and how long it takes. Ctrl-C ends it."""
    length = round(parse_duration(window).total_seconds() * 1000)
    if length <= 0:
        raise UsageError(f"a window cannot be {window!r}", hint="write 90s, 5m or 1h")
    asked = summary.Asked(by=by, sort=sort, window=length, rows=limit)
    with open_source(trail) as source:
        where = event_list.resolve(source, where, say)
        log = summary.Live(source, where, asked)
        if output == "json":
            rows = [row.to_json(length) for row in log.look(_now())[:limit]]
            click.echo(json.dumps({"window": length // 1000, "rows": rows}, indent=2))
            return
        if once or not sys.stdout.isatty():
            rows_now = log.look(_now())
            emit(summary.table(rows_now, asked, screen(), colour=is_coloured()))
            if not rows_now:
                say(f"no calls in the last {window}")
            elif log.window.is_full:
                say(f"the newest {summary.HELD} calls of it")
            return
        _watch(log, asked, every, window)


def _watch(log: summary.Live, asked: summary.Asked, every: float, window: str) -> None:
    try:
        while True:
            size = shutil.get_terminal_size()
            rows, now = log.look(_now()), datetime.now().astimezone()
            calls, failed = sum(row.calls for row in rows), sum(row.failed for row in rows)
            title = f"{now:%H:%M:%S}  {calls} calls, {failed} failed in the last {window}"
            most = asked.rows or max(size.lines - 4, 1)
            lines = summary.table(rows[:most], asked, size.columns, colour=is_coloured())
            click.echo(_HOME + "\n".join((title[: size.columns], "", *lines)), color=True)
            time.sleep(every)
    except KeyboardInterrupt:
        click.echo()


def _now() -> int:
    return time.time_ns() // 1_000_000


def _did(trail: Path, word: str) -> run_diff.Ran:
    path = Path(word)
    # A run's id is no file's name, unless somebody means it so.
    if path.is_file():
        if not is_archive(path):
            raise UsageError(f"{word!r} is no bundle", hint="apitrail export -o PATH writes one")
        with open_source(path) as bundle:
            return run_diff.everything(bundle, path.name)
    if path.suffix == ".zip":
        raise UsageError(f"no bundle at {word!r}")
    with open_source(trail) as source:
        return run_diff.ran(source, word)


@click.command("diff")
@click.argument("before", metavar="RUN|BUNDLE")
@click.argument("after", metavar="RUN|BUNDLE")
@click.option("--exit-code", is_flag=True, help="Exit status 1 where they differ.")
@output_option("text", "json", default="text")
@pager_option
@with_trail
def diff(trail: Path, before: str, after: str, exit_code: bool, output: str) -> int:
    """Show what the second run did that the first did not, and the other way round.

    RUN is the id of an `apitrail exec`, the start of one, a label such as build=1234, or `last`; or a
    bundle, which stands for all calls in it.
    """
    found = run_diff.Difference(_did(trail, before), _did(trail, after))
    emit(run_diff.lines(found, output=output, colour=is_coloured()), paged=True)
    return int(exit_code and not found.is_none)
