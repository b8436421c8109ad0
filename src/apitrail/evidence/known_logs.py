"""The logs a user trusts, as ssh keeps known hosts: outside every trail, in `known_logs`."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apitrail import durable
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify.report import Report, Trust
from apitrail.tlog import checkpoint, note

FILE = "known_logs"
_HINT = "repair it, or move it away and trust logs anew with `apitrail key trust`"


@dataclass(frozen=True, slots=True)
class KnownLog:
    """One log: its newest public key, and the newest signed checkpoint that held."""

    verifier: note.Verifier
    seen: str | None = None

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.verifier.name


class KnownLogs:
    """The file, in the directory given."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE

    def all(self) -> list[KnownLog]:
        """Every log that is known; raises UsageError where the file is not what we wrote."""
        return [self._known(origin, item) for origin, item in self._read().items()]

    def get(self, origin: str) -> KnownLog | None:
        """The log of this name; what is written of others is not looked at."""
        return self._one(self._read(), origin)

    def seen(self, origin: str) -> tuple[str, ...]:
        """The newest checkpoint that is known of a log, if there is one."""
        log = self.get(origin)
        return () if log is None or log.seen is None else (log.seen,)

    def trust(self, verifier: note.Verifier) -> None:
        """Enter a log's key.

        Raises:
            UsageError: another key is known for this log.
        """
        with self._locked() as logs:
            # A key is entered seldom, and only into a file that is whole.
            known = {name: self._known(name, item) for name, item in logs.items()}.get(
                verifier.name
            )
            if known is not None and known.verifier != verifier:
                raise UsageError(
                    f"another key is known for the log {verifier.name!r}: {known.verifier}",
                    hint=f"if its owner confirms the new one, remove the old from {str(self.path)!r}",
                )
            if known is None:
                logs[verifier.name] = _entry(KnownLog(verifier))

    def trusted(self) -> Trust:
        """Every key that is known, and every head that was seen."""
        return trust_in(self.all())

    @property
    def state(self) -> tuple[int, ...]:
        """Another one where the file was written since; nothing where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns

    def remember(self, report: Report) -> None:
        """Take the newest key and checkpoint of a known log that held."""
        if report.holds and report.key is not None and report.checkpoint is not None:
            verifier = note.Verifier.parse(report.key)
            self.saw(verifier, report.checkpoint, anew=bool(report.gaps))

    def saw(self, verifier: note.Verifier, text: str, *, anew: bool = False) -> None:
        """Remember a log's newest key and checkpoint, if the log is known.

        An older checkpoint than the one known changes nothing: two commands may finish in
        either order. `anew` is for a log that says what it has lost.
        """
        with self._locked() as logs:
            if (known := self._one(logs, verifier.name)) is None:
                return
            if anew or known.seen is None or _size(known.seen) <= _size(text):
                logs[verifier.name] = _entry(KnownLog(verifier, text))

    @contextmanager
    def _locked(self) -> Iterator[dict[str, Any]]:
        """The entries by origin as they stand in the file, written back if changed; one command at a time."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_name(f"{FILE}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            logs = self._read()
            before = dict(logs)
            yield logs
            if logs != before:
                document = dict(sorted(logs.items()))
                durable.write(self.path, f"{json.dumps(document, indent=1)}\n".encode())

    def _read(self) -> dict[str, Any]:
        """The entries by origin. Thousands may be known, so each is parsed when it is asked for."""
        try:
            document = json.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {str(self.path)!r}: {error}", hint=_HINT) from error
        except (ValueError, RecursionError) as error:
            raise self._damaged(error) from error
        if not isinstance(document, dict):
            raise self._damaged("it is no object")
        return document

    def _one(self, logs: dict[str, Any], origin: str) -> KnownLog | None:
        return self._known(origin, logs[origin]) if origin in logs else None

    def _known(self, origin: str, item: Any) -> KnownLog:
        try:
            return _known(origin, item)
        except (ValueError, VerificationError, FormatError) as error:
            raise self._damaged(error) from error

    def _damaged(self, why: object) -> UsageError:
        return UsageError(f"{str(self.path)!r} is damaged: {why}", hint=_HINT)


def trust_in(logs: Iterable[KnownLog]) -> Trust:
    """The keys of these logs, and every head of theirs that was seen."""
    known = list(logs)
    return Trust(
        verifiers=tuple(log.verifier for log in known),
        by=FILE,
        seen=tuple(log.seen for log in known if log.seen is not None),
    )


def given(vkeys: Iterable[str]) -> Trust:
    """Trust in the keys of a command line, each a verifier key or a file with one.

    Raises:
        FormatError: one is neither.
    """
    return Trust(tuple(map(key_of, vkeys)), "--key")


def key_of(key: str) -> note.Verifier:
    """A log's public key as a command line names it: written out, or in a file.

    Raises:
        FormatError: it is neither.
    """
    try:
        return note.Verifier.parse(key_text(key))
    except FormatError as error:
        said = f"no key in the file {key!r}" if _is_file(key) else str(error)
        hint = "a key is NAME+ID+KEY, as `apitrail key show` prints it, or a file with it"
        raise FormatError(said, hint=hint) from error


def key_text(key: str) -> str:
    """A key of a command line: what was written there, or what is in the file of that name."""
    return (Path(key).read_text("utf-8", "replace") if _is_file(key) else key).strip()


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _known(origin: str, item: Any) -> KnownLog:
    match item:
        case {"key": str(key), "checkpoint": None | str()}:
            log = KnownLog(note.Verifier.parse(key), item["checkpoint"])
        case _:
            raise FormatError(f"malformed entry of {origin!r}")
    if log.origin != origin or (log.seen is not None and _size(log.seen) < 1):
        raise FormatError(f"malformed entry of {origin!r}")
    return log


def _entry(log: KnownLog) -> dict[str, str | None]:
    return {"key": str(log.verifier), "checkpoint": log.seen}


def _size(text: str) -> int:
    return checkpoint.Checkpoint.unverified(text).size
