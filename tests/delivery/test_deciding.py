"""A bundle of calls that guards decided about holds the guards and the rulings too."""

from __future__ import annotations

import asyncio

from apitrail.__main__ import run
from apitrail.evidence.opening import open_source
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.policy_entry import Policy
from apitrail.trail.ruling import Ruling
from asking import NO, YES, asking, client
from evidence.bundle.judges import Standalone, agreed
from proxying import put, request


def test_the_whole_story_of_a_call_is_in_its_bundle_and_no_other_one(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"

    async def scenario():
        async with asking(trail, "ticket") as (session, _), client(session) as peer:
            for call, answer in ((request(), YES), (put(b"x"), NO)):
                await peer.send(call)
                await peer.message()
                [told] = session.recorder.holding.waiting()
                await session.recorder.holding.decide(told["ticket"], answer)
                await peer.send(call)
                await peer.message()

    asyncio.run(scenario())
    asked = ["export", "--event-name", "GetCallerIdentity", "--trail", str(trail), "-o", str(path)]
    assert run(asked) == 0
    assert run(["verify", str(path)]) == 0
    with open_source(path) as bundle:
        books = list(bundle.books(0, bundle.size))
        kinds = [bundle.entry(index).kind for index in books]
        said = [
            statements.of(bundle, kind, index) for kind, index in zip(kinds, books, strict=True)
        ]
    rulings = [each for each in said if isinstance(each, Ruling)]
    assert [each.step for each in rulings] == ["asked", "approved", "used"]
    assert {each.action for each in rulings} == {"sts:GetCallerIdentity"}
    assert [each.name for each in said if isinstance(each, Policy)] == ["careful"]
    signer = Keys.of(trail).signer()
    (tmp_path / "alone").mkdir()
    with Standalone(tmp_path / "alone") as standalone:
        assert agreed(path, standalone, signer.verifier).holds
