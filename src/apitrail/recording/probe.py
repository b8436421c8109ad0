"""`python -m apitrail.recording.probe`: does a recorder on this machine answer that it is ready?

A container's health check runs it every few seconds, so it loads an HTTP client and nothing of ours.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Mapping, Sequence

# The variable that `apitrail record` reads as well, and where it listens in the image.
VARIABLE = "APITRAIL_HEALTH"
DEFAULT = "127.0.0.1:9464"
PATIENCE = 4.0


def ask(address: str, path: str) -> tuple[bool, str]:
    """Whether `GET path` there is answered with 200, and the answer in one line."""
    try:
        connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status == 200, response.read(1000).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer from {address}: {error}"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """0 where it is ready (or alive, with `healthz` as the argument), else 1 and the reason."""
    if list(arguments) not in ([], ["readyz"], ["healthz"]):
        print(f"not a probe: {list(arguments)!r}\nhint: readyz or healthz", file=sys.stderr)  # noqa: T201
        return 2
    path = f"/{arguments[0] if arguments else 'readyz'}"
    holds, words = ask(environment.get(VARIABLE) or DEFAULT, path)
    print(words)  # noqa: T201 - Docker and Kubernetes show it
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
