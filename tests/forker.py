"""The process behind `preloaded`: it loads the program once and forks for each start."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

type Program = Callable[[], object]

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def load() -> None:
    """Import all of it; no more threads than one may run after it."""
    import apitrail

    for module in pkgutil.walk_packages(apitrail.__path__, "apitrail."):
        if ".files." not in module.name:
            importlib.import_module(module.name)
    tasks = Path("/proc/self/task")
    assert not tasks.exists() or len([*tasks.iterdir()]) == 1
    # What is there stays: the collector of a forked process need not touch it.
    gc.collect()
    gc.freeze()


def serve(control: socket.socket) -> Program:
    """Fork at each request; gives, in the forked process, what it runs."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1, 4)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            return watched(control, *descriptors)
        for each in descriptors:
            os.close(each)


def watched(control: socket.socket, status: int, *streams: int) -> Program:
    """Fork once more; tell the process's number and, at its end, its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told = socket.socket(fileno=status)
    with told.makefile("r") as asks:
        asked = json.loads(asks.readline())
    child = os.fork()
    if child == 0:
        told.close()
        control.close()
        return become(asked, streams)
    for each in streams:
        os.close(each)
    told.sendall(b"%d\n" % child)
    _, ended = os.waitpid(child, 0)
    with suppress(BrokenPipeError):
        told.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended))
    os._exit(0)


def become(asked: dict[str, Any], streams: tuple[int, ...]) -> Program:
    """Take the environment, the directory and the files of the program that is asked for."""
    for number, (given, (name, mode)) in enumerate(zip(streams, STREAMS, strict=True)):
        os.dup2(given, number)
        os.close(given)
        buffering = 1 if name == "stderr" else -1
        setattr(sys, name, os.fdopen(number, mode, buffering, closefd=False))
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv[:] = asked["command"]
    return importlib.import_module("apitrail.__main__").main


if __name__ == "__main__":
    load()
    serve(socket.socket(fileno=int(sys.argv[1])))()
