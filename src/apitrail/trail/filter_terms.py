"""What a filter asks for, as conditions on the search tables: in SQL, by an index, and by blocks."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apitrail.query import RESOURCES, Filter, Pattern, Value, halves, has_labels
from apitrail.trail import block_parts, blocks, database, grams, operation_list, search
from apitrail.trail.block_parts import EVERY, Shape
from apitrail.trail.blocks import NOTHING, NUMBER
from apitrail.trail.kept_words import PLACES, Vocabulary, has_column
from apitrail.trail.name_search import Named
from apitrail.trail.search import Lead, Term


def number_of(connection: sqlite3.Connection, value: str) -> int:
    """The dictionary's id of a string; unknown strings have none, which nothing equals."""
    row = connection.execute("SELECT id FROM string WHERE value = ?", (value,)).fetchone()
    return -1 if row is None else int(row[0])


@dataclass(slots=True)
class Terms:
    """Makes the conditions of one filter on the search tables of a trail's dictionary.

    `runs` gives the id and the labels of each run.
    """

    words: Vocabulary
    runs: Callable[[], Iterable[tuple[str, Mapping[str, str]]]]
    _ids: dict[str, int] = field(default_factory=dict)

    @property
    def connection(self) -> sqlite3.Connection:
        """To the trail."""
        return self.words.connection

    @property
    def derived(self) -> int:
        """Which version the tables are that are searched."""
        return self.words.derived

    def of(self, where: Filter) -> Iterator[Term]:
        """All conditions of a filter."""
        for name, (table, column) in PLACES.items():
            if not (wanted := getattr(where, name)):
                continue
            if not has_column(self.derived, name):
                yield Term(sql="0", shape=())  # nobody was told then
            elif name in RESOURCES:
                yield self._of_resource(name, column, wanted)
            else:
                condition, values = _any(self._term(name, value) for value in wanted)
                lead = self._lead(table, column, self._numbers(name, wanted))
                shape, whole, elsewhere = self._shape(name, wanted), None, None
                if name == "event_name" and database.has_grams(self.derived):
                    # First: of blocks that a recorder completes meanwhile there may be others.
                    whole = block_parts.summed(self.connection)
                    elsewhere, shape = shape, self._of_operations(shape, where)
                    if database.has_posts(self.derived) and len(shape) == 1:
                        shape = tuple(map(self._with_both, shape))
                yield Term(
                    sql=condition, values=tuple(values), lead=lead,
                    shape=shape, whole=whole, elsewhere=elsewhere,
                )  # fmt: skip
        if where.event_id:
            keys = tuple((search.key(value),) for value in where.event_id)
            lead = Lead(index=_BY_ID, condition="id = ?", alternatives=keys, ordered=False)
            yield Term(sql="1", lead=lead)
        if where.label:
            runs = self._labelled(where)
            condition, values = _among("e.run", runs)
            yield Term(
                sql=condition, values=tuple(values), lead=self._lead("event", "run", runs),
                shape=_one_of("event", "run", runs),
            )  # fmt: skip
        yield from self._facts(where)

    def _facts(self, where: Filter) -> Iterator[Term]:
        if isinstance(where.error, str):
            number = self._id(where.error)
            yield Term(
                sql="e.error = ?", values=(number,), lead=self._lead("event", "error", [number]),
                shape=_one_of("event", "error", [number]),
            )  # fmt: skip
        elif where.error is not None:
            # That index is in the order of codes: to count its rows in a part of the log is to read all.
            lead = None if database.has_blocks(self.derived) else _ANY_ERROR
            yield Term(sql="e.error IS NOT NULL", lead=lead, shape=_ANY_ERROR_SHAPE)
        if where.read_only is not None:
            wanted = int(where.read_only)
            yield Term(
                sql="e.read_only = ?", values=(wanted,),
                lead=None if where.read_only else _ANY_WRITE,
                shape=_one_of("event", "read_only", [wanted]),
            )  # fmt: skip
        if where.since is not None:
            yield Term(sql="e.time >= ?", values=(where.since,), shape=EVERY)
        if where.until is not None:
            yield Term(sql="e.time < ?", values=(where.until,), shape=EVERY)
        if where.stand_in is not None:
            wanted = int(where.stand_in)
            if database.has_column(self.derived, "stand_in"):
                shape = _one_of("event", "stand_in", [wanted])
                yield Term(sql="e.stand_in = ?", values=(wanted,), shape=shape)
            elif where.stand_in:
                yield Term(sql="0", shape=())  # none was known then

    def _of_resource(self, field: str, column: str, wanted: Sequence[Value]) -> Term:
        if self._is_by_names(field, wanted):
            return self._of_names(wanted)
        condition, values = _any(self._term(field, value) for value in wanted)
        numbers = self._numbers(field, wanted)
        lead = self._lead("resource", column, numbers)
        # One event's rows are looked up where an index leads to them, else all that are meant.
        template = _RESOURCES if lead is None else _RESOURCE
        shape = None if lead is None and numbers else _one_of("resource", column, numbers or ())
        return Term(sql=template.format(condition), values=tuple(values), lead=lead, shape=shape)

    def _is_by_names(self, field: str, wanted: Sequence[Value]) -> bool:
        """Are forms of names asked for, or many names, in a trail that blocks sum up?"""
        is_long = len(wanted) > _SOME or any(isinstance(value, Pattern) for value in wanted)
        return field == "resource_name" and is_long and database.has_blocks(self.derived)

    def _of_names(self, wanted: Sequence[Value]) -> Term:
        forms = [value for value in wanted if isinstance(value, Pattern)]
        numbers = [self._id(value) for value in wanted if isinstance(value, str)]
        begun = [self._beginning_as(form) for form in forms]
        if all(each is not None for each in begun):
            numbers += [number for each in begun for number in each or ()]
            forms = []
        if not forms and max(numbers, default=-1) < 0:
            return Term(sql="0", shape=())
        lead = None if forms else self._lead("resource", "name", numbers)
        types = [number for number, _ in self.words.strings("resource_type")]
        has_pairs, has_grams = database.has_pairs(self.derived), database.has_grams(self.derived)
        asked = tuple(
            grams.of_form(form.text, with_pairs=has_pairs) if has_grams else grams.Wanted()
            for form in forms
        )
        named = Named(tuple(numbers), tuple(map(search.glob, forms)), tuple(types), asked)
        condition, values = named.check
        return Term(sql=condition, values=tuple(values), lead=lead, shape=EVERY, named=named)

    def _beginning_as(self, form: Pattern) -> list[int] | None:
        """The ids of the strings of this form, if few begin as it does."""
        start = re.split(r"[*?[]", form.text, maxsplit=1)[0]
        if not start:
            return None
        begun = "SELECT id, value FROM string WHERE value GLOB ? LIMIT ?"
        values = search.glob(form), f"{start}*", BEGUN + 1
        rows = self.connection.execute(f"SELECT id, value GLOB ? FROM ({begun})", values).fetchall()
        return [number for number, fits in rows if fits] if len(rows) <= BEGUN else None

    def _lead(self, table: str, column: str, numbers: Sequence[int] | None) -> Lead | None:
        """By an index on one column, where one of so many values may stand."""
        if not numbers or len(numbers) > _VALUES or not database.has_index(self.derived, column):
            return None
        if column == "type" and not database.has_spans(self.derived):
            return None  # that index is in the order of names
        # Resources are in the order of their names.
        index = None if column == "name" and table == "resource" else f"{table}_{column}"
        return Lead(
            table=table, index=index, condition=f"{column} = ?",
            alternatives=tuple((number,) for number in numbers),
        )  # fmt: skip

    def _shape(self, field: str, wanted: Sequence[Value]) -> Shape:
        """What the values of a field of `event` come to in a block."""
        table, column = PLACES[field]
        numbers, found = list[int](), list[Shape]()
        for value in wanted:
            if isinstance(value, str):
                numbers.append(self._id(value))
            elif field == "event_name" and (service := halves(value)[0]) is not None:
                named = _one_of(table, column, self._matching(field, halves(value)[1]))
                sources = _one_of(table, "source", self._services(service))
                found.append(block_parts.both(sources, named))
            else:
                numbers += self._matching(field, value)
            if isinstance(value, Pattern) and field == "username":
                keys = _one_of(table, "access_key_id", self._keys(value))
                found.append(block_parts.both(_one_of(table, column, [None]), keys))
        return tuple(
            parts for shape in (_one_of(table, column, numbers), *found) for parts in shape
        )

    def _of_operations(self, names: Shape, where: Filter) -> Shape:
        """A shape of names without those that have no operation of these sources which only reads,
        or not, as is asked for."""
        read_only = None if where.read_only is None else int(where.read_only)
        sources = None
        if where.event_source:
            shape = self._shape("event_source", where.event_source)
            sources = frozenset[int]().union(*(each.values for parts in shape for each in parts))

        def narrowed(parts: tuple[block_parts.Part, ...]) -> tuple[block_parts.Part, ...]:
            values = {each.field: each.values for each in parts}
            own = values.get(_SOURCE, sources)
            meant = own if own is None or sources is None else own & sources
            if meant is None and read_only is None:
                return parts
            had = operation_list.names(self.connection, values[_NAME], meant, read_only)
            others = [each for each in parts if each.field != _NAME]
            return (*others, block_parts.Part(_NAME, had))

        return tuple(map(narrowed, names))

    def _with_both(self, parts: tuple[block_parts.Part, ...]) -> tuple[block_parts.Part, ...]:
        """Parts of a source and a name with one of both, which says nothing else, but at once."""
        values = {each.field: each.values for each in parts}
        if not (sources := values.get(_SOURCE)) or not (names := values.get(_NAME)):
            return parts
        if len(sources) * len(names) > _VALUES or max(len(sources), 1) > _SOURCES:
            return parts
        every = frozenset(blocks.both(source, name) for source in sources for name in names)
        return parts if NOTHING in every else (*parts, block_parts.Part(blocks.BOTH, every))

    def _numbers(self, field: str, wanted: Sequence[Value]) -> list[int] | None:
        """The ids of the strings one of which stands in the field's column; None: not only these."""
        found: list[int] = []
        for value in wanted:
            if isinstance(value, str):
                found.append(self._id(value))
            elif field == "resource_name":
                return None  # too many to count
            elif field == "event_name":
                found += self._matching(field, halves(value)[1])
            elif field == "username" and self._keys(value):
                return None
            else:
                found += self._matching(field, value)
        return found

    def _term(self, field: str, value: Value) -> _Term:
        """One value of a field; `matches` of `Filter` says the same in Python."""
        _, column = PLACES[field]
        match field:
            case "resource_name" if isinstance(value, Pattern):
                # Too many to look at one by one; SQLite goes by what stands before the `*`.
                return f"{column} IN (SELECT id FROM string WHERE value GLOB ?)", [
                    search.glob(value)
                ]
            case "resource_name" | "resource_type":
                return self._equals(column, field, value)
            case "event_name" if isinstance(value, Pattern):
                service, name = halves(value)
                named = self._equals("e.name", field, name)
                return named if service is None else _all(self._of_service(service), named)
            case "username" if isinstance(value, Pattern):
                return self._of_caller(value)
            case _:
                return self._equals(f"e.{column}", field, value)

    def _equals(self, column: str, field: str, value: Value) -> _Term:
        if isinstance(value, str):
            return f"{column} = ?", [self._id(value)]
        return _among(column, self._matching(field, value))

    def _matching(self, field: str, form: Pattern) -> list[int]:
        """The dictionary's ids of the strings of a field that are of this form."""

        def fits(string: str) -> bool:
            is_service = field == "event_source" and form.matches(string.partition(".")[0])
            return is_service or form.matches(string)

        return self.words.matching(field, form, fits)

    def _of_caller(self, form: Pattern) -> _Term:
        """Where no user name is known, tables print the access key."""
        names, keys = self._matching("username", form), self._keys(form)
        known = _among("e.username", names)
        if not keys:
            return known  # by one index, newest first
        return _any([known, _all(("e.username IS NULL", []), _among("e.access_key_id", keys))])

    def _keys(self, form: Pattern) -> list[int]:
        """The ids of access keys of a form, if there are calls of which no user name is known."""
        sql = "SELECT 1 FROM event INDEXED BY event_username WHERE username IS NULL LIMIT 1"
        if self.connection.execute(sql).fetchone() is None:
            return []
        return self._matching("access_key_id", form)

    def _of_service(self, service: Pattern) -> _Term:
        return _among("e.source", self._services(service))

    def _services(self, service: Pattern) -> list[int]:
        """The dictionary's ids of the event sources that print a service of this form."""
        sources = self.words.strings("event_source")
        return [number for number, name in sources if service.matches(name.partition(".")[0])]

    def _labelled(self, where: Filter) -> list[int]:
        """The dictionary's ids of the runs with the labels of a filter."""
        return [
            self._id(name)
            for name, labels in self.runs()
            if has_labels(labels.items(), where.label)
        ]

    def _id(self, value: str) -> int:
        if (known := self._ids.get(value)) is None:
            known = self._ids[value] = number_of(self.connection, value)
        return known


