"""The files that pages load: the console's own style and modules, and the verifier of bundles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}

# The verifier is the one that pages of evidence carry.
FOLDERS = (("apitrail.web.console", "static"), ("apitrail.evidence.bundle", "files/verifier"))


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    kind: str


def load() -> Mapping[str, Asset]:
    """All of them, by name; no two have the same."""
    return {
        each.name: Asset(each.read_bytes(), TYPES[each.name.rpartition(".")[2]])
        for package, folder in FOLDERS
        for each in resources.files(package).joinpath(folder).iterdir()
        if each.name.rpartition(".")[2] in TYPES
    }


def version(assets: Mapping[str, Asset]) -> str:
    """Changes whenever one of them does, so that browsers may keep them."""
    digest = hashlib.sha256()
    for name in sorted(assets):
        digest.update(assets[name].content)
    return digest.hexdigest()[:12]
