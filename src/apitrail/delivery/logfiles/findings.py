"""Findings about many files, and the one report on them."""

from __future__ import annotations

from collections.abc import Sequence

from apitrail.delivery.logfiles.tree_manifest import DigestFile, Manifest
from apitrail.evidence.verify.report import Finding, Verdict

# At most this many files are named in one message.
NAMED = 20
# Verdicts from grave to mild: where several things do not hold, the gravest is reported.
_ORDER = (
    Verdict.UNTRUSTED_KEY, Verdict.FORK, Verdict.TAMPERED, Verdict.TRUNCATED, Verdict.STALE,
)  # fmt: skip


def together(found: Sequence[Finding]) -> Finding:
    """One finding that names them all, under the gravest verdict."""
    worst = min((each.verdict for each in found), key=_ORDER.index)
    texts = list(dict.fromkeys(str(each) for each in found))
    more = [f"and {len(texts) - NAMED} more"] if len(texts) > NAMED else []
    hint = next((each.hint for each in found if each.hint), None)
    return Finding(worst, "; ".join([*texts[:NAMED], *more]), hint=hint)


def missing(manifest: Manifest, gone: Sequence[str]) -> list[Finding]:
    """Files that are not there: a tree that ends early is truncated, a hole is made."""
    lost = set(gone)
    tail: set[str] = set()
    for place in manifest.newest():
        chain = [digest for digest in manifest.digests if digest.place == place]
        while chain and (chain[-1].key in lost or _empty(chain[-1], lost)):
            last = chain.pop()
            tail.update((last.key, *last.logs))
    return [
        Finding(Verdict.TRUNCATED if key in tail else Verdict.TAMPERED, f"{key} is missing")
        for key in gone
    ]


def _empty(digest: DigestFile, lost: set[str]) -> bool:
    return bool(digest.logs) and lost.issuperset(digest.logs)
