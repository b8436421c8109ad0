"""Published test vectors, as compact data of ours in `tests/vectors/`; each file names its sources."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent / "vectors"


@cache
def read(name: str) -> Any:
    """The vectors in `tests/vectors/NAME.json`."""
    return json.loads((DIRECTORY / f"{name}.json").read_text("utf-8"))
