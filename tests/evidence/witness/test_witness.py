"""A witness of ours: the specification's table of answers, and what it never signs."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import witnessing
from apitrail.errors import UsageError
from apitrail.evidence.witness.sizes import FILE
from apitrail.evidence.witness.witness import Witness
from apitrail.tlog import note
from apitrail.tlog.add_checkpoint import SIZE_TYPE, AddCheckpoint
from apitrail.tlog.cosignature import Cosignature
from apitrail.tlog.mldsa_cosignature import MldsaCosigner, parse_verifier
from tlog import logs
from witnessing import forged, opened, request


@pytest.fixture
def clock() -> witnessing.Clock:
    return witnessing.Clock()


@pytest.fixture
def witness(tmp_path: Path, clock: witnessing.Clock) -> Iterator[Witness]:
    found = opened(tmp_path / "state", clock)
    yield found
    found.close()


def status(witness: Witness, body: bytes) -> int:
    return witness.add(body).status


def test_it_cosigns_a_log_that_grows_with_both_keys(
    witness: Witness, clock: witnessing.Clock
) -> None:
    for old, size in ((0, 3), (3, 3), (3, 257), (257, 700)):
        clock.now += 60
        answer = witness.add(request(old, size))
        assert answer.status == 200
        signed = logs.signed_head(size) + answer.body
        keys = [parse_verifier(vkey) for vkey in witness.vkeys]
        found = note.open(signed, [logs.SIGNER.verifier, *keys])
        assert len(found.signatures) == 3
        assert {Cosignature.parse(x.data).time for x in found.signatures[1:]} == {clock.now}


def test_the_table_of_answers(witness: Witness) -> None:
    assert status(witness, request(0, 300)) == 200
    other = note.Signer("example.org/other", logs.SIGNER.seed)
    unknown = AddCheckpoint(0, (), note.sign("example.org/other\n1\n" + "A" * 43 + "=\n", other))
    good = AddCheckpoint.parse(request(300, 500))
    table = {
        b"": 400,
        b"old 300\n": 400,
        request(300, 500)[:-1]: 400,
        str(unknown).encode(): 404,
        request(300, 500, signer=logs.OTHER): 403,  # the log's name, but not its key
        str(AddCheckpoint(501, (), good.checkpoint)).encode(): 400,  # old is above the new size
        request(299, 500): 409,
        request(0, 500): 409,
        request(0, 300): 409,
        str(AddCheckpoint(300, good.proof[:-1], good.checkpoint)).encode(): 422,
        str(AddCheckpoint(300, (), good.checkpoint)).encode(): 422,
        forged(300, 500): 422,
        forged(300, 300): 422,  # the old size is right, the root is not
        forged(1, 300): 409,  # nor is the old size
        str(AddCheckpoint(300, good.proof, logs.signed_head(300))).encode(): 422,
    }
    for body, expected in table.items():
        assert status(witness, body) == expected, body
    assert status(witness, request(300, 500)) == 200


def test_a_conflict_says_the_size_in_the_type_of_the_specification(witness: Witness) -> None:
    assert witness.add(request(5, 7)).body == "0\n"
    witness.add(request(0, 300))
    answer = witness.add(request(0, 500))
    assert (answer.status, answer.kind, answer.body) == (409, "text/x.tlog.size", "300\n")
    assert SIZE_TYPE == "text/x.tlog.size"


def test_a_proof_from_the_empty_tree_must_be_empty(witness: Witness) -> None:
    head = logs.signed_head(4)
    assert status(witness, str(AddCheckpoint(0, (bytes(32),), head)).encode()) == 422
    assert status(witness, str(AddCheckpoint(0, (), head)).encode()) == 200


def test_the_empty_tree_has_one_root(witness: Witness) -> None:
    lie = note.sign(f"{logs.ORIGIN}\n0\n{'A' * 43}=\n", logs.SIGNER)
    answer = witness.add(str(AddCheckpoint(0, (), lie)).encode())
    assert (answer.status, answer.body) == (422, "this is not the root of the empty tree\n")
    assert status(witness, request(0, 0)) == 200
    assert status(witness, request(0, 5)) == 200


def test_signatures_of_unknown_keys_are_ignored(witness: Witness) -> None:
    text = logs.signed_head(4, logs.OTHER, logs.SIGNER, note.Signer("x", bytes(32)))
    assert status(witness, str(AddCheckpoint(0, (), text)).encode()) == 200


def test_two_keys_of_one_log_are_both_its(tmp_path: Path) -> None:
    found = opened(tmp_path, None, str(logs.SIGNER.verifier), str(logs.OTHER.verifier))
    with closing(found):
        assert status(found, request(0, 3)) == 200
        assert status(found, request(3, 9, signer=logs.OTHER)) == 200
        assert found.origins == (logs.ORIGIN,)


def test_a_log_with_an_mldsa_key_is_witnessed(tmp_path: Path) -> None:
    log = MldsaCosigner(logs.ORIGIN, bytes(32))
    text = note.Note.parse(logs.signed_head(9)).text
    signed = str(note.Note(text, (log.cosign(text, time=0),)))
    with closing(opened(tmp_path, None, str(log.verifier))) as found:
        assert status(found, str(AddCheckpoint(0, (), signed)).encode()) == 200
        assert status(found, request(9, 10)) == 403


def test_what_a_log_should_not_have_signed_is_kept_once(witness: Witness) -> None:
    witness.add(request(0, 300))
    for _ in range(3):
        witness.add(forged(300, 300))
        witness.add(forged(1, 300))
        witness.add(forged(300, 500))
    found = witness.refused()
    assert [each.kind for each in found] == ["fork", "proof"]
    assert found[0].held == logs.signed_head(300)
    assert AddCheckpoint.parse(forged(0, 300)).checkpoint == found[0].note


def test_it_is_told_to_the_operator(witness: Witness) -> None:
    witness.add(request(0, 300))
    assert "signed two trees of 300 entries" in str(witness.add(forged(1, 300)).told)
    assert "does not continue" in str(witness.add(forged(300, 500)).told)
    assert witness.add(request(0, 500)).told is None


def test_the_newest_head_is_cosigned_when_it_is_asked_for(
    witness: Witness, clock: witnessing.Clock
) -> None:
    digest = hashlib.sha256(logs.ORIGIN.encode()).hexdigest()
    assert witness.newest(digest).status == 404
    witness.add(request(0, 300))
    clock.now += 3600
    answer = witness.newest(digest)
    keys = [parse_verifier(vkey) for vkey in witness.vkeys]
    opened_note = note.open(answer.body, [logs.SIGNER.verifier, *keys])
    assert opened_note.text == note.Note.parse(logs.signed_head(300)).text
    assert Cosignature.parse(opened_note.signatures[1].data).time == clock.now
    assert witness.newest("0" * 64).status == 404


def test_a_clock_that_steps_back_cosigns_nothing(witness: Witness, clock: witnessing.Clock) -> None:
    witness.add(request(0, 300))
    clock.now -= 5
    answer = witness.add(request(300, 400))
    assert (answer.status, answer.body) == (503, "the clock is 5 s behind the last cosignature\n")
    assert witness.newest(hashlib.sha256(logs.ORIGIN.encode()).hexdigest()).status == 503
    clock.now += 5
    assert status(witness, request(300, 400)) == 200


def test_it_remembers_when_it_is_started_again(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as found:
        vkeys = found.vkeys
        assert status(found, request(0, 300)) == 200
    with closing(opened(tmp_path)) as found:
        assert found.vkeys == vkeys
        assert found.add(request(0, 5)).body == "300\n"


def test_killed_between_keeping_and_signing_it_signs_no_other_history(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as found:
        found.add(request(0, 10))
    witnessing.killed_between_keeping_and_signing(tmp_path, request(10, 300))
    with closing(opened(tmp_path)) as found:
        assert found.add(forged(10, 300)).body == "300\n"
        assert found.add(forged(300, 300)).status == 422
        assert status(found, request(300, 300)) == 200  # the honest log gets what it had lost
        assert status(found, request(300, 301)) == 200


def test_a_disk_that_fails_gives_no_signature(witness: Witness, tmp_path: Path) -> None:
    witness.add(request(0, 300))
    with closing(sqlite3.connect(tmp_path / "state" / FILE, isolation_level=None)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON head BEGIN SELECT RAISE(FAIL, 'full'); END"
        )
    answer = witness.add(request(300, 400))
    assert (answer.status, answer.body) == (503, "the witness cannot write\n")
    assert answer.told == "cannot write: full"


def test_a_key_without_its_memory_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    for each in tmp_path.glob(f"{FILE}*"):
        each.unlink()
    with pytest.raises(UsageError, match="has lost its memory"):
        opened(tmp_path)


def test_two_processes_never_share_a_witness(tmp_path: Path) -> None:
    with closing(opened(tmp_path)), pytest.raises(UsageError, match="another process uses"):
        opened(tmp_path)


def test_many_at_once_get_one_history(witness: Witness) -> None:
    """Of all that ask from the same size, one is first; each of the others is told the size."""
    witness.add(request(0, 10))
    found: list[int] = []
    bodies = [request(10, size) for size in range(11, 31)] + [forged(10, 20)]
    threads = [
        threading.Thread(target=lambda body=body: found.append(status(witness, body)))
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(found)
    assert counted[200] == 1
    assert counted[409] + counted[422] == 20


def test_it_is_closed_once_no_request_is_being_answered(tmp_path: Path) -> None:
    waited: list[bool] = []

    def clock() -> int:
        closing = threading.Thread(target=witness.close)
        closing.start()
        closing.join(timeout=0.2)
        waited.append(closing.is_alive())
        return 1_700_000_000

    witness = Witness.open(tmp_path / "state", [str(logs.SIGNER.verifier)], name="w", clock=clock)
    assert status(witness, request(0, 10)) == 200
    assert waited == [True]
    assert status(witness, request(10, 20)) == 503


def test_no_mutant_of_a_request_is_cosigned_or_fails(witness: Witness) -> None:
    witness.add(request(0, 300))
    good = request(300, 700)
    head = AddCheckpoint.parse(good).checkpoint
    counted: Counter[int] = Counter()
    count, seed = int(os.environ.get("REQUESTS", "10000")), int(os.environ.get("SEED", "1"))
    for mutant in witnessing.mutants(good, seed=seed, count=count):
        answer = witness.add(mutant)
        counted[answer.status] += 1
        if answer.status == 200:  # only a request that says the same
            assert AddCheckpoint.parse(mutant).head == AddCheckpoint.parse(good).head, head
    assert set(counted) <= {200, 400, 403, 404, 409, 422}
    assert counted[400] > 50
    assert witness.add(request(300, 700)).status in (200, 409)
