"""SQL over a trail: a read-only view whose columns are named as in CloudTrail."""

from apitrail.reading.sql.field import at, cell
from apitrail.reading.sql.question import Answer, ask, check, lines
from apitrail.reading.sql.rewrite import TABLE
from apitrail.reading.sql.view import INDEXED

__all__ = ["INDEXED", "TABLE", "Answer", "ask", "at", "cell", "check", "lines"]
