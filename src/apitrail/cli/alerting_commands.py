"""`apitrail alert`."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apitrail import places
from apitrail.cli.options import Group, filter_options, output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, say, table
from apitrail.errors import UsageError
from apitrail.query import Filter

if TYPE_CHECKING:
    from apitrail.recording.alerts.alert_settings import Alert

_config = click.option("--config", "configuration", type=click.Path(path_type=Path), metavar="FILE", help="Read this configuration file instead of the user's config.toml.")  # fmt: skip
_NONE = "no alert is configured"
_HINT = "write [[alert]] into {path}; docs/alerts.md shows how"


@click.group("alert", cls=Group)
def alert_group() -> None:
    """Look at alerts, and play the past through their rules.

    [[alert]] in the configuration file says which calls are worth one, and where it goes.
    """


@alert_group.command("list")
@_config
@output_option("text", "json", default="text")
def list_command(configuration: Path | None, output: str) -> None:
    """Print the alerts that are configured, and check that they can be used."""
    found = _configured(configuration)
    if output == "json":
        told = [
            {"alert": alert.name, "rule": rule.about.name, "title": rule.about.title,
             "level": rule.about.level, "sinks": [sink.shown for sink in alert.sinks]}
            for alert in found for rule in alert.watched.finders
        ]  # fmt: skip
        emit(json.dumps(each) for each in told)
        return
    rows = [
        [
            alert.name,
            rule.about.level,
            rule.about.title,
            "; ".join(sink.shown for sink in alert.sinks),
        ]
        for alert in found
        for rule in alert.watched.finders
    ]
    emit(table(rows, ("ALERT", "LEVEL", "RULE", "GOES TO")))


@alert_group.command("rules")
def rules() -> None:
    """Print the rules that come with apitrail, as `rule = "built-in:NAME"` names them."""
    from apitrail.reading.rules.shipped_rules import SHIPPED

    rows = [[each.about.name, each.about.level, each.about.title] for each in SHIPPED.values()]
    emit(table(rows, ("RULE", "LEVEL", "FINDS")))


@alert_group.command("test")
@click.argument("files", nargs=-1, metavar="[FILE|NAME…]")
@filter_options
@_config
@output_option("text", "json", default="text")
@pager_option
@with_trail
def test(
    trail: Path, files: tuple[str, ...], where: Filter, configuration: Path | None, output: str
) -> None:
    """Say which alerts the recorded calls would have raised; nothing is sent.

    FILE is a Sigma file, a directory of them, or a configuration file with [[alert]]; NAME is a rule
    that comes with apitrail, such as built-in:root-used. Without one, the alerts that are configured
    are tried. --output json prints what would have been sent, a line for each.
    """
    from apitrail.evidence.opening import open_source
    from apitrail.reading import event_list
    from apitrail.reading.rules import rule_tables, rule_trial

    if files:
        watched = [each for name in files for each in rule_tables.named(name, Path())]
    else:
        watched = [each.watched for each in _configured(configuration)]
    problems = _Problems()
    with open_source(trail) as source:
        found = rule_trial.attempt(
            source, event_list.resolve(source, where, say, exact=True), watched, problems
        )
        told = rule_trial.documents(source, found, rule_trial.origin(source))
        if output == "json":
            emit((json.dumps(each) for each in told), paged=True)
        else:
            every = list(told)
            emit(table(list(rule_trial.rows(every)), rule_trial.HEADERS), paged=True)
            say(rule_trial.counted(every))
    problems.say()


@alert_group.command("log")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="At most this many, newest first.")  # fmt: skip
@output_option("text", "json", default="text")
@pager_option
@with_trail
def log(trail: Path, limit: int, output: str) -> None:
    """Print the alerts that were raised, newest first, and how far their deliveries are."""
    from apitrail.reading import alert_log

    found = alert_log.read(trail, limit)
    if output == "json":
        emit((json.dumps(each.to_json()) for each in found.alerts), paged=True)
        return
    if not found.alerts:
        say("no alert was raised")
    emit(table([each.row() for each in found.alerts], alert_log.HEADERS), paged=True)


@alert_group.command("retry")
@with_trail
def retry(trail: Path) -> None:
    """Deliver again what was given up; a recorder that runs begins within a minute."""
    from apitrail.trail.outbox import FILE, Outbox

    if not (trail / FILE).is_file():
        raise UsageError(
            f"no alert was raised of {str(trail)!r}", hint="`apitrail alert log` lists alerts"
        )
    with closing(Outbox.open(trail)) as outbox:
        count = outbox.retry(places.clock())
    say(f"{count} {'delivery is' if count == 1 else 'deliveries are'} tried again")


@alert_group.command("send")
@click.argument("names", nargs=-1, metavar="[ALERT…]")
@_config
def send(names: tuple[str, ...], configuration: Path | None) -> None:
    """Send a test to where alerts go, all or those named; exit 1 where one does not arrive."""
    from apitrail.recording.alerts import trying

    found = _configured(configuration)
    for name in names:
        if name not in {each.name for each in found}:
            raise UsageError(f"no alert {name!r}", hint="`apitrail alert list` lists them")
    chosen = [each for each in found if not names or each.name in names]
    failed = False
    for alert, sink, problem in trying.attempt(chosen, places.clock()):
        failed = failed or problem is not None
        click.echo(f"{alert.name}: {sink.shown}: {problem or 'delivered'}")
    if failed:
        raise SystemExit(1)


class _Problems:
    """Rules that could not judge entries; each is told once, at the end."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def __call__(self, name: str, error: Exception) -> None:
        self._first.setdefault(name, str(error))
        self._counts[name] = self._counts.get(name, 0) + 1

    def say(self) -> None:
        """On stderr."""
        for name, text in self._first.items():
            say(f"alert {name!r}: {self._counts[name]:,} entries could not be judged: {text}")


def _configured(named: Path | None) -> tuple[Alert, ...]:
    from apitrail.recording.config_file import Configuration

    path = places.configuration(named)
    found = Configuration.read(path, must=named is not None).alerts
    if not found:
        raise UsageError(_NONE, hint=_HINT.format(path=path))
    return found
