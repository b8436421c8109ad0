"""Arguments of a call, held to the schema of the tool."""

from __future__ import annotations

import jsonschema

from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.web.mcp.tool import Tool


def checked(tool: Tool, arguments: Object) -> Object:
    """The arguments without those that are null, which some clients send for what is left out.

    Raises:
        UsageError: the tool does not take them so.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    checker = jsonschema.Draft202012Validator(tool.input_schema)
    wrong = jsonschema.exceptions.best_match(checker.iter_errors(given))
    if wrong is None:
        return given
    unknown = sorted(given.keys() - tool.takes.keys())
    if unknown:
        raise UsageError(
            f"{tool.name} takes no {unknown[0]!r:.60}", hint=f"it takes {', '.join(tool.takes) or 'nothing'}"
        )  # fmt: skip
    where = f"{wrong.json_path.removeprefix('$.')}: " if wrong.json_path != "$" else ""
    raise UsageError(f"{where}{wrong.message:.300}")
