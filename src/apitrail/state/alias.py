"""The names by which one resource is known: its ARN, the id in the ARN, the end of a queue's URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apitrail.remembered import remembered

# Services whose ARNs have a path before the name ("IAM identifiers": paths).
_WITH_PATHS = ("iam",)
# Route 53 writes ids with their kind in front.
_KINDS = ("/hostedzone/", "/healthcheck/", "/delegationset/", "/change/")


@remembered(16_384)
def names_of(value: str) -> tuple[str, ...]:
    """The value and every shorter name that it spells out, the most exact first."""
    return tuple(dict.fromkeys(_names(value)))


def _names(value: str) -> Iterator[str]:
    yield value
    if value.startswith("arn:"):
        yield from _in_arn(value)
    elif value.startswith(("https://", "http://")):
        yield value.rstrip("/").rpartition("/")[2]
    elif value.startswith(_KINDS):
        yield value.rpartition("/")[2]


def _in_arn(value: str) -> Iterator[str]:
    parts = value.split(":", 5)
    if len(parts) < 6:
        return
    service, rest = parts[2], parts[5]
    yield rest
    kind = min((at for at in (rest.find("/"), rest.find(":")) if at >= 0), default=-1)
    if kind < 0:
        return
    name = rest[kind + 1 :]
    yield name
    if service == "ssm":
        yield f"/{name}"
    elif service == "secretsmanager":
        yield name.rpartition("-")[0] or name
    elif service in _WITH_PATHS or rest.startswith(("service/", "loadbalancer/")):
        yield name.rpartition("/")[2]
    elif service in ("logs", "lambda"):
        yield name.partition(":")[0]
    elif service == "cloudformation":
        yield name.partition("/")[0]


def all_names(values: Iterable[str]) -> frozenset[str]:
    """Every name that any of the values spells out."""
    return frozenset(name for value in values for name in names_of(value))
