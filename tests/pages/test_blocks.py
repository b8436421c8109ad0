"""Every shell block of README.md and docs/ is run, in order, as the page's reader would.

Each page has a home directory of its own, with a recorded trail, and an AWS stand-in at the
address that LocalStack has. The programs of the checkout are on the PATH.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples.demo import BIN, Stage, story
from moto.server import ThreadedMotoServer

import machine
from shapes import Shown
from shellblocks import EMPTY, SHELL, Block, blocks, pages
from typed import Typed

pytestmark = [pytest.mark.docs, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
PORT = 4566


def runnable(page: Path) -> list[Block]:
    """Its shell blocks, but for those that say why not."""
    found = blocks(page.read_text("utf-8"))
    return [block for block in found if block.language in SHELL and block.not_run is None]


PAGES = [page for page in pages(ROOT) if runnable(page)]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.fail(f"something listens on port {PORT}, which the docs name: stop it first")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=PORT, verbose=False)
    server.start()
    yield f"http://localhost:{PORT}"
    server.stop()


@pytest.fixture(scope="module")
def recorded(stand_in: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose `trail` and `config` hold the demo's story."""
    place = tmp_path_factory.mktemp("recorded")
    stage = Stage(place, stand_in)
    # Pages name entries by their index: on a slow machine a heartbeat would come between them.
    recorder = stage.record("--heartbeat", "1h")
    story(stage)
    recorder.send_signal(signal.SIGTERM)
    recorder.wait()
    return place


@pytest.fixture
def shell(request, stand_in: str, recorded: Path, tmp_path: Path) -> Iterator[Typed]:
    urllib.request.urlopen(
        urllib.request.Request(f"{stand_in}/moto-api/reset", method="POST")
    ).close()
    (tmp_path / "work").mkdir()
    for name in ("examples", "addons"):
        (tmp_path / "work" / name).symlink_to(ROOT / name)
    if EMPTY not in request.param.read_text("utf-8"):
        shutil.copytree(recorded / "trail", tmp_path / ".apitrail")
        shutil.copytree(recorded / "config", tmp_path / "config")
    typed = Typed(tmp_path, environment(tmp_path, stand_in))
    yield typed
    typed.run("apitrail stop || true")
    typed.close()


def environment(home: Path, stand_in: str) -> dict[str, str]:
    """A user who works in a checkout, and whose AWS is the stand-in."""
    return machine.clean() | {
        "HOME": str(home),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": stand_in,
        "AWS_ACCESS_KEY_ID": machine.KEY,
        "AWS_SECRET_ACCESS_KEY": machine.SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "APITRAIL_CONFIG": str(home / "config"),
        "COLUMNS": "200",
    }


@pytest.mark.parametrize(
    ("shell", "page"),
    [pytest.param(page, page, id=page.relative_to(ROOT).as_posix()) for page in PAGES],
    indirect=["shell"],
)
def test_blocks_do_what_their_page_says(shell: Typed, page: Path):
    shown, problems = Shown(), list[str]()
    for block in runnable(page):
        problems += run(shell, shown, block, page.relative_to(ROOT).as_posix())
    assert not problems, "\n\n" + "\n\n".join(problems)


def run(shell: Typed, shown: Shown, block: Block, page: str) -> Iterator[str]:
    """Run a block; what did not hold."""
    if block.prepare:
        status, printed = shell.run(block.prepare)
        shown.prepared(printed)
        if status:
            yield f"{page}:{block.line}: its preparation ended with {status}\n{printed}"
    for command in block.commands():
        status, printed = shell.run(shown.renamed(command.text), command.said)
        where = f"{page}:{command.line}: $ {command.text}"
        if status not in block.statuses:
            yield f"{where}\nended with {status}\n{printed}"
        elif command.said is not None and not shown.matches(command.said, printed):
            yield f"{where}\nis said to print\n{command.said}\nand printed\n{printed}"
    shell.stop()
