"""Calls are read beside the event loop where that takes long: large bodies, and models to load."""

from __future__ import annotations

from collections.abc import Callable

from apitrail.aside import in_thread
from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.find.route import Route
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Body, Request

# Bodies of this size and more are decoded off the event loop, so that other calls go on.
LARGE = 64 * 1024


async def asked(request: Request, credential: Credential) -> Call:
    """What a request means."""
    if len(request.body.data) < LARGE and decode.is_ready():
        # Mostly all is there: then nothing is waited for.
        route = decode.route(request, credential)
        if decode.needs(route) is None:
            return decode.request(request, credential, route)
    route = await routed(request, credential)
    return await off_loop(request.body, decode.request, request, credential, route)


async def asked_whole(request: Request, credential: Credential, begun: Call) -> Call:
    """What a request means whose body was streamed, where `begun` was known of it before.

    It has passed, so nobody can refuse it.
    """
    try:
        return await asked(request, credential)
    except (MemoryError, OSError) as error:
        return begun.doubting(f"its body could not be read: {type(error).__name__}")


async def routed(request: Request, credential: Credential) -> Route:
    """Where a request goes. Models are loaded in a thread, so that no other call waits."""
    if not decode.is_ready():
        await in_thread(decode.prepare)
    route = await off_loop(request.body, decode.route, request, credential)
    prepared = set[str]()
    # Where there is no room for all of them, or others push them out, the decoder loads them again.
    while (need := decode.needs(route)) is not None and need not in prepared:
        await in_thread(decode.prepare, need)
        prepared.add(need)
    return route


async def off_loop[**P, T](
    body: Body, decoder: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Decode in a thread what has a large body, and at once what has not."""
    if len(body.data) >= LARGE:
        return await in_thread(decoder, *args, **kwargs)
    return decoder(*args, **kwargs)
