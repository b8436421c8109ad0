"""What all calls say is a condition, where AWS knows its key for the action on that resource."""

from __future__ import annotations

from apitrail.event import Asked, CallFacts, Event, What, Who
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.least import statements
from apitrail.policy.needed import needs


def kept(service, operation, parameters):
    call = CallFacts(service=service, operation=operation, region="eu-west-1", started=0)
    return KeptCall.parse(Event(
        who=Who(record={}, identity={"account": "111122223333"}), what=What(call=call),
        request=Asked(parameters=parameters),
    ).facets())  # fmt: skip


def conditions(*calls):
    """Each statement's action and what its condition asks for besides regions."""
    found = needs([(number, kept(*call)) for number, call in enumerate(calls)])
    told = {}
    for each in statements(found):
        asked = each.to_json().get("Condition", {}).get("StringEquals", {})
        asked.pop("aws:RequestedRegion", None)
        for action in each.actions:
            told[action, each.resources] = asked
    return told


def put(key, **more):
    return "s3", "PutObject", {"Bucket": "b", "Key": key, **more}


def test_what_all_calls_say_is_a_condition_and_what_some_say_is_none():
    both = ("arn:aws:s3:::b/1", "arn:aws:s3:::b/2")
    same = conditions(put("1", StorageClass="GLACIER"), put("2", StorageClass="GLACIER"))
    assert same["s3:PutObject", both] == {"s3:x-amz-storage-class": "GLACIER"}
    for other in (put("2", StorageClass="STANDARD"), put("2")):
        assert conditions(put("1", StorageClass="GLACIER"), other)["s3:PutObject", both] == {}


def test_a_key_is_asked_for_only_where_aws_knows_it():
    """An instance's type is known of the instance, and of no subnet or image."""
    found = conditions(("ec2", "RunInstances", {
        "ImageId": "ami-12345678", "SubnetId": "subnet-12345678", "InstanceType": "t3.micro"}))  # fmt: skip
    asked = {resources: condition for (_, resources), condition in found.items()}
    with_type = [resources for resources, condition in asked.items() if condition]
    assert with_type == [("arn:aws:ec2:eu-west-1:111122223333:instance/*",)]
    assert asked[with_type[0]] == {"ec2:InstanceType": "t3.micro"}


def test_tags_are_asked_for_and_a_variable_is_none():
    found = conditions(("lambda", "CreateFunction", {"FunctionName": "f", "Tags": {"env": "${a}"}}))
    [asked] = [condition for (action, _), condition in found.items() if action == "lambda:CreateFunction"]  # fmt: skip
    assert asked == {"aws:RequestTag/env": "${$}{a}"}


def test_a_prefix_is_and_the_size_of_a_page_is_not():
    [asked] = conditions(("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "p/", "MaxKeys": 9})).values()  # fmt: skip
    assert asked == {"s3:prefix": "p/"}
