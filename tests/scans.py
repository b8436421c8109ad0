"""The twenty questions of a lake without SQL: a scan of the Iceberg table, and Python for the rest.

Written from the questions' words, so that it holds the SQL to them too.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyiceberg.table import Table

from apitrail.when import iso_second

type Row = dict[str, Any]
type Values = dict[str, str]
type Answer = Iterable[tuple[Any, ...]]

_CALL = (
    "eventtime",
    "caller",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "errorcode",
)
_DENIED = ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")


def _calls(*more: str) -> Callable[[list[Row], Values], Answer]:
    return lambda rows, _: (tuple(row[name] for name in (*_CALL, *more)) for row in rows)


def _at(row: Row, column: str, *keys: str) -> Any:
    found = json.loads(row[column] or "null")
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _root_use(rows: list[Row], values: Values) -> Answer:
    return _calls()([row for row in rows if not _at(row, "useridentity", "invokedBy")], values)


def _key_made(rows: list[Row], values: Values) -> Answer:
    for row in rows:
        if _at(row, "responseelements", "accessKey", "accessKeyId") == values["key"]:
            row["made_for"] = _at(row, "responseelements", "accessKey", "userName")
            yield from _calls("made_for")([row], values)


def _denied(rows: list[Row], _: Values) -> Answer:
    groups = _groups(rows, "caller", "eventsource", "eventname")
    found = [(*key, len(some), some[0]["eventtime"], some[-1]["eventtime"]) for key, some in groups]
    return sorted(found, key=lambda each: (-each[3], each[:3]))


def _regions(rows: list[Row], _: Values) -> Answer:
    found = [
        (
            region,
            *(some[0][name] for name in ("eventtime", "caller", "eventsource", "eventname")),
            len(some),
        )
        for (region,), some in _groups(rows, "awsregion")
        if region is not None
    ]
    return sorted(found, key=lambda each: (each[1], each[0]))


def _logins(rows: list[Row], _: Values) -> Answer:
    for row in rows:
        outcome = _at(row, "responseelements", "ConsoleLogin")
        mfa = _at(row, "additionaleventdata", "MFAUsed")
        yield (
            row["eventtime"],
            row["caller"],
            row["sourceipaddress"],
            outcome,
            mfa,
            row["errormessage"],
        )


def _secrets(rows: list[Row], values: Values) -> Answer:
    return _calls()(
        [row for row in rows if values["secret"] in (row["requestparameters"] or "")], values
    )


def _talkers(rows: list[Row], _: Values) -> Answer:
    found = [
        (
            caller,
            len(some),
            sum(row["errorcode"] is not None for row in some),
            len({row["eventname"] for row in some}),
        )
        for (caller,), some in _groups(rows, "caller")
    ]
    return sorted(found, key=lambda each: (-each[1], each[0]))[:20]


def _hours(rows: list[Row], _: Values) -> Answer:
    calls, failed = Counter[str](), Counter[str]()
    for row in rows:
        hour = f"{row['eventtime'][:13]}:00:00Z"
        calls[hour] += 1
        failed[hour] += row["errorcode"] is not None
    return [
        (hour, calls[hour], failed[hour], 100 * failed[hour] // calls[hour])
        for hour in sorted(calls)
    ]


def _outside(rows: list[Row], values: Values) -> Answer:
    networks = [ipaddress.ip_network(text.strip()) for text in values["network"].split(",")]

    def is_outside(text: str | None) -> bool:
        if text is None or text == "AWS Internal" or ".amazonaws.com" in text:
            return False
        return not any(ipaddress.ip_address(text) in network for network in networks)

    kept = [row for row in rows if is_outside(row["sourceipaddress"])]
    found = [
        (*key, len(some), some[0]["eventtime"], some[-1]["eventtime"])
        for key, some in _groups(kept, "sourceipaddress", "caller")
    ]
    return sorted(found, key=lambda each: (-each[2], each[:2]))


def _story(rows: list[Row], values: Values) -> Answer:
    fields = ("requestparameters", "responseelements", "resources")
    kept = [row for row in rows if any(values["resource"] in (row[name] or "") for name in fields)]
    return _calls()(kept, values)


def _opened_groups(rows: list[Row], _: Values) -> Answer:
    for row in rows:
        if '"0.0.0.0/0"' in row["requestparameters"] or '"::/0"' in row["requestparameters"]:
            group = _at(row, "requestparameters", "groupId")
            yield row["eventtime"], row["caller"], row["eventname"], group, row["awsregion"]


def _opened_buckets(rows: list[Row], _: Values) -> Answer:
    for row in rows:
        asked = _at(row, "requestparameters")
        policy = (asked.get("bucketPolicy") or {}).get("Statement", [])
        is_open = any(each.get("Principal") in ("*", {"AWS": "*"}) for each in policy)
        if (
            is_open
            or asked.get("x-amz-acl") == "public-read"
            or row["eventname"].startswith("Delete")
        ):
            yield (
                row["eventtime"],
                row["caller"],
                row["eventname"],
                asked.get("bucketName"),
                asked.get("key"),
            )


def _roles(rows: list[Row], _: Values) -> Answer:
    for row in rows:
        role = _at(row, "requestparameters", "roleArn")
        if (
            role.split(":")[4] != row["useridentity_accountid"]
            and row["useridentity_type"] != "AWSService"
        ):
            yield (
                row["eventtime"],
                row["caller"],
                row["useridentity_accountid"],
                role,
                row["errorcode"],
            )


def _gaps(rows: list[Row], values: Values) -> Answer:
    found = []
    for (caller,), some in _groups(rows, "caller"):
        for before, after in itertools.pairwise(some):
            gap = after["seconds"] - before["seconds"]
            if gap >= int(values["seconds"]):
                found.append((caller, before["eventtime"], after["eventtime"], gap))
    return sorted(found, key=lambda each: (-each[3], each[0], each[2]))


def _groups(rows: Iterable[Row], *names: str) -> list[tuple[tuple[Any, ...], list[Row]]]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[name] for name in names)].append(row)
    return list(found.items())


_ASKED = _calls("requestparameters")
# Question → what is scanned for, and what is made of the rows.
SCANS: dict[str, tuple[str, Callable[[list[Row], Values], Answer]]] = {
    "root-use": ("useridentity_type = 'Root'", _root_use),
    "key-made": ("eventname = 'CreateAccessKey'", _key_made),
    "key-used": ("useridentity_accesskeyid = '{key}'", _calls()),
    "principal-did": ("useridentity_arn = '{principal}'", _calls()),
    "denied-by-caller": (f"errorcode IN {_DENIED}", _denied),
    "region-first-used": ("", _regions),
    "console-logins": ("eventname = 'ConsoleLogin'", _logins),
    "secret-read": ("eventname IN ('GetSecretValue', 'GetParameters')", _secrets),
    "policy-changes": ("eventsource = 'iam.amazonaws.com' AND eventname = 'AttachUserPolicy'", _ASKED),
    "top-talkers": ("", _talkers),
    "errors-by-hour": ("", _hours),
    "calls-from-outside": ("", _outside),
    "resource-story": ("", _story),
    "run-did": ("run = '{run}'", _calls("operator")),
    "trail-changes": ("eventsource = 'cloudtrail.amazonaws.com' AND readonly = false", _ASKED),
    "groups-opened": ("eventname = 'AuthorizeSecurityGroupIngress' AND errorcode IS NULL", _opened_groups),
    "buckets-opened": (
        "eventname IN ('PutBucketPolicy', 'PutBucketAcl', 'PutObjectAcl', 'DeleteBucketPublicAccessBlock')",
        _opened_buckets,
    ),
    "roles-across-accounts": ("eventname = 'AssumeRole'", _roles),
    "deletions": (
        ("errorcode IS NULL AND readonly = false AND (eventname LIKE 'Delete%' "
        "OR eventname LIKE 'Terminate%' OR eventname = 'PurgeQueue')"),
        _ASKED,
    ),
    "caller-gaps": ("", _gaps),
}  # fmt: skip


def answer(table: Table, name: str, values: Values, during: str) -> list[tuple[Any, ...]]:
    """What a scan finds in a part of the table; `during` is a condition."""
    condition, make = SCANS[name]
    wanted = (
        " AND ".join(filter(None, (during, condition.format(**values)))) or "eventtime IS NOT NULL"
    )
    rows = table.scan(row_filter=wanted).to_arrow().to_pylist()
    return list(make(list(_prepared(rows)), values))


def _prepared(rows: list[Row]) -> Iterator[Row]:
    for row in sorted(rows, key=lambda row: (row["eventtime"], row["eventid"])):
        row["seconds"] = int(row["eventtime"].timestamp())
        row["eventtime"] = iso_second(row["seconds"])
        names = (
            "useridentity_arn",
            "username",
            "useridentity_accesskeyid",
            "useridentity_principalid",
        )
        row["caller"] = next((row[each] for each in names if row[each] is not None), "-")
        yield row
