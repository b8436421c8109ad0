"""What the checks of a tree and of a bucket have in common: the manifest's head, the heads seen
elsewhere, and one report on all that was found."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from apitrail.counted import counted
from apitrail.delivery.logfiles import findings
from apitrail.delivery.logfiles.tree_manifest import OPTIONAL, Manifest
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.tlog.checkpoint import Checkpoint

type Step = Callable[[str], None]


class Signed(Protocol):
    """A manifest, of a tree or of a shipment."""

    @property
    def origin(self) -> str: ...
    @property
    def entries(self) -> int: ...
    @property
    def checkpoint(self) -> str: ...
    def dump(self) -> bytes:
        """The bytes that this version would sign."""
        ...


class Check:
    """The report so far, what holds in words, and all findings."""

    def __init__(self, trust: Trust, step: Step) -> None:
        self.trust = trust
        self.report = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
        self.said: list[str] = []
        self.found: list[Finding] = []
        self.unknown: Counter[str] = Counter()
        self.tell = step

    def outcome(self, run: Callable[[], None]) -> Report:
        """The report once all steps ran, or as far as they came."""
        try:
            run()
            if self.found:
                raise findings.together(self.found)
        except (VerificationError, FormatError) as error:
            return self.report.failing(error)
        if self.unknown:
            self.said.append(_not_known(self.unknown))
        return replace(self.report, message="; ".join(self.said), unknown=dict(self.unknown))

    def blame(self, problems: Iterable[str]) -> None:
        """Add findings that something was altered."""
        self.found += [tampered(problem) for problem in problems]

    def check_head(
        self, manifest: Signed, data: bytes, head: Checkpoint, history: History, what: str
    ) -> None:
        """Raises Finding where a manifest is not of the log and the head it is signed at."""
        if manifest.origin != head.origin or manifest.entries > head.size:
            raise tampered(f"{what} is not of the log that has signed it")
        if history.open(manifest.checkpoint, f"the checkpoint in {what}") != head:
            raise tampered(f"{what} is signed at another checkpoint than it holds")
        self.unknown.update(_extra(json.loads(data), json.loads(manifest.dump())))

    def learn(self, manifest: Manifest, head: Checkpoint, history: History) -> None:
        """Put what a manifest says into the report."""
        self.report = replace(
            self.report,
            origin=head.origin, key=str(history.keys[-1]), entries=head.size,
            calls=manifest.calls,
            rotations=len(history.rotations), checkpoint=manifest.checkpoint,
            erasures=sum(len(log.erased) for log in manifest.logs),
            first=min((log.oldest * 1000 for log in manifest.logs), default=None),
            last=max((log.newest * 1000 for log in manifest.logs), default=None),
        )  # fmt: skip

    def compare(
        self, heads: Sequence[Checkpoint], history: History, since: str | None, short: str
    ) -> int:
        """Heads seen elsewhere must be of the same log, and the one given must be reached.

        What is checked ends with the last of `heads`, and may be older than what was seen. `short`
        says that it ends before the one given: its size, whose word, and the size there. Gives the
        size of the largest head that this machine has seen.
        """
        roots = {head.size: head.root for head in heads}
        seen = [(history.open(text, self.trust.by), self.trust.by) for text in self.trust.seen
                if text.startswith(f"{history.origin}\n")]  # fmt: skip
        by = "the checkpoint given"
        given = [] if since is None else [(history.open(since, by), by)]
        for head, source in (*seen, *given):
            if roots.get(head.size, head.root) != head.root:
                message = f"the log had another root at {head.size}: {source} says so"
                self.found.append(Finding(Verdict.FORK, message))
        for head, source in given:
            if head.size > heads[-1].size:
                message = short.format(heads[-1].size, source, head.size)
                self.found.append(Finding(Verdict.TRUNCATED, message))
        return max((head.size for head, _ in seen), default=0)


def _extra(read: Any, known: Any, path: str = "") -> Iterator[str]:
    """The paths of members that were read and that this version would not write."""
    if isinstance(read, dict) and isinstance(known, dict):
        for name, value in read.items():
            if name in known:
                yield from _extra(value, known[name], f"{path}{name}.")
            elif name not in OPTIONAL:
                yield f"{path}{name}"
    elif isinstance(read, list) and isinstance(known, list):
        for one, other in zip(read, known, strict=False):
            yield from _extra(one, other, path)


def _not_known(unknown: Counter[str]) -> str:
    count = unknown.total()
    noun = counted(count, "member")
    return (
        f"{noun} of manifests that this apitrail does not know ({', '.join(sorted(unknown))}), "
        "verified as bytes alone"
    )
