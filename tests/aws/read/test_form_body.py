"""Forms of the query and ec2 protocols."""

from __future__ import annotations

import pytest

from apitrail.aws.read import form_body
from apitrail.aws.read.scalars import Doubts
from aws.requests import FORM, call


def test_list_positions_do_not_cost_memory():
    body = b"Action=DescribeInstances&InstanceId.999999999=i-1&InstanceId.99999999999999=i-2"

    found = call("POST", "/", FORM, body=body, service="ec2")

    assert found.parameters == {"InstanceIds": ["i-1"]}
    assert found.problems == ("list position '99999999999999'",)


def tree(text, **options):
    doubts = Doubts(**options)
    return form_body.tree(form_body.pairs(text, doubts), doubts), doubts


@pytest.mark.parametrize(("turned", "value"), [(False, "2"), (True, "1")])
def test_of_a_field_given_twice_either_value_can_be_had(turned, value):
    found, doubts = tree("A.b=1&A.%62=2", turned=turned)

    assert found == {"A": {"b": {"": value}}}
    assert doubts.ambiguous == ["'A.b' is given twice"]


def test_a_map_s_entry_without_a_value_is_an_empty_structure():
    body = b"Action=Publish&Message=m&MessageAttributes.entry.1.Name=a"

    assert call("POST", "/", FORM, body=body, service="sns").parameters == {
        "Message": "m",
        "MessageAttributes": {"a": {}},
    }


def test_fields_beside_a_value_are_doubted():
    body = b"Action=DeleteUser&UserName=bob&UserName.x=alice"

    found = call("POST", "/", FORM, body=body, service="iam")

    assert found.parameters == {"UserName": "bob"}
    assert found.problems == ("nested form fields beside a value",)
