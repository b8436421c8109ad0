"""What we use of others that they do not promise to keep: one list, and a test that sees it change.

Each digest is of the source without comments, docstrings and layout. Where one differs, read what
changed, run the tests of the module on the right, and write the new digest here.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "apitrail"

# What is used (module:name, or a whole module) → its digest, and which of our modules use it.
USED = {
    "mitmproxy.proxy.layers.http": ("f0b8010654e032d6", "recording/proxy/layer.py"),
    "mitmproxy.proxy.layers.http._base": ("5160765fdb559537", "recording/proxy/layer.py"),
    "mitmproxy.proxy.layers.http._events": ("260f75a4f8ad4004", "recording/proxy/layer.py"),
    "mitmproxy.proxy.layers.http._hooks": ("ccc97ef8d4af6640", "recording/proxy/layer.py"),
    "mitmproxy.proxy.layers.http._http1": ("d5273e852b3d9e17", "recording/proxy/layer.py"),
    "mitmproxy.proxy.layers.http._http2": ("9d900dc354670189", "recording/proxy/http2.py"),
    "mitmproxy.proxy.layers.websocket": ("09c922ea15c60930", "recording/proxy/websockets.py"),
    "h2.connection:H2Connection._receive_goaway_frame": ("77d6b33ab85ad65f", "recording/proxy/http2.py"),
    "h2.connection:H2Connection.__init__": ("4045e47fca465747", "recording/proxy/http2.py"),
    "mitmproxy.addonmanager:AddonManager": ("e281d16cc2be1f0a", "recording/proxy/wanted_hooks.py"),
    "mitmproxy.addons.proxyserver:Servers": ("3ae88679a49a3e97", "recording/proxy/master.py"),
    "mitmproxy.http:MessageData": ("b8930f126b2e329d", "recording/proxy/layer.py"),
    "mitmproxy.proxy.server:TimeoutWatchdog": ("af22f6a08867b199", "recording/proxy/silence.py"),
    "mitmproxy.flow:Flow.__init__": ("32448b80a8d272e8", "recording/proxy/trims.py"),
    "mitmproxy.flow:Flow.copy": ("aea55d9f098637b1", "recording/proxy/trims.py"),
    "mitmproxy.proxy.layer:NextLayer": ("5e348845696fb94b", "recording/proxy/hook_runner.py"),
    "mitmproxy.proxy.layers.modes:DestinationKnown": ("f1b832706e35525c", "recording/proxy/hook_runner.py"),
    "mitmproxy.addons.tlsconfig:TlsConfig.crl_path": ("c9ad7b7fb96a7c58", "recording/proxy/certificates.py"),
    "mitmproxy.proxy.layer:Layer.handle_event": ("9ebc4fa1be44335b", "recording/proxy/layer.py"),
    "mitmproxy.optmanager:_Option": ("ceb42db696f12f4a", "recording/proxy/trims.py"),
    "mitmproxy.proxy.context:Context": ("4009b8c27b1f690e", "recording/proxy/trims.py"),
    "mitmproxy.http:Headers": ("e67d5f6bba894862", "recording/proxy/trims.py"),
    "mitmproxy.coretypes.multidict:_MultiDict": ("6cb1b561a9f1a905", "recording/proxy/trims.py"),
    "mitmproxy.net.http.validate": ("2cad7e299c73f43a", "recording/proxy/trims.py"),
    "mitmproxy.net.http.http1.read": ("aa0dc010bc1a0a77", "recording/proxy/trims.py"),
    "asyncio.locks:Lock": ("703512abbfaf6933", "recording/proxy/turns.py"),
    "mitmproxy.addons.upstream_auth": ("8be17c622cc746c9", "recording/proxy/master.py"),
    "mitmproxy.proxy.mode_servers": ("97ef627def923dca", "recording/proxy/downstream.py"),
    "mitmproxy.proxy.server:ConnectionHandler": ("3aa14f59db6c3993", "recording/proxy/downstream.py"),
    "aiosqlite.core:_connection_worker_thread": ("70969a86122b9615", "trail/files_thread.py"),
    "aiosqlite.core:Connection.__init__": ("c87efef27dcb3047", "trail/files_thread.py"),
    "h11._readers": ("41da7f94b9d5a890", "recording/proxy/layer.py"),
    "botocore.client:BaseClient._make_api_call": ("43a7ad728a1fe5ad", "replay/resend/sender.py"),
    "uvicorn.server:Server.capture_signals": ("d32adae558046972", "web/listener.py"),
    "uvicorn.server:Server.startup": ("d550ab8be4c57879", "web/listener.py"),
}  # fmt: skip

# Private names of our own that another class of the same module uses, and those that a listed
# function sets or a listed module has.
OURS = {
    "_to", "_received", "_frame_dispatch_table", "_default", "_read_headers", "_paused", "_remaining",
    "_handle_event", "_tx", "_thread", "_files",
}  # fmt: skip

_LAYOUT = {
    tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def digest(name: str) -> str:
    """Of the source of a module, or of `module:name` in it."""
    module, _, path = name.partition(":")
    found: object = import_module(module)
    vars(found)  # a module that is loaded when it is first used is loaded now
    for part in path.split(".") if path else ():
        found = inspect.getattr_static(found, part)
    while isinstance(found, type) and found.__module__.startswith("apitrail."):
        found = found.__bases__[0]  # a test before this one has put our own in its place
    text = inspect.getsource(found)  # type: ignore[arg-type]
    return hashlib.sha256(" ".join(words(text)).encode()).hexdigest()[:16]


def words(text: str) -> Iterator[str]:
    """The tokens of a source, but for comments, docstrings and layout."""
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(textwrap.dedent(text)).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL):
            continue
        if token.type not in _LAYOUT and not (begins and token.type == tokenize.STRING):
            yield token.string
        begins = token.type in _LAYOUT


def private_names(path: Path) -> set[str]:
    """`package.module` of each import from a private module of others."""
    tree = ast.parse(path.read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            private = [i for i, part in enumerate(parts) if part.startswith("_")]
            if parts[0] not in ("apitrail", "__future__", "_thread", "_typeshed") and private:
                found.add(".".join(parts[: private[0] + 1]))
    return found


@pytest.mark.parametrize("name", USED)
def test_what_we_use_is_as_it_was(name):
    assert digest(name) == USED[name][0], f"{name} has changed, which {USED[name][1]} relies on"


def test_every_private_module_is_listed():
    used = {
        name
        for path in SOURCE.rglob("*.py")
        if "files" not in path.parts
        for name in private_names(path)
    }
    assert used <= {name.partition(":")[0] for name in USED}


def test_every_attribute_that_is_marked_as_private_is_listed():
    """ruff's SLF001 marks each use of a private attribute of something that is not `self`."""
    marked = {
        name
        for path in SOURCE.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if "noqa: SLF001" in line
        for name in re.findall(r"\.(_\w+)", line)
    }
    listed = {part for name in USED for part in re.split(r"[.:]", name)}
    assert marked <= listed | OURS


@pytest.mark.parametrize("name", USED)
def test_each_user_is_there(name):
    assert (SOURCE / USED[name][1]).is_file()
