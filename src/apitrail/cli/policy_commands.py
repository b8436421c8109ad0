"""`apitrail policy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apitrail.cli.options import filter_options, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, say, table
from apitrail.errors import UsageError, unread
from apitrail.query import Filter

if TYPE_CHECKING:
    from apitrail.policy.least import Needed
    from apitrail.policy.needed import Needs, Use


@click.command("policy")
@filter_options
@click.option("--format", "form", type=click.Choice(["json", "terraform"]), default="json", show_default=True, help="How to write it.")  # fmt: skip
@click.option("--generalise", is_flag=True, help="Write * for ids, and what many names have in common, in place of each resource.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Name the entries behind each statement instead.")
@click.option("--existing", type=click.Path(path_type=Path), metavar="FILE", help="Say what of this policy is unused, missing or too broad instead.")  # fmt: skip
@click.option("--deny-all-but", is_flag=True, help="Write a guard that lets nothing else pass.")
@click.option("--denied", is_flag=True, help="Count calls that were refused as needed too.")
@pager_option
@with_trail
def policy_command(
    trail: Path, where: Filter, form: str, existing: Path | None, *, generalise: bool, explain: bool, deny_all_but: bool, denied: bool
) -> None:  # fmt: skip
    """Write the policy that the recorded calls needed: these actions on these resources.

    A policy has at most 6,144 characters; where more is needed, a list of several is printed.
    """
    if sum([explain, existing is not None, deny_all_but]) > 1:
        raise UsageError("--explain, --existing and --deny-all-but exclude each other")
    from apitrail.evidence.opening import open_source
    from apitrail.policy import document
    from apitrail.policy import existing as in_force
    from apitrail.policy.generalised import generalised
    from apitrail.policy.least import statements
    from apitrail.policy.usage import usage
    from apitrail.reading import event_list

    with open_source(trail) as source:
        resolved = event_list.resolve(source, where, say, exact=True)
    needs = usage(trail, resolved, denied=denied)
    _tell(needs)
    if existing is not None:
        rows = list(in_force.compare(in_force.parse(_read(existing)), needs.counts))
        emit(table(rows, in_force.HEADERS))
        return
    wider = generalised(needs.counts) if generalise else {}
    written = statements(needs, wider)
    if not written:
        raise UsageError("no call needed anything", hint="`apitrail events` lists the calls")
    _tell_wider(wider)
    if explain:
        emit(table(_explained(written, needs), _EXPLAINED), paged=True)
    elif deny_all_but:
        click.echo(document.as_json([document.guard(written)]))
    elif form == "terraform":
        emit((line for line in document.as_terraform(written)), paged=True)
    else:
        pages = document.documents(written)
        click.echo(document.as_json(pages))
        if len(pages) > 1:
            say(f"{len(pages)} policies: one has at most {document.LIMIT:,} characters")


_EXPLAINED = ("STATEMENT", "ACTION", "RESOURCE", "CALLS", "ENTRIES")
_ENTRIES = 8
_WIDER = 20


def _explained(written: Sequence[Needed], needs: Needs) -> list[list[str]]:
    rows = []
    for each in written:
        for use in each.uses:
            entries = needs.entries[use]
            more = "…" if needs.counts[use] > _ENTRIES else ""
            shown = ", ".join(map(str, entries[:_ENTRIES]))
            rows.append([each.sid, use.action, use.resource, str(needs.counts[use]), shown + more])
    return rows


def _tell(needs: Needs) -> None:
    uses, actions = _many(len(needs.counts), "use"), _many(len(needs.levels), "action")
    say(f"from {_many(needs.calls, 'call')}, {uses} of {actions}")
    if needs.denied:
        say(f"left out: {_many(needs.denied, 'refused call')}; --denied counts them too")
    for name, count in sorted(needs.untold.items()):
        say(f"{name}: no action of IAM's is known for it ({_many(count, 'call')})")


def _tell_wider(wider: Mapping[Use, str]) -> None:
    """How many resources stand behind each one that is written in general terms."""
    behind: dict[str, set[str]] = {}
    for use, resource in wider.items():
        if resource != use.resource:
            behind.setdefault(resource, set()).add(use.resource)
    for resource, found in sorted(behind.items())[:_WIDER]:
        say(f"{resource} stands for {_many(len(found), 'resource')}")
    if len(behind) > _WIDER:
        say(f"and {len(behind) - _WIDER} more; --explain names the resources of each")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read {str(path)!r}: {unread(error)}", hint="--existing takes IAM's JSON"
        ) from error
