"""Verifying a tree of log files and digests: what the log itself vouches for, and nothing else.

The AWS CLI sees a digest that was changed; it does not see that the newest are gone, that all are
gone, or that there is a log file of which no digest speaks.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from apitrail.delivery.logfiles import chain, file_checkpoint, findings
from apitrail.delivery.logfiles.check import Check, Step
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, OWN, SIDECAR, Tree, sidecar
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict
from apitrail.tlog.checkpoint import Checkpoint


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
    checking = _TreeCheck(Tree(path), trust, step)
    return checking.outcome(lambda: checking.run(since))


SHORT = "the tree is of {} entries, and {} of {}"


class _TreeCheck(Check):
    """The steps."""

    def __init__(self, tree: Tree, trust: Trust, step: Step) -> None:
        super().__init__(trust, step)
        self.tree = tree

    def run(self, since: str | None) -> None:
        """All steps; raises Finding where one makes the next pointless."""
        self.tell("1. manifest: signature of the log")
        manifest, head, history = self._open()
        self.learn(manifest, head, history)
        self._say(manifest)
        self.tell(f"2. {len(manifest.logs)} log files, {len(manifest.digests)} digests")
        self._files(manifest)
        self.tell("3. digests: signatures, chain, contents")
        self._chain(manifest)
        self.tell("4. checkpoints seen before")
        # An export may be older than the log.
        newest = self.compare([head], history, since, SHORT)
        if newest > head.size:
            self.said.append(f"the log has had {newest} entries since")
        self.said.append(f"the log {head.origin} is trusted by {self.trust.by}")

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
        history = file_checkpoint.trust(manifest.rotations, signed, self.trust, "the manifest")
        head = file_checkpoint.confirm(history, signed, data, MANIFEST)
        self.check_head(manifest, data, head, history, "the manifest")
        return manifest, head, history

    def _say(self, manifest: Manifest) -> None:
        erased = self.report.erasures
        self.said.append(
            f"{manifest.told()} in {len(manifest.logs)} log files under {len(manifest.digests)} "
            f"digests, complete and unaltered up to entry {manifest.entries - 1}"
        )
        if erased:
            those = "1 call was" if erased == 1 else f"{erased} calls were"
            self.said.append(f"what is recorded of {those} erased, as the log says")
        if manifest.left_out:
            self.said.append(f"event selectors left out {manifest.left_out} calls")

    def _files(self, manifest: Manifest) -> None:
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
        self.blame(
            f"{key} is not what it was"
            for key in here
            if key in expected and _sha256(self.tree.read(key)) != expected[key]
        )
        self.blame(f"{key} is in no manifest" for key in here if key not in expected)
        gone = [key for key in expected if key not in present]
        self.found += findings.missing(manifest, [key for key in gone if not key.endswith(SIDECAR)])
        self.blame(
            f"{key} is missing"
            for key in gone
            if key.endswith(SIDECAR) and key.removesuffix(SIDECAR) in present
        )

    def _chain(self, manifest: Manifest) -> None:
        sums = {file.key: file.sha256 for file in manifest.files()}

        def read(key: str) -> bytes | None:
            data = self.tree.read(key)
            return data if data is not None and _sha256(data) == sums.get(key) else None

        self.blame(f"{key}: {problem}" for key, problem in chain.problems(manifest, read))
        for log in manifest.logs:
            if (data := read(log.key)) is not None:
                self.blame(chain.log_problems(log, data))


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
