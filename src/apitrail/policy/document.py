"""Statements as policies: JSON that fits AWS's limit, Terraform, or one guard."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from apitrail.codec import Json
from apitrail.policy.least import Needed

LIMIT = 6_144
"""Characters of a managed policy, white space left out ("IAM and AWS STS quotas")."""
VERSION = "2012-10-17"


def documents(found: Sequence[Needed]) -> list[dict[str, Json]]:
    """The policies: as few as fit, each within the limit."""
    parted = [part for each in found for part in _parts(each)]
    pages: list[list[Needed]] = [[]]
    for each in parted:
        if pages[-1] and _size([*pages[-1], each]) > LIMIT:
            pages.append([])
        pages[-1].append(each)
    return [_document(page) for page in pages if page]


def guard(found: Sequence[Needed]) -> dict[str, Json]:
    """The guard that lets pass these uses and nothing else."""
    return _document(found)


def as_json(found: Sequence[dict[str, Json]]) -> str:
    """One policy, or a list of several."""
    return json.dumps(found[0] if len(found) == 1 else list(found), indent=2)


def as_terraform(found: Sequence[Needed]) -> Iterator[str]:
    """A data source for each policy."""
    pages = documents(found)
    for number, page in enumerate(pages, start=1):
        name = "needed" if len(pages) == 1 else f"needed_{number}"
        yield f'data "aws_iam_policy_document" "{name}" {{'
        statements = page["Statement"]
        assert isinstance(statements, list)
        for each in statements:
            yield from _block(each)
        yield "}"


def _block(statement: dict[str, Json]) -> Iterator[str]:
    yield "  statement {"
    yield f"    sid       = {_quoted(statement['Sid'])}"
    yield f"    actions   = {_quoted(_many(statement['Action']))}"
    yield f"    resources = {_quoted(_many(statement['Resource']))}"
    condition = statement.get("Condition")
    if isinstance(condition, dict):
        for test, keys in condition.items():
            for variable, values in keys.items():
                yield "    condition {"
                yield f"      test     = {_quoted(test)}"
                yield f"      variable = {_quoted(variable)}"
                yield f"      values   = {_quoted(_many(values))}"
                yield "    }"
    yield "  }"


def _quoted(value: Json) -> str:
    """A value in HCL; in its texts `${` begins an expression, and the provider writes `&{` for IAM's."""
    return json.dumps(value).replace("${", "&{").replace("%{", "%%{")


def _many(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list) else [value]


def _parts(statement: Needed) -> Iterator[Needed]:
    """A statement that is too long for a policy of its own, by its resources."""
    if _size([statement]) <= LIMIT or len(statement.resources) < 2:
        yield statement
        return
    half = len(statement.resources) // 2
    for number, some in enumerate((statement.resources[:half], statement.resources[half:]), 1):
        yield from _parts(replace(statement, sid=f"{statement.sid}x{number}", resources=some))


def _document(found: Sequence[Needed]) -> dict[str, Json]:
    return {"Version": VERSION, "Statement": [each.to_json() for each in found]}


def _size(found: Sequence[Needed]) -> int:
    text = json.dumps(_document(found), separators=(",", ":"))
    return len("".join(text.split()))
