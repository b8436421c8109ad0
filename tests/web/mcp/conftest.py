"""A trail with two runs that touch the same things, and the tools on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import trails
from agents import DENY, GUARD, PENDING, insight, mine, refused, ruling, theirs
from apitrail.codec import Object
from apitrail.trail.writer import Trail
from apitrail.web.mcp.checking import checked
from apitrail.web.mcp.tool import Given
from apitrail.web.mcp.toolbox import TOOLS
from apitrail.web.mcp.visible import Visible

type Ask = Callable[..., Any]


async def fill(trail: Trail) -> None:
    """Entries 4, 6, 7 and 9 are calls of the run `mine`; 5 and 8 are of others."""
    until = trails.T0 + 3_600_000
    drafts = [
        trails.opening(),
        trails.book("policy", name="careful", sha256="ab" * 32, text=json.dumps(GUARD)),
        trails.run("theirs", {"secret-label": "x"}),
        trails.run("mine", {"agent": "clerk"}),
        mine(0, resource="shared"),
        theirs(40, resource="shared"),
        mine(1, resource="other\x1b[31m"),
        refused(2, DENY, name="DeleteUser", run="mine", resource="shared"),
        trails.draft(41, resource="nobodys"),
        refused(3, PENDING, name="CreateUser", run="mine", resource="wanted"),
        ruling("t1", "asked", 3, until=until, statement="2"),
        ruling("t9", "asked", 40, until=until),
        insight("own", 4, 6),
        insight("mixed", 4, 5),
    ]  # fmt: skip
    await trails.append_each(trail, drafts)


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("agents") / "trail"
    trails.write(found, fill)
    return found


def now() -> int:
    return trails.T0 + 60_000


@pytest.fixture
def own(two_runs: Path) -> Iterator[Visible]:
    """What the run `mine` may see."""
    seen = Visible(two_runs, "mine", now)
    yield seen
    seen.close()


@pytest.fixture
def every(two_runs: Path) -> Visible:
    """All of it."""
    return Visible(two_runs, None, now)


@pytest.fixture
def ask() -> Ask:
    """Call a tool as a client does; the answer holds to the tool's schema."""

    def call(seen: Visible, name: str, /, **arguments: Any) -> Object:
        tool = TOOLS[name]
        answer = tool.run(seen, Given(checked(tool, arguments)))
        jsonschema.validate(answer, tool.output_schema)
        return answer

    return call
