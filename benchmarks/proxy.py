"""What recording costs on the way: `python -m benchmarks.proxy [SECONDS]` prints one run's ratios.

The same small DynamoDB calls go to nginx directly, through stock mitmdump (bare, with `-w`, with a
HAR file) and through the recorder, over kept-alive connections in turns. A shared machine's figures
drift: the ratios of one run are what counts, and those of CPU a call more than those of the clock.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import upstream
from benchmarks.loading import Load, at_pace, by_wrk, through_tls
from benchmarks.server import Server, free_port, running

BIN = Path(sys.executable).parent
TURNS = int(os.environ.get("TURNS", "5"))
PACE = 100
# How long each way is under load before it is measured, in seconds.
WARM = 10

type Ways = Mapping[str, Server]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn measured: the load, and the seconds of CPU of the server's processes a call."""

    load: Load
    cpu: float


def reverse(stack: ExitStack, directory: Path, up: upstream.Upstream) -> Ways:
    """The ways to the upstream as its reverse proxies; `direct` uses the CPU of nobody."""
    target = f"reverse:http://127.0.0.1:{up.plain}@127.0.0.1"
    ways = {"direct": Server(up.plain, os.getpid())}
    for name, options in {
        "bare": (),
        "-w": ("-w", str(directory / "flows")),
        "HAR": ("--set", f"hardump={directory / 'flows.har'}"),
    }.items():
        port = free_port()
        ways[name] = stack.enter_context(
            running(port, *stock_command(directory), "--mode", f"{target}:{port}", *options)
        )
    port = free_port()
    command = (*our_command(directory / "trail"), "--mode", f"{target}:{port}")
    ways["apitrail"] = stack.enter_context(running(port, *command))
    return ways


def forward(
    stack: ExitStack,
    directory: Path,
    up: upstream.Upstream,
    workers: int | None = None,
    *,
    bare: bool = True,
) -> Ways:
    """The ways to the upstream by CONNECT and TLS; without `workers` as `record` has them of itself."""
    trusting = os.environ | {"AWS_CA_BUNDLE": str(up.certificate)}
    port, own = free_port(), free_port()
    trusted = f"ssl_verify_upstream_trusted_ca={up.certificate}"
    stock = (*stock_command(directory), "--mode", f"regular@127.0.0.1:{port}", "--set", trusted)
    url = f"https://127.0.0.1:{up.tls}"
    ours = (
        *our_command(directory / f"tls-{workers}"),
        "--mode",
        f"regular@127.0.0.1:{own}",
        "--upstream",
        url,
        *(() if workers is None else ("--workers", str(workers))),
    )
    found = {"bare": stack.enter_context(running(port, *stock))} if bare else {}
    name = "apitrail" if workers is None else f"workers {workers}"
    return {**found, name: stack.enter_context(running(own, *ours, env=trusting))}


def stock_command(directory: Path) -> tuple[str, ...]:
    """The command of mitmdump without more."""
    confdir = f"confdir={directory / 'stock'}"
    return (str(BIN / "mitmdump"), "-q", "--set", confdir, "--set", "keep_host_header=true")


def our_command(trail: Path) -> tuple[str, ...]:
    """The command of a recorder of this trail."""
    return (str(BIN / "apitrail"), "--trail", str(trail), "record")


def interleaved(ways: Ways, load: Callable[[int], Load]) -> dict[str, list[Turn]]:
    """Each way in turn, and all of them again."""
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, server in ways.items():
            before = server.cpu()
            made = load(server.port)
            turns[name].append(Turn(made, (server.cpu() - before) / made.calls))
    return turns


def report(title: str, turns: Mapping[str, list[Turn]]) -> None:
    """Medians of the turns; rate and CPU also as a share of bare mitmdump's."""

    def median(name: str, figure: Callable[[Turn], float]) -> float:
        return statistics.median(map(figure, turns[name]))

    def rate(turn: Turn) -> float:
        return turn.load.rate

    def cpu(turn: Turn) -> float:
        return turn.cpu

    print(f"\n{title}")
    print("              calls/s  x bare   p50 ms   p99 ms   CPU us  x bare")
    for name in turns:
        rated, used = median(name, rate), median(name, cpu)
        print(
            f"  {name:9} {rated:10.0f} {rated / median('bare', rate):7.2f} "
            f"{median(name, lambda t: t.load.p50):8.2f} {median(name, lambda t: t.load.p99):8.2f} "
            + (f"{used * 1e6:8.0f} {used / median('bare', cpu):7.2f}" if name != "direct" else ""),
            flush=True,
        )


def fdatasync(directory: Path, times: int = 200) -> float:
    """Milliseconds that this disk takes to make 4 kB more of a file durable."""
    took = []
    with (directory / "synced").open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)


def main(seconds: float) -> None:
    """Run and print."""
    os.environ["APITRAIL_CONFIG"] = os.devnull + ".none"
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        up = stack.enter_context(upstream.started(directory))
        ways = reverse(stack, directory, up)
        for server in ways.values():
            # Models are loaded, caches are warm, and a recorder has the workers that it needs.
            by_wrk(server.port, 16, WARM, directory)
        for connections in (16, 1):
            title = f"reverse, {connections} connection{'s' if connections > 1 else ''}"
            report(
                title, interleaved(ways, lambda port, n=connections: by_wrk(port, n, seconds, directory))  # type: ignore[misc]
            )  # fmt: skip
        turns = interleaved(ways, lambda port: at_pace(port, PACE, seconds))
        report(
            f"reverse, {PACE} calls a second; two fdatasync: {2 * fdatasync(directory):.2f} ms",
            turns,
        )
        print(
            "\nresident, MB:",
            *(f"{n} {s.memory() / 1e6:.0f}" for n, s in ways.items() if n != "direct"),
        )
        if up.tls is None:
            print("\nCONNECT and TLS: not measured, there is no nginx")
            return
        target, ways = up.tls, forward(stack, directory, up)
        for server in ways.values():
            through_tls(server.port, target, 16, WARM)
        report(
            "CONNECT and TLS, 16 connections",
            interleaved(ways, lambda port: through_tls(port, target, 16, seconds)),
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 3.0)
