"""`apitrail verify`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from apitrail import durable, places
from apitrail.cli import older_head, shipping
from apitrail.cli.options import output_option, with_trail
from apitrail.errors import UsageError
from apitrail.evidence import bundle, cose_files, known_logs, opening, receipt
from apitrail.evidence import misbehaviour as misbehaviours
from apitrail.evidence.verify import Report, Trust
from apitrail.evidence.verify import trail_check as verification
from apitrail.evidence.verify.report import Stamped
from apitrail.evidence.witness import policy_file
from apitrail.reading import render
from apitrail.tlog.policy import Policy
from apitrail.trail.reader import Reader


@click.command("verify")
@click.argument("source", required=False, metavar="[TRAIL|BUNDLE|RECEIPT|TREE|s3://…]")
@click.option("--key", "vkeys", multiple=True, metavar="VKEY", help="Trust this public key, or the one in this file.")  # fmt: skip
@click.option("--since", type=click.File("rb"), metavar="CHECKPOINT", help="Check of a trail what came after this older signed checkpoint, which it must continue. Anything else is checked whole, and must continue it.")  # fmt: skip
@click.option(
    "--whole", is_flag=True, help="With --since, check of a trail what came before it too."
)
@click.option("--misbehaviour", type=click.Path(path_type=Path), metavar="FILE", help="Where the log has forked from the checkpoint of --since, write what shows it to a third person here.")  # fmt: skip
@click.option("--policy", "policy", type=click.Path(path_type=Path), metavar="FILE", help="Judge by this policy (C2SP tlog-policy): its witnesses must have seen the log, and its logs are the keys that are trusted, where it names any.")  # fmt: skip
@click.option("--tsa", type=click.Path(path_type=Path), metavar="FILE", help="A timestamp (RFC 3161) must be there that holds under these certificates (PEM).")  # fmt: skip
@click.option("--ask", is_flag=True, help="Ask each witness of the policy for the newest head that it has seen of this log.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Read S3 with this AWS profile.")
@output_option("text", "json", default="text")
@with_trail
def verify_command(
    trail: Path, source: str | None, vkeys: tuple[str, ...], since: BinaryIO | None, whole: bool, misbehaviour: Path | None, policy: Path | None, tsa: Path | None, ask: bool,
    endpoint_url: str | None, profile: str | None, output: str,
) -> int:  # fmt: skip
    """Check that a trail is complete and unaltered, or what a bundle or a receipt proves.

    RECEIPT is a file of `/proof/INDEX`, or one or a directory of them of `export --format cose`. TREE is a directory that `export --format cloudtrail` wrote. s3://… is where `ship` wrote to.
    """
    known = known_logs.KnownLogs(places.directory())
    trust = known_logs.given(vkeys) if vkeys else known.trusted()
    if policy is not None:
        trust = _judging(trust, policy, bool(vkeys), _ask if ask else None)
    elif ask:
        raise UsageError("nobody is named to ask", hint="--policy FILE names the witnesses")
    if tsa is not None:
        trust = replace(trust, stamped=_stamped(tsa))
    older = older_head.read(since)
    if misbehaviour is not None and older is None:
        raise UsageError(
            "there is nothing to compare with", hint="--since CHECKPOINT names an older head"
        )
    if whole and older is None:
        raise UsageError("everything is checked as it is", hint="--whole is for --since CHECKPOINT")
    if source is not None and source.startswith("s3://"):
        _refuse_policy(trust, source)
        report = shipping.verify_bucket(
            source, trust, trail=trail, since=older, endpoint=endpoint_url, profile=profile
        )
    else:
        report = _check(Path(source) if source else trail, trust, older, whole=whole)
    if trust.by == known_logs.FILE:
        known.remember(report)
    if misbehaviour is not None and older is not None and not report.holds:
        _show_fork(Path(source) if source else trail, older, misbehaviour)
    click.echo(render.json_document(report.to_json()) if output == "json" else str(report))
    if report.hint:
        click.echo(f"hint: {report.hint}", err=True)
    return 0 if report.holds else 1


def _stamped(path: Path) -> Stamped:
    """Judges tokens by the certificates in a file."""
    from apitrail.evidence.witness import timestamp  # it loads an HTTP client

    timestamp.check_installed()
    try:
        roots = timestamp.roots(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error
    return lambda token, text: timestamp.time_of(token, text, roots)


type Ask = Callable[[Policy, str], Iterator[tuple[str, str]]]


def _ask(policy: Policy, origin: str) -> Iterator[tuple[str, str]]:
    """What each witness has seen of a log; of those that do not tell, it is said."""
    from apitrail.evidence.witness import newest_heads  # it loads an HTTP client

    for head in newest_heads.ask_all(policy, origin):
        if head.note is None:
            click.echo(f"    {head.problem}", err=True)
        else:
            yield head.witness, head.note


def _judging(trust: Trust, path: Path, has_keys: bool, ask: Ask | None) -> Trust:
    """Trust by a policy: its logs where it names any, and what its witnesses have seen."""
    policy = policy_file.read(path)
    trust = replace(trust, policy=policy, asked=None if ask is None else partial(ask, policy))
    if not policy.logs:
        return trust
    if has_keys:
        raise UsageError(
            f"the log's key is in {str(path)!r}, and is given with --key too",
            hint="leave one of them out",
        )
    return replace(trust, verifiers=tuple(log.verifier for log in policy.logs), by=repr(str(path)))


def _show_fork(path: Path, since: str, out: Path) -> None:
    """Write what shows a third person that the log has signed two histories, if it has."""
    if path.is_file() or bundle.is_archive(path):
        with bundle.Bundle.open(path) as opened:
            found = misbehaviours.of_bundle(opened, since)
    else:
        found = misbehaviours.of_trail(path, since)
    if found is None:
        click.echo("apitrail: no two histories can be shown by this checkpoint", err=True)
        return
    durable.write(out, str(found).encode(), mode=0o644)
    click.echo(f"apitrail: {str(out)!r} shows two histories; apitrail verify {out}", err=True)


def _refuse_more(trust: Trust, since: str | None, what: str) -> None:
    """A small file has nothing that these options could be held against."""
    if since is not None or trust.stamped is not None or trust.asked is not None:
        raise UsageError(f"{what} is checked by itself", hint="leave out --since, --ask and --tsa")


def _refuse_policy(trust: Trust, source: str) -> None:
    if trust.policy is not None or trust.stamped is not None:
        raise UsageError(
            f"{source!r} holds no cosignatures, and no timestamps",
            hint="--policy and --tsa are for a trail or a bundle",
        )


def _check(path: Path, trust: Trust, since: str | None, *, whole: bool) -> Report:
    def step(text: str) -> None:
        click.echo(text, err=True)

    opening.check_there(path)
    if path.is_file() and misbehaviours.is_misbehaviour(path):
        _refuse_more(trust, since, "what shows two histories")
        return misbehaviours.verify_file(path, trust, step=step)
    if path.is_file() and receipt.is_receipt(path):
        _refuse_more(trust, since, "a receipt")
        return receipt.verify_file(path, trust, step=step)
    if receipts := cose_files.receipts(path):
        _refuse_more(trust, since, "a receipt")
        return cose_files.verify_files(receipts, trust, step=step)
    if path.is_file() or bundle.is_archive(path):
        if trust.asked is not None:
            raise UsageError(
                "a bundle cannot be compared with what witnesses know now",
                hint="leave out --ask, or ask for the trail",
            )
        if not bundle.is_archive(path):
            raise opening.not_evidence(path)
        return bundle.verify_file(path, trust, since=since, step=step)
    if shipping.is_tree(path):
        _refuse_policy(trust, str(path))
        return shipping.verify_tree(path, trust, since=since)
    with _progress(path) as progress:
        return verification.check(
            path,
            trust,
            now=places.clock(),
            since=since,
            whole=whole,
            step=step,
            progress=progress,
        )


@contextmanager
def _progress(trail: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, with a rate and the time that is left; silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Reader(trail) as reader:
        size = reader.size
    began, done = time.monotonic(), 0

    def rate(entries: int | None) -> str:
        return f"{entries / max(time.monotonic() - began, 1e-3):,.0f}/s" if entries else ""

    with click.progressbar(
        length=size, label="entries", file=sys.stderr, show_pos=True, item_show_func=rate
    ) as bar:

        def progress(more: int) -> None:
            nonlocal done
            done += more
            bar.update(more, done)

        yield progress
