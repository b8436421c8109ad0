from collections import Counter

from apitrail.policy.least import statements
from apitrail.policy.needed import Needs, Use

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:"


def written(*uses, levels=None, resources=None):
    needs = Needs(counts=Counter(uses), levels=levels or {use.action: "Write" for use in uses})
    return [each.to_json() for each in statements(needs, resources)]


def test_actions_on_the_same_resources_are_one_statement():
    found = written(
        Use("sqs:SendMessage", QUEUE + "a"), Use("sqs:PurgeQueue", QUEUE + "a"),
        Use("sqs:DeleteQueue", QUEUE + "b"),
    )  # fmt: skip
    assert found == [
        {"Sid": "SqsWrite", "Effect": "Allow", "Action": "sqs:DeleteQueue", "Resource": QUEUE + "b"},
        {"Sid": "SqsWrite2", "Effect": "Allow", "Action": ["sqs:PurgeQueue", "sqs:SendMessage"],
         "Resource": QUEUE + "a"},
    ]  # fmt: skip


def test_a_region_is_a_condition_where_no_resource_tells_it():
    [one] = written(Use("ec2:DescribeInstances", "*", "eu-west-1"))
    assert one["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    [two] = written(*(Use("ec2:DescribeInstances", "*", f"eu-west-{n}") for n in (1, 2)))
    assert two["Condition"]["StringEquals"]["aws:RequestedRegion"] == ["eu-west-1", "eu-west-2"]
    [many] = written(*(Use("ec2:DescribeInstances", "*", f"eu-west-{n}") for n in range(9)))
    assert "Condition" not in many


def test_a_name_that_looks_like_a_variable_is_written_out():
    [one] = written(Use("s3:GetObject", "arn:aws:s3:::b/${x}"))
    assert one["Resource"] == "arn:aws:s3:::b/${$}{x}"


def test_resources_may_be_written_in_general_terms():
    uses = [Use("sqs:SendMessage", f"{QUEUE}{n}") for n in range(3)]
    [one] = written(*uses, resources=dict.fromkeys(uses, QUEUE + "*"))
    assert one["Resource"] == QUEUE + "*"


def test_a_resource_that_a_wider_one_covers_is_left_out():
    uses = [Use("sqs:SendMessage", QUEUE + name) for name in ("*", "a", "b")]
    needs = Needs(counts=Counter(uses), levels={"sqs:SendMessage": "Write"})
    [one] = statements(needs)
    assert one.resources == (QUEUE + "*",)
    assert sorted(use.resource for use in one.uses) == sorted(use.resource for use in uses)


def test_of_several_wider_ones_the_first_takes_it():
    names = ["t*", "tab*", "?able/x", "table/1", "table/x", "other", "tab?e/*"]
    [one] = written(*(Use("sqs:SendMessage", QUEUE + name) for name in names))
    assert one["Resource"] == [QUEUE + name for name in ("?able/x", "other", "t*")]
