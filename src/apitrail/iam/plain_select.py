"""Is a statement of SQL or PartiQL one plain SELECT, which changes nothing in any dialect?

Dialects differ in what a quote, a backslash or a comment is. So nothing is parsed that could be read
in two ways: what is not plainly a SELECT counts as something else.
"""

from __future__ import annotations

import re

LONGEST = 100_000
"""Characters of a statement that is looked at; a longer one counts as something else."""

# Strings and quoted names without a backslash, which only some dialects take as an escape.
_QUOTED = re.compile(r"'(?:[^'\\]|'')*'|\"(?:[^\"\\]|\"\")*\"|`[^`\\]*`")
# What begins a comment, a dollar quote or another statement, ends a text, or escapes.
_DOUBTFUL = re.compile(r"--|/\*|\*/|#|\$|;|\\|['\"`]|\x00")
_BEGINS = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*|[\"`])\s*\(")

# They write, lock, or leave SQL for another language.
_WRITES = frozenset(
    [
        "into",
        "insert",
        "update",
        "delete",
        "merge",
        "upsert",
        "replace",
        "truncate",
        "create",
        "alter",
        "drop",
        "grant",
        "revoke",
        "call",
        "execute",
        "exec",
        "do",
        "copy",
        "load",
        "unload",
        "vacuum",
        "analyze",
        "set",
        "lock",
        "for",
        "outfile",
        "dumpfile",
        "procedure",
        "returning",
        "nextval",
        "external",
        "function",
        "using",
        "begin",
        "commit",
        "rollback",
        "import",
        "export",
        "msck",
        "repair",
    ]
)
# Words before a parenthesis that are no function's name.
_WORDS = frozenset(
    [
        "all",
        "and",
        "any",
        "as",
        "between",
        "by",
        "case",
        "distinct",
        "else",
        "except",
        "exists",
        "filter",
        "from",
        "having",
        "in",
        "inner",
        "intersect",
        "join",
        "lateral",
        "left",
        "limit",
        "not",
        "offset",
        "on",
        "or",
        "order",
        "over",
        "partition",
        "right",
        "select",
        "some",
        "then",
        "union",
        "value",
        "values",
        "when",
        "where",
        "within",
        "with",
    ]
)
# Functions that only compute, in standard SQL, Athena, Redshift, PostgreSQL, MySQL and PartiQL.
_FUNCTIONS = frozenset(
    [
        "abs",
        "approx_distinct",
        "approx_percentile",
        "array_agg",
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "avg",
        "begins_with",
        "bool_and",
        "bool_or",
        "cardinality",
        "cast",
        "ceil",
        "ceiling",
        "char_length",
        "coalesce",
        "concat",
        "concat_ws",
        "contains",
        "count",
        "cume_dist",
        "current_date",
        "current_timestamp",
        "date",
        "date_add",
        "date_diff",
        "date_format",
        "date_parse",
        "date_part",
        "date_trunc",
        "datediff",
        "day",
        "dense_rank",
        "element_at",
        "extract",
        "first_value",
        "floor",
        "format_datetime",
        "from_unixtime",
        "greatest",
        "group_concat",
        "hour",
        "if",
        "ifnull",
        "json_extract",
        "json_extract_scalar",
        "json_value",
        "lag",
        "last_value",
        "lead",
        "least",
        "left",
        "length",
        "listagg",
        "ln",
        "log",
        "lower",
        "lpad",
        "ltrim",
        "max",
        "md5",
        "median",
        "min",
        "minute",
        "missing",
        "mod",
        "month",
        "now",
        "ntile",
        "nullif",
        "nvl",
        "percent_rank",
        "position",
        "power",
        "quarter",
        "rank",
        "regexp_extract",
        "regexp_like",
        "regexp_replace",
        "replace",
        "reverse",
        "right",
        "round",
        "row_number",
        "rpad",
        "rtrim",
        "second",
        "sha256",
        "sign",
        "size",
        "split",
        "split_part",
        "sqrt",
        "stddev",
        "stddev_pop",
        "stddev_samp",
        "string_agg",
        "strpos",
        "substr",
        "substring",
        "sum",
        "timestamp",
        "to_char",
        "to_date",
        "to_timestamp",
        "trim",
        "try_cast",
        "typeof",
        "unnest",
        "upper",
        "variance",
        "week",
        "year",
        "char",
        "varchar",
        "decimal",
        "numeric",
    ]
)


def plain_select(statement: object) -> bool:
    """Is it one SELECT that names nothing but what only reads?"""
    if not isinstance(statement, str) or len(statement) > LONGEST:
        return False
    # A quoted name stays a quote before a parenthesis: which function it is cannot be told.
    bare = _QUOTED.sub(lambda found: '""' if found[0][0] != "'" else " ", statement.strip())
    bare = bare.removesuffix(";")
    if not bare.isascii() or not _BEGINS.match(bare):
        return False
    if _DOUBTFUL.search(bare.replace('""', "")):
        return False
    words = {word.lower() for word in _WORD.findall(bare)}
    if words & (_WRITES - _FUNCTIONS):
        return False
    return all(_only_computes(name) for name in _CALL.findall(bare))


def _only_computes(name: str) -> bool:
    return name.lower() in _FUNCTIONS or name.lower() in _WORDS


def verb(statement: object) -> str:
    """The first word of a statement, in capitals; empty where there is none."""
    found = _WORD.match(statement.strip()) if isinstance(statement, str) else None
    return found[0].upper() if found else ""
