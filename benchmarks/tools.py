"""The programs that a benchmark wants beside ours: installed where it may, and said where it may not."""

from __future__ import annotations

import os
import shutil
import subprocess

# Program → what is done without it.
WANTED = {
    "wrk": "our own client sends the calls, which takes CPU from what is measured",
    "nginx": "our own server answers, and CONNECT with TLS is not measured",
}


def ensure() -> None:
    """Install what is missing with apt-get, as root or where sudo asks for no password."""
    missing = [name for name in WANTED if shutil.which(name) is None]
    if missing and (command := _installer()) is not None:
        subprocess.run([*command, *missing], check=False, capture_output=True)
    for name in missing:
        if shutil.which(name) is None:
            print(f"{name} is not here and cannot be installed: {WANTED[name]}")


def _installer() -> list[str] | None:
    install = ["apt-get", "install", "--yes", "--no-install-recommends"]
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return install
    asks = (
        shutil.which("sudo") is None
        or subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode
    )
    return None if asks else ["sudo", "-n", *install]
