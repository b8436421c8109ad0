"""mitmproxy's add-ons are loaded when they are first used.

Its package of add-ons imports all of them, and with them a web framework, an LDAP client and a
parser generator: a fifth of the time that a recorder takes to start. The recorder uses few.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

ADDONS = "mitmproxy.addons."


class Finder(MetaPathFinder):
    """Finds the modules of add-ons; their code runs when something in them is asked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for every module that is no add-on's."""
        if not fullname.startswith(ADDONS):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def install() -> None:
    """From now on; what is loaded stays as it is."""
    if not any(isinstance(each, Finder) for each in sys.meta_path):
        sys.meta_path.insert(0, Finder())
