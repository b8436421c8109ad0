"""A recorder with workers: `python -m benchmarks.workers [SECONDS]` prints one run's table.

Layouts take turns before nginx, at 16 connections, at one, and through CONNECT and TLS, with stock mitmdump among
them. wrk, our own client of TLS and nginx want CPU too: a recorder has as many cores as the machine has besides.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import tools, upstream
from benchmarks.loading import by_wrk, through_tls
from benchmarks.proxy import Ways, forward, interleaved, our_command, report, stock_command
from benchmarks.server import free_port, running

LAYOUTS = tuple(map(int, os.environ.get("WORKERS", "0,1,2,4").split(",")))


def layouts(stack: ExitStack, directory: Path, up: upstream.Upstream) -> Ways:
    """Bare mitmdump, and a recorder with each number of workers."""
    target = f"reverse:http://127.0.0.1:{up.plain}@127.0.0.1"
    port = free_port()
    ways = {"bare": stack.enter_context(running(port, *stock_command(directory), "--mode", f"{target}:{port}"))}  # fmt: skip
    for number in LAYOUTS:
        port, trail = free_port(), directory / f"workers-{number}"
        command = (*our_command(trail), "--mode", f"{target}:{port}", "--workers", str(number))
        ways[f"workers {number}"] = stack.enter_context(running(port, *command))
    return ways


def tls_layouts(stack: ExitStack, directory: Path, up: upstream.Upstream) -> Ways:
    """The same by CONNECT and TLS."""
    ways: Ways = {}
    for number in LAYOUTS:
        found = forward(stack, directory, up, workers=number, bare=not ways)
        ways = {**ways, **found}
    return ways


def table(ways: Ways, seconds: float, directory: Path) -> None:
    """Measure and print."""
    for server in ways.values():
        by_wrk(server.port, 8, 1, directory)  # models are loaded, caches are warm
    for connections in (16, 1):
        title = f"workers, {connections} connection{'s' if connections > 1 else ''}"
        load = lambda port, n=connections: by_wrk(port, n, seconds, directory)  # noqa: E731
        report(title, interleaved(ways, load))
    _memory(ways)


def tls_table(ways: Ways, target: int, seconds: float) -> None:
    """Measure and print, by CONNECT and TLS."""
    for server in ways.values():
        through_tls(server.port, target, 8, 1)
    load = lambda port: through_tls(port, target, 16, seconds)  # noqa: E731
    report("workers, CONNECT and TLS, 16 connections", interleaved(ways, load))
    _memory(ways)


def _memory(ways: Ways) -> None:
    print("\nresident, MB:", *(f"{n}: {s.memory() / 1e6:.0f}" for n, s in ways.items()))


def main(seconds: float) -> None:
    """Run and print."""
    os.environ["APITRAIL_CONFIG"] = os.devnull + ".none"
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        up = stack.enter_context(upstream.started(Path(name)))
        with ExitStack() as some:
            table(layouts(some, Path(name), up), seconds, Path(name))
        if up.tls is None:
            print("\nCONNECT and TLS: not measured, there is no nginx")
            return
        tls_table(tls_layouts(stack, Path(name), up), up.tls, seconds)


if __name__ == "__main__":
    tools.ensure()
    main(float(sys.argv[1]) if sys.argv[1:] else 3.0)
