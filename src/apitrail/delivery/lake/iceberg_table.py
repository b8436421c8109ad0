"""A lake's Iceberg table: an index over files that stay where they are and as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apitrail.delivery.lake.lake_columns import COLUMNS
from apitrail.errors import Error, UsageError

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

SQLITE = "sqlite:"
TABLE = "apitrail.events"
_NAME = re.compile(r"eventday=\d{8}/[^/]+$")
_LAKE = "apitrail.lake"
# pyiceberg would commit the same files again after another committer's. What is missing has to be
# found anew then, so `committing` tries again by itself.
# Columns of JSON have no bounds in the files.
_PROPERTIES = {
    f"write.metadata.metrics.column.{each.name}": "none" for each in COLUMNS if each.type == "json"
} | {
    _LAKE: "1",
    "commit.retry.num-retries": "0",
    "write.parquet.compression-codec": "zstd",
}


class OvertakenError(Error):
    """Somebody else has committed to the table meanwhile."""


@dataclass(frozen=True, slots=True)
class LakeTable:
    """The table that has a lake's files."""

    table: Table

    def names(self) -> set[str]:
        """The files that it has, as the lake's lists name them."""
        with _asking("read the table"):
            self.table.refresh()
            snapshot = self.table.current_snapshot()
            found = [] if snapshot is None else [
                each.data_file.file_path
                for manifest in snapshot.manifests(self.table.io)
                for each in manifest.fetch_manifest_entry(self.table.io, discard_deleted=True)
            ]  # fmt: skip
        return {match[0] for path in found if (match := _NAME.search(path))}

    def add(self, paths: list[str]) -> None:
        """Append files; whole, or not at all.

        Raises:
            OvertakenError: somebody else has committed since `names`.
        """
        with _asking("commit to the table"):
            # Which are new is known by their names, which stay when a lake is moved.
            self.table.add_files(paths, check_duplicate_files=False)


def open_table(
    catalog: str, *, name: str = TABLE, location: str, properties: dict[str, str]
) -> LakeTable:
    """The table in a catalog, made where it is not there yet.

    `catalog` is `sqlite:///FILE`, or the name of one in pyiceberg's configuration. A table in
    SQLite has its own files at `location`; other catalogs say where.

    Raises:
        UsageError: pyiceberg is not installed, the catalog cannot be used, or the table is not ours.
    """
    namespace, dot, _ = name.rpartition(".")
    if not dot:
        raise UsageError(f"not a table's name: {name!r}", hint="--table NAMESPACE.NAME")
    found = _catalog(catalog, location, properties)
    with _asking(f"open {name!r} in {catalog!r}"):
        if not found.table_exists(name):
            found.create_namespace_if_not_exists(namespace)
            _create(found, name, location if catalog.startswith(SQLITE) else None)
        table = found.load_table(name)
    _require_ours(table, name)
    return LakeTable(table)


def check_installed() -> None:
    """Raises UsageError where pyiceberg is not installed."""
    try:
        import pyiceberg.catalog  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "an Iceberg table needs pyiceberg, which is not installed",
            hint="pip install 'apitrail[lake]'",
        ) from error


def _catalog(text: str, location: str, properties: dict[str, str]) -> Catalog:
    check_installed()
    from pyiceberg.catalog import list_catalogs, load_catalog

    if text.startswith(SQLITE):
        properties = properties | {"type": "sql", "uri": text, "warehouse": location}
        with _asking(f"open {text!r}"):
            return load_catalog("apitrail", **properties)
    # pyiceberg takes any name that comes with an address.
    if text.lower() not in list_catalogs() and "uri" not in properties:
        raise UsageError(
            f"no catalog {text!r} is configured",
            hint="sqlite:///FILE, or a name in pyiceberg's ~/.pyiceberg.yaml",
        )
    with _asking(f"open {text!r}"):
        return load_catalog(text, **properties)


def _create(catalog: Catalog, name: str, location: str | None) -> None:
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import DayTransform
    from pyiceberg.types import BooleanType, LongType, NestedField, StringType, TimestamptzType

    types = {
        "string": StringType(), "json": StringType(), "boolean": BooleanType(),
        "integer": LongType(), "timestamp": TimestamptzType(),
    }  # fmt: skip
    schema = Schema(*(
        NestedField(number, each.name, types[each.type], required=each.required)
        for number, each in enumerate(COLUMNS, 1)
    ))  # fmt: skip
    day = schema.find_field("eventtime").field_id
    spec = PartitionSpec(
        PartitionField(source_id=day, field_id=1000, transform=DayTransform(), name="eventday")
    )
    catalog.create_table_if_not_exists(
        name, schema, location=location, partition_spec=spec, properties=_PROPERTIES
    )


def _require_ours(table: Table, name: str) -> None:
    said = table.properties
    if said.get(_LAKE) != _PROPERTIES[_LAKE] or said.get("commit.retry.num-retries") != "0":
        raise UsageError(
            f"the table {name!r} was not made by `apitrail lake commit`",
            hint="--table NAMESPACE.NAME",
        )


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Errors of pyiceberg, of a catalog's database and of the way there, as ours."""
    from pyiceberg import exceptions

    try:
        yield
    except exceptions.CommitFailedException as error:
        raise OvertakenError(f"cannot {what}: {_line(error)}") from error
    except exceptions.CommitStateUnknownException as error:
        raise UsageError(
            f"cannot {what}: {_line(error)}",
            hint="it may be done: run it again, nothing is added twice",
        ) from error
    except _failures() as error:
        raise UsageError(f"cannot {what}: {_line(error)}") from error


def _failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from pyiceberg import exceptions
    from sqlalchemy.exc import SQLAlchemyError

    own = [each for each in vars(exceptions).values() if isinstance(each, type)]
    # Failures of `requests`, which goes to a REST catalog, are of OSError.
    return (*own, OSError, ValueError, SQLAlchemyError, BotoCoreError, ClientError)


def _line(error: Exception) -> str:
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__