type _Term = tuple[str, list[object]]

_RESOURCES = "e.idx IN (SELECT idx FROM resource WHERE {})"
_RESOURCE = "EXISTS (SELECT 1 FROM resource WHERE {} AND idx = e.idx)"
# An index that SQLite makes itself: event ids are unique.
_BY_ID = "sqlite_autoindex_event_1"
_ANY_ERROR = Lead(
    index="event_error", condition="error IS NOT NULL", alternatives=((),), ordered=False
)
_ANY_ERROR_SHAPE: Shape = ((block_parts.part("event", "error", [None], is_other=True),),)
UNDETERMINED = Term(
    sql="e.undetermined = 1",
    lead=Lead(index="event_undetermined", condition="undetermined = 1", alternatives=((),)),
    shape=((block_parts.part("event", "undetermined", [1]),),),
)
_ANY_WRITE = Lead(index="event_write", condition="read_only = 0", alternatives=((),))
_NAME, _SOURCE = NUMBER["event", "name"], NUMBER["event", "source"]
# So many values of one condition may lead; of so many names each is looked up in each block.
_VALUES, _SOME = 1_000, 32
# The operations of so many services are looked up at once.
_SOURCES = 8
# So many strings that begin as a form does are held against it at once.
BEGUN = 1_000


def _one_of(table: str, column: str, numbers: Sequence[int | None]) -> Shape:
    """A shape of one field. What no string has, nothing has."""
    known = [number for number in numbers if number is None or number >= 0]
    return ((block_parts.part(table, column, known),),) if known else ()


def _any(terms: Iterable[_Term]) -> _Term:
    return _joined(" OR ", terms)


def _all(*terms: _Term) -> _Term:
    return _joined(" AND ", terms)


def _joined(word: str, terms: Iterable[_Term]) -> _Term:
    conditions, values = zip(*terms, strict=True)
    return f"({word.join(conditions)})", [value for some in values for value in some]


def _among(column: str, numbers: list[int]) -> _Term:
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(numbers)]
