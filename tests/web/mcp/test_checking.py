"""What a tool takes, and what it does not."""

import pytest

from apitrail.errors import UsageError
from apitrail.web.mcp.checking import checked
from apitrail.web.mcp.toolbox import TOOLS


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("events", {"run": "theirs"}, "events takes no 'run'"),
        ("events", {"all_runs": True}, "events takes no 'all_runs'"),
        ("events", {"max_results": 51}, "max_results: 51 is greater than the maximum of 50"),
        ("events", {"max_results": "many"}, "max_results: 'many' is not of type 'integer'"),
        ("events", {"attribute_key": "Run"}, "attribute_key: 'Run' is not one of"),
        ("show", {}, "'event_id' is a required property"),
        ("show", {"event_id": None}, "'event_id' is a required property"),
        ("my_run", {"run": "theirs"}, "my_run takes no 'run'"),
    ],
)
def test_arguments_that_a_tool_does_not_take(name, arguments, problem):
    with pytest.raises(UsageError) as failure:
        checked(TOOLS[name], arguments)
    assert str(failure.value).startswith(problem)


def test_null_is_what_was_left_out():
    assert checked(TOOLS["events"], {"region": None, "max_results": 3}) == {"max_results": 3}
