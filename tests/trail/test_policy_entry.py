import pytest

from apitrail.errors import FormatError
from apitrail.trail import statements
from apitrail.trail.policy_entry import Policy


@pytest.mark.parametrize("watching", [False, True])
def test_parse_and_what_are_inverses(watching):
    said = Policy(name="prod", sha256="ab", text="{}", watching=watching)
    assert statements.read("policy", said.what()) == said


@pytest.mark.parametrize(
    "changes", [{"name": 1}, {"text": None}, {"sha256": []}, {"watching": "yes"}]
)
def test_what_no_recorder_writes_is_refused(changes):
    with pytest.raises(FormatError, match="malformed policy"):
        Policy.parse({"name": "prod", "sha256": "ab", "text": "{}"} | changes)
