"""The files of a lake that a question is about: found by day and by log, without opening any."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apitrail.delivery.bucket.object_lock import SCHEME, Location
from apitrail.delivery.lake.dialects import ALWAYS, Period
from apitrail.delivery.lake.hour_file import SUFFIX
from apitrail.delivery.lake.lake_columns import schema
from apitrail.delivery.lake.lake_list import FOLDER, LakeList, folder
from apitrail.errors import UsageError

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset
    from pyarrow.fs import FileInfo, FileSystem

_DAY = re.compile(r"eventday=(\d{8})")
# As `lake_list.file_name` has it: the log, the hour, the first entry of the hour's list.
_FILE = re.compile(r"(?P<log>.+)-\d{8}T\d{2}Z-(?P<start>\d+)" + re.escape(SUFFIX))
_NO_LAKE = "apitrail export --format parquet -o DIR"


@dataclass(frozen=True, slots=True)
class ArrowPlace:
    """Where a lake is: a directory, or a bucket and a prefix, as Arrow addresses it."""

    name: str
    root: str
    files: FileSystem
    local: bool

    @classmethod
    def parse(
        cls, text: str, *, endpoint: str | None = None, profile: str | None = None
    ) -> ArrowPlace:
        """Read `DIR` or `s3://BUCKET/PREFIX`; raises UsageError."""
        from pyarrow.fs import LocalFileSystem

        if text.startswith(SCHEME):
            location = Location.parse(text)
            root = "/".join(filter(None, (location.bucket, location.prefix)))
            return cls(str(location), root, _s3(endpoint, profile), local=False)
        if not Path(text).is_dir():
            raise UsageError(f"not a directory: {text!r}", hint=_NO_LAKE)
        return cls(text, str(Path(text).resolve()), LocalFileSystem(), local=True)

    def list(self, path: str) -> list[FileInfo]:
        """What is directly below a path, sorted; nothing where there is no such path."""
        from pyarrow.fs import FileSelector

        try:
            found = self.files.get_file_info(FileSelector(f"{self.root}/{path}".rstrip("/"), allow_not_found=True))  # fmt: skip
        except OSError as error:
            raise UsageError(f"cannot list {self.name!r}: {first_line(error)}") from error
        return sorted(found, key=lambda each: str(each.base_name))

    def size(self, path: str) -> int | None:
        """How many bytes a file has; None where there is none."""
        try:
            size = self.files.get_file_info(f"{self.root}/{path}").size
        except OSError as error:
            raise UsageError(
                f"cannot read {path!r} of {self.name!r}: {first_line(error)}"
            ) from error
        return None if size is None else int(size)

    def url(self, path: str = "") -> str:
        """A file as Iceberg names it."""
        return f"{'file://' if self.local else SCHEME}{self.root}/{path}".rstrip("/")

    def read(self, path: str) -> bytes:
        """All of a file."""
        try:
            with self.files.open_input_stream(f"{self.root}/{path}") as file:
                return bytes(file.read())
        except OSError as error:
            raise UsageError(
                f"cannot read {path!r} of {self.name!r}: {first_line(error)}"
            ) from error


@dataclass(frozen=True, slots=True)
class LakeFiles:
    """Files by name, `eventday=20261127/….parquet`.

    `unlisted` are those left out, because no list names them: an upload that is under way, or that
    broke off, or a file that somebody else put there.
    """

    place: ArrowPlace
    names: tuple[str, ...]
    unlisted: tuple[str, ...] = ()

    def dataset(self) -> Dataset:
        """The files as Arrow reads them, with their day as a column."""
        import pyarrow as pa
        from pyarrow import dataset

        day = pa.schema([("eventday", pa.string())])
        return dataset.dataset(
            [f"{self.place.root}/{name}" for name in self.names],
            schema=pa.schema([*schema(), *day]),
            format="parquet",
            filesystem=self.place.files,
            partitioning=dataset.partitioning(day, flavor="hive"),
        )


def find(place: ArrowPlace, period: Period = ALWAYS, log: str | None = None) -> LakeFiles:
    """The listed files that may have events of a period, of one log or of all.

    Raises:
        UsageError: there is no lake, or it cannot be read.
    """
    days = [str(each.base_name) for each in place.list("") if _DAY.fullmatch(str(each.base_name))]
    # Logs without a call have lists, and no day.
    if not days and not place.list(FOLDER):
        raise UsageError(f"no lake in {place.name!r}: it has no eventday=…", hint=_NO_LAKE)
    ends = _ends(place, None if log is None else folder(log))
    if log is not None and not ends:
        raise UsageError(
            f"no log {log!r} in {place.name!r}",
            hint=f'apitrail lake sql {place.name} "SELECT DISTINCT log FROM events"',
        )
    names = list(_names(place, days, period))
    if log is not None:
        names = [name for name in names if _log_of(name) in ends]
    listed = tuple(name for name in names if _is_listed(name, ends))
    return LakeFiles(place, listed, tuple(name for name in names if name not in set(listed)))


def _names(place: ArrowPlace, days: Iterable[str], period: Period) -> Iterator[str]:
    for day in days:
        if period.holds(day.removeprefix("eventday=")):
            for each in place.list(day):
                if str(each.base_name).endswith(SUFFIX):
                    yield f"{day}/{each.base_name}"


def _ends(place: ArrowPlace, only: str | None) -> dict[str, int]:
    """Log, by the name of its folder → where its newest list ends."""
    found = {}
    for log in [only] if only else [str(each.base_name) for each in place.list(FOLDER)]:
        lists = [each for each in place.list(f"{FOLDER}/{log}") if each.extension == "json"]
        if lists:
            key = f"{FOLDER}/{log}/{lists[-1].base_name}"
            found[log] = LakeList.read(key, place.read(key)).stop
    return found


def _log_of(name: str) -> str | None:
    found = _FILE.fullmatch(name.partition("/")[2])
    return found["log"] if found else None


def _is_listed(name: str, ends: dict[str, int]) -> bool:
    """Was the file's hour listed? Its own list is not read: there may be a million of them."""
    found = _FILE.fullmatch(name.partition("/")[2])
    return found is not None and int(found["start"]) < ends.get(found["log"], 0)


def s3_settings(endpoint: str | None, profile: str | None) -> dict[str, str]:
    """The credentials, the region and the endpoint that boto3 finds, as pyiceberg names them."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        session = Session(profile=profile)
        found = session.get_credentials()
        region = session.get_config_variable("region")
    except BotoCoreError as error:
        raise UsageError(f"cannot use S3: {error}") from error
    if found is None:
        raise UsageError(
            "cannot use S3: there are no credentials", hint="aws configure, or --profile"
        )
    keys = found.get_frozen_credentials()
    said = {
        "s3.access-key-id": keys.access_key, "s3.secret-access-key": keys.secret_key,
        "s3.session-token": keys.token, "s3.region": region or "us-east-1",
        "s3.endpoint": endpoint or session.get_config_variable("endpoint_url"),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def _s3(endpoint: str | None, profile: str | None) -> FileSystem:
    from pyarrow.fs import S3FileSystem

    said = s3_settings(endpoint, profile)
    return S3FileSystem(
        access_key=said["s3.access-key-id"], secret_key=said["s3.secret-access-key"],
        session_token=said.get("s3.session-token"), region=said["s3.region"],
        endpoint_override=said.get("s3.endpoint"),
    )  # fmt: skip


def first_line(error: Exception) -> str:
    """An error of Arrow's in one line."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
