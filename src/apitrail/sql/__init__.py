"""SQL over a trail: a read-only view whose columns are named as in CloudTrail.

It does not know who asks.
"""

from apitrail.sql.field import at, cell
from apitrail.sql.question import Answer, ask, check, lines
from apitrail.sql.statement import TABLE
from apitrail.sql.view import INDEXED

__all__ = ["INDEXED", "TABLE", "Answer", "ask", "at", "cell", "check", "lines"]
