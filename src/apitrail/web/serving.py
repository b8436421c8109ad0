"""`apitrail serve`: the trail made ready, guarded, announced and served.

It does not know the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.web import guard, server
from apitrail.web.app import application
from apitrail.web.served import Served

type Say = Callable[[str], None]


def serve(
    path: Path,
    address: guard.Address,
    *,
    names: Iterable[str],
    token: str | None,
    clock: Callable[[], int],
    say: Say,
) -> None:
    """Serve until asked to end; `say` takes words to a person.

    Raises:
        UsageError: there is nothing to serve, or no place to do it.
    """
    served = Served(path, clock)
    with served.source():
        pass  # what cannot be read is refused before anything listens
    if token is None and not address.is_loopback:
        token = guard.new_token()
        say(f"apitrail: the token, shown this once: {token}")
    listening = server.listen(address)
    try:
        served.deliver()
    except (UsageError, OSError) as error:
        say(f"apitrail: no new log files: {error}")
    guarded = guard.Guard(
        application(served), frozenset(name.lower() for name in (*names, address.host)), token
    )
    url = f"http://{server.bound(listening)}"
    server.run(guarded, listening, ready=lambda: _announce(served, url, token is not None, say))


def _announce(served: Served, url: str, needs_token: bool, say: Say) -> None:
    say(f"apitrail: serving {served.path} on {url}")
    say(f"    export AWS_ENDPOINT_URL={url}")
    if needs_token:
        say("    export AWS_ACCESS_KEY_ID=<the token> AWS_SECRET_ACCESS_KEY=any")
    say("    aws cloudtrail lookup-events --max-items 5")
    for about in served.trails()[:1] if not served.is_bundle else ():
        say(
            f"    aws cloudtrail validate-logs --trail-arn {about['TrailARN']} "
            "--start-time 2020-01-01"
        )
