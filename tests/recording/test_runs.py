"""Runs that share a recorder: what the log says of them."""

from __future__ import annotations

import asyncio

import pytest

from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from proxying import AWS, calls, connect, dial, recording, request, upstream

SECRET = "cnry7f3KqP9zWx2m"
LABELS = {"build": "1234", "ticket": "PAY-17", "note": "release of Tuesday", "deploy": "prod"}
COMMAND = "deploy-all.sh"


def recorded(trail, labels: dict[str, str], command: str) -> tuple[list[bytes], bytes]:
    """All facets of a run with one call, and every byte of the trail."""

    async def scenario() -> None:
        async with upstream() as stub, recording(trail, upstream=stub.url) as session:
            await session.runs.begin(labels, command, alone=True)
            async with dial(session) as client:
                await client.send(request(f"http://{AWS}/"))
                await client.head()

    asyncio.run(scenario())
    with Reader(trail) as reader:
        facets = [data for index in range(reader.size) for data in reader.facets(index).values()]
    return facets, b"".join(each.read_bytes() for each in trail.rglob("*") if each.is_file())


@pytest.mark.parametrize(
    ("labels", "command"),
    [
        ({"db-password": SECRET}, COMMAND),
        ({"note": f"curl -u me:{SECRET} https://x.example"}, COMMAND),
        ({"from": f"https://me:{SECRET}@git.example/r"}, COMMAND),
        ({f"token={SECRET}": "x"}, COMMAND),
        ({"build": "1"}, f"/opt/run?token={SECRET}"),
        ({"build": "1"}, f"mysql -p{SECRET}"),
    ],
)
def test_no_secret_of_a_label_or_a_command_is_stored(tmp_path, labels, command):
    facets, files = recorded(tmp_path, labels, command)
    assert not [data for data in facets if SECRET.encode() in data]
    assert SECRET.encode() not in files


def test_ordinary_labels_and_commands_stay_and_are_found(tmp_path):
    recorded(tmp_path, LABELS | {"password": SECRET}, COMMAND)
    with Reader(tmp_path) as reader:
        wanted = [(f"{key}={value}",) for key, value in LABELS.items()]
        found = list(reader.select(Filter(label=(*wanted, ("password",)))))
        [event] = [Event.parse(reader.facets(index)) for index in found]
    assert event.who is not None
    assert event.who.run is not None
    assert event.who.run.labels.items() >= LABELS.items()
    assert event.who.run.rest["command"] == COMMAND


def test_a_part_has_the_calls_that_come_in_by_the_doors_of_its_run(tmp_path):
    """A client that was made before keeps its proxy; whose calls are its, changes."""

    async def scenario() -> tuple[str, list[str]]:
        async with upstream() as stub, recording(tmp_path, upstream=stub.url) as session:
            run, _ = await session.runs.begin({"suite": "1"}, None, alone=False)
            port = await session.runs.listen(run, stub.url)
            async with connect(port.port) as client:

                async def call() -> None:
                    await client.send(request("/"))
                    await client.head()

                await call()
                parts = []
                for name in ("one", "two"):
                    parts.append(await session.runs.begin_part(run, {"test": name}))
                    await call()
                assert await session.runs.end_part(run) == 1
                await call()
                parts.append(await session.runs.begin_part(run, {"test": "none"}))
            await session.runs.end(run)
            with pytest.raises(UsageError, match="no run"):
                await session.runs.begin_part(run, {})
            return run, parts

    run, parts = asyncio.run(scenario())
    whose = [event.who.run.id for event in calls(tmp_path) if event.who and event.who.run]
    assert whose == [run, *parts[:2], run]
    with Reader(tmp_path) as reader:
        labels = dict(reader.run_labels())
    # A part without a call leaves nothing in the log.
    assert labels == {run: {"suite": "1"}, parts[0]: {"test": "one"}, parts[1]: {"test": "two"}}
