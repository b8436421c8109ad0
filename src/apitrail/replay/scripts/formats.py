"""The formats by name: from recorded calls, oldest first, to lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from apitrail.replay.recorded import Recorded

NAMES = ("script", "boto3", "har", "curl")


def lines(name: str, calls: Iterable[Recorded]) -> Iterator[str]:
    """The lines of one of `NAMES`."""
    # botocore is loaded only by formats that write calls anew.
    from apitrail.replay.scripts import har

    if name == "har":
        return har.lines(calls)
    from apitrail.replay.scripts import awscli, curl, python, steps

    writers: dict[str, Callable[[steps.Script], Iterator[str]]] = {
        "script": awscli.lines,
        "boto3": python.lines,
        "curl": curl.lines,
    }
    return writers[name](steps.tell(calls, linked=name != "curl"))
