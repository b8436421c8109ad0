"""The README as a package index shows it, where no file lies beside it: its links are made absolute.

hatchling runs this file by its path for whatever is built, an editable installation too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
# What is shown as it is written: fenced blocks and code in a line.
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?P<before>(?P<image>!\[[^\]]*)?\]\()(?P<target>[^)\s]+)")
_DEFINED = re.compile(r"^(?P<before>\[[^\]\n]+\]:\s+)(?P<target>\S+)", re.MULTILINE)
_ATTRIBUTE = re.compile(r'(?P<before>\b(?:href|(?P<image>src|srcset))=")(?P<target>[^"]+)')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def absolute(text: str, repository: str, tag: str) -> str:
    """Markdown whose links lead into the repository as it was at a tag."""

    def target(match: re.Match[str]) -> str:
        image = "image" in match.re.groupindex and match["image"] is not None
        return match["before"] + _address(match["target"], repository, tag, image=image)

    parts = _CODE.split(text)
    for pattern in (_INLINE, _DEFINED, _ATTRIBUTE):
        # Every second part is code.
        parts[::2] = [pattern.sub(target, part) for part in parts[::2]]
    return "".join(parts)


def _address(target: str, repository: str, tag: str, *, image: bool) -> str:
    if _ELSEWHERE.match(target):
        return target
    if target.startswith("#"):  # an index gives headings no names
        return f"{repository}/blob/{tag}/README.md{target}"
    path = target.removeprefix("./").removeprefix("/")
    if image:
        return f"{repository}/raw/{tag}/{path}"
    return f"{repository}/{'tree' if path.endswith('/') else 'blob'}/{tag}/{path}"


class ReadmeHook(MetadataHookInterface):
    """Gives the package the README with absolute links."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme`, which pyproject.toml calls dynamic."""
        root = Path(self.root)
        [version] = _VERSION.findall((root / "src/apitrail/__init__.py").read_text("utf-8"))
        text = absolute(
            (root / "README.md").read_text("utf-8"), metadata["urls"]["Repository"], f"v{version}"
        )
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
