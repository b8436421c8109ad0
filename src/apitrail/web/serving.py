"""`apitrail serve`: the trail made ready, guarded, announced and served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from apitrail.address import Address, listen
from apitrail.errors import UsageError
from apitrail.web import host_check, listener
from apitrail.web.app import application
from apitrail.web.console.console import Console
from apitrail.web.content import Served

type Say = Callable[[str], None]


def serve(
    path: Path,
    address: Address,
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
        pass  # a trail that cannot be read is refused before anything listens
    if token is None and not address.is_loopback:
        token = host_check.new_token()
        say(f"apitrail: the token, shown this once: {token}")
    listening = listen(address)
    try:
        served.deliver()
    except (UsageError, OSError) as error:
        say(f"apitrail: no new log files: {error}")
    console = Console.of(served)
    guarded = host_check.Guard(
        application(served, console),
        frozenset(name.lower() for name in (*names, address.host)),
        token,
    )
    words = list(_welcome(served, f"http://{Address.of(listening)}", token is not None))
    listener.run(guarded, listening, ready=lambda: say("\n".join(words)), ending=console.ending.set)


def _welcome(served: Served, url: str, needs_token: bool) -> Iterator[str]:
    yield f"apitrail: serving {served.path} on {url}"
    yield f"    the console: {url}/"
    if needs_token:
        yield "    a browser asks for a password: it is the token"
    yield f"    export AWS_ENDPOINT_URL={url}"
    if needs_token:
        yield "    export AWS_ACCESS_KEY_ID=<the token> AWS_SECRET_ACCESS_KEY=any"
    yield "    aws cloudtrail lookup-events --max-items 5"
    for about in served.trails() if not served.is_bundle else ():
        arn = about["TrailARN"]
        yield f"    aws cloudtrail validate-logs --trail-arn {arn} --start-time 2020-01-01"
