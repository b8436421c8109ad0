"""One secret in each of many unusual places, recorded, and then looked for in all that is stored."""

from __future__ import annotations

import asyncio
import base64
import random
import re
from dataclasses import replace
from uuid import UUID

import pytest

from apitrail.exchange import Exchange
from apitrail.identity import Known
from apitrail.recording.recorder import Policy, Recorder
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from redact import canary_places, canary_texts
from redact.canary_exchanges import EXCHANGES
from redacting import REDACTOR, forms
from trails import SIGNER, Clock

DRAWN = re.compile(r"\{(\d+)(h?)\}")
# Whole texts in other letters.
ENCODINGS = {
    "hex": lambda text: text.encode().hex(),
    "hex of SQL": lambda text: "0x" + text.encode().hex().upper(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "UTF-16 in base64": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 in base64": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 in hex": lambda text: base64.b64encode(text.encode()).hex(),
}
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"


def drawn(seed: str, length: int, alphabet: str = ALPHABET) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


def corpus() -> dict[str, tuple[list[str], Exchange]]:
    """What is looked for, and the exchange that has it, by a name."""
    found: dict[str, tuple[list[str], Exchange]] = {}
    for texts, places in (
        (canary_texts.SCRIPTS, canary_places.FOR_SCRIPTS),
        (canary_texts.RANDOM, canary_places.FOR_SCRIPTS),
        (canary_texts.TEMPLATES, canary_places.FOR_TEMPLATES),
        (canary_texts.BUILDSPECS, canary_places.FOR_BUILDSPECS),
        (canary_texts.SQL, canary_places.FOR_SQL),
    ):
        for number, text in enumerate(texts):
            secret = drawn(text, 24)
            place = places[number % len(places)]
            found[f"{place}: {text}"] = [secret], in_place(place, text.replace("@@", secret))
    for name, encode in ENCODINGS.items():
        secret = drawn(name, 24)
        found[name] = (
            [secret],
            in_place("message", "run " + encode(f"export DB_PASSWORD={secret}; ./x")),
        )
    for number, text in enumerate(canary_texts.TOKENS):
        secrets: list[str] = []

        def draw(match: re.Match[str], text: str = text, secrets: list[str] = secrets) -> str:
            secrets.append(drawn(text, int(match[1]), "0123456789abcdef" if match[2] else ALPHABET))
            return secrets[-1]

        place = canary_places.FOR_TOKENS[number % len(canary_places.FOR_TOKENS)]
        found[f"{place}: {text}"] = secrets, in_place(place, DRAWN.sub(draw, text))
    for name, make in EXCHANGES.items():
        secret = drawn(name, 24)
        found[name] = [secret], make(secret)
    return found


def in_place(place: str, text: str) -> Exchange:
    return canary_places.PLACES[place](text)


CORPUS = corpus()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By the canary's name, all facets of its entry; under "files", every byte on the disk."""
    directory = tmp_path_factory.mktemp("canaries") / "trail"
    asyncio.run(recorded(directory, [exchange for _, exchange in CORPUS.values()]))
    texts: dict[str, str] = {}
    with Reader(directory) as reader:
        entries = [reader.facets(index) for index in range(reader.size)]
        calls = [facets for facets in entries if "request" in facets]
    for name, facets in zip(CORPUS, calls, strict=True):
        texts[name] = "\n".join(data.decode("utf-8", "replace") for data in facets.values())
    files = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    texts["files"] = "\n".join(data.decode("latin-1") for data in files)
    return texts


async def recorded(directory, exchanges: list[Exchange]) -> None:
    trail = await Trail.open(directory, signer=SIGNER, clock=Clock())
    recorder = Recorder(trail, REDACTOR, Known(), Clock(), policy=Policy(record_ambiguous=True))
    await recorder.start()
    for number, exchange in enumerate(exchanges):
        whole = replace(exchange, id=str(UUID(int=number + 1)), ended=exchange.ended or 2)
        opened = await recorder.begin(replace(whole, response=None, failure=None, ended=None))
        await recorder.finish(opened, whole)
    await recorder.stop("test")
    await trail.close()


def test_the_corpus_is_large_and_each_exchange_has_its_secret():
    assert len(CORPUS) >= 200
    for name, (secrets, exchange) in CORPUS.items():
        assert secrets, name
        assert exchange, name


@pytest.mark.parametrize("name", CORPUS)
def test_no_canary_is_stored(name, stored):
    secrets, _ = CORPUS[name]
    assert [s for s in secrets if any(form in stored[name] for form in forms(s))] == []
    assert [s for s in secrets if s in stored["files"]] == []
