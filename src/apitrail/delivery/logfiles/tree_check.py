"""Verifying a tree of log files and digests: what the log itself vouches for, and nothing else.

The AWS CLI sees a digest that was changed; it does not see that the newest are gone, that all are
gone, or that there is a log file of which no digest speaks. It does not know where trust comes
from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from apitrail.delivery.logfiles import chain, file_checkpoint, findings
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, OWN, SIDECAR, Tree, sidecar
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.tlog.checkpoint import Checkpoint

type Step = Callable[[str], None]


def verify_tree(
    path: Path, trust: Trust, *, since: str | None = None, step: Step = lambda _: None
) -> Report:
    """Check a tree; what does not hold is named, file by file.

    Args:
        path: its directory, as `export --format cloudtrail` wrote it.
        trust: keys and heads known from outside.
        since: an older signed checkpoint: a tree of fewer entries is an older tree.
        step: told of each step as it begins.
    """
    checking = _Check(Tree(path), trust, step)
    try:
        checking.run(since)
        return replace(checking.report, message=checking.message())
    except (VerificationError, FormatError) as error:
        return checking.report.failing(error)


class _Check:
    """The steps, and what is known so far."""

    def __init__(self, tree: Tree, trust: Trust, step: Step) -> None:
        self.tree = tree
        self.trust = trust
        self.report = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
        self.said: list[str] = []
        self._tell = step

    def run(self, since: str | None) -> None:
        """All steps; raises Finding."""
        self._tell("1. manifest: signature of the log")
        manifest, head, history = self._open()
        self._learn(manifest, head, history)
        self._tell(f"2. {len(manifest.logs)} log files, {len(manifest.digests)} digests")
        found = self._files(manifest)
        self._tell("3. digests: signatures, chain, contents")
        found += self._chain(manifest)
        self._tell("4. checkpoints seen before")
        found += self._compare(head, history, since)
        if found:
            raise findings.together(found)

    def message(self) -> str:
        """What holds, in words."""
        erased = self.report.erasures
        parts = [*self.said, f"the log {self.report.origin} is trusted by {self.trust.by}"]
        if erased:
            calls = "1 call was" if erased == 1 else f"{erased} calls were"
            parts.insert(1, f"what is recorded of {calls} erased, as the log says")
        return "; ".join(parts)

    def _open(self) -> tuple[Manifest, Checkpoint, History]:
        data, signed = self.tree.read(MANIFEST), self.tree.read(CHECKPOINT)
        for name, content in ((MANIFEST, data), (CHECKPOINT, signed)):
            if content is None:
                raise Finding(
                    Verdict.TRUNCATED,
                    f"{name} is missing, and only that says what else must be here",
                    hint="export it again: apitrail export --format cloudtrail -o DIR",
                )
        assert data is not None and signed is not None  # noqa: PT018
        manifest = Manifest.parse(data)
        history = file_checkpoint.trust(manifest.rotations, signed, self.trust)
        head = file_checkpoint.confirm(history, signed, data, MANIFEST)
        if history.open(manifest.checkpoint, "the checkpoint in the manifest") != head:
            raise tampered("the manifest is signed at another checkpoint than it holds")
        if manifest.origin != head.origin or manifest.entries > head.size:
            raise tampered("the manifest is not of the log that has signed it")
        return manifest, head, history

    def _learn(self, manifest: Manifest, head: Checkpoint, history: History) -> None:
        calls = sum(len(log.indexes) for log in manifest.logs)
        self.report = replace(
            self.report,
            origin=head.origin, key=str(history.keys[-1]), entries=head.size, calls=calls,
            rotations=len(history.rotations), checkpoint=manifest.checkpoint,
            erasures=sum(len(log.erased) for log in manifest.logs),
            first=min((log.oldest * 1000 for log in manifest.logs), default=None),
            last=max((log.newest * 1000 for log in manifest.logs), default=None),
        )  # fmt: skip
        self.said.append(
            f"{calls} calls in {len(manifest.logs)} log files under {len(manifest.digests)} "
            f"digests, complete and unaltered up to entry {manifest.entries - 1}"
        )
        if manifest.left_out:
            self.said.append(f"event selectors left out {manifest.left_out} calls")

    def _files(self, manifest: Manifest) -> list[Finding]:
        """Every file that must be here is, as it was; and no other."""
        expected = {file.key: file.sha256 for file in manifest.files()}
        here = [key for key in self.tree.names() if key not in OWN]
        if any(key.endswith(SIDECAR) for key in here):
            for each in manifest.digests:
                expected[each.key + SIDECAR] = _sha256(sidecar(each))
        elif manifest.digests:
            # Downloaded from a bucket: what was beside the objects is in the manifest too.
            self.said.append("without what S3 keeps beside digests")
        present = set(here)
        strangers = [tampered(f"{key} is in no manifest") for key in here if key not in expected]
        changed = [
            tampered(f"{key} is not what it was")
            for key in here
            if key in expected and _sha256(self.tree.read(key)) != expected[key]
        ]
        gone = [key for key in expected if key not in present]
        lost = findings.missing(manifest, [key for key in gone if not key.endswith(SIDECAR)])
        lost += [
            tampered(f"{key} is missing")
            for key in gone
            if key.endswith(SIDECAR) and key.removesuffix(SIDECAR) in present
        ]
        return [*changed, *strangers, *lost]

    def _chain(self, manifest: Manifest) -> list[Finding]:
        sums = {file.key: file.sha256 for file in manifest.files()}

        def read(key: str) -> bytes | None:
            data = self.tree.read(key)
            return data if data is not None and _sha256(data) == sums.get(key) else None

        found = [f"{key}: {problem}" for key, problem in chain.problems(manifest, read)]
        for log in manifest.logs:
            if (data := read(log.key)) is not None:
                found += chain.log_problems(log, data)
        return [tampered(problem) for problem in found]

    def _compare(self, head: Checkpoint, history: History, since: str | None) -> list[Finding]:
        """An export is older than the log, and may be; but of the same log."""
        heads = [history.open(text, self.trust.by) for text in self.trust.seen
                 if text.startswith(f"{head.origin}\n")]  # fmt: skip
        newest = max((seen.size for seen in heads), default=0)
        if newest > head.size:
            self.said.append(f"the log has had {newest} entries since")
        given = [] if since is None else [history.open(since, "the checkpoint given")]
        found = [
            Finding(
                Verdict.FORK, f"the log had another root at {head.size}: {self.trust.by} says so"
            )
            for seen in (*heads, *given)
            if seen.size == head.size and seen.root != head.root
        ]
        found += [
            Finding(
                Verdict.TRUNCATED,
                f"the tree is of {head.size} entries, and the checkpoint given of {seen.size}",
            )
            for seen in given
            if seen.size > head.size
        ]
        return found


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
