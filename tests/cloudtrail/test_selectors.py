"""Event selectors: what CloudTrail's documentation says they select, and what it refuses."""

import json

import pytest

from apitrail.cloudtrail import selectors
from apitrail.cloudtrail.selectors import EVERYTHING, Selectors
from apitrail.errors import FormatError

READ = {"eventCategory": "Management", "eventSource": "iam.amazonaws.com", "eventName": "GetUser", "readOnly": True}  # fmt: skip
WRITE = READ | {"eventName": "CreateUser", "readOnly": False, "userIdentity": {"arn": "arn:aws:iam::1:user/eve"}}  # fmt: skip
KMS = READ | {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt"}


def data(kind, arn, *, read=True, name="GetObject", key="ARN", source="s3.amazonaws.com"):
    return {
        "eventCategory": "Data", "eventName": name, "eventSource": source, "readOnly": read,
        "resources": [{"type": kind, key: arn}, {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}],
    }  # fmt: skip


OBJECT = data("AWS::S3::Object", "arn:aws:s3:::b/key")
LISTING = data("AWS::S3::Object", "arn:aws:s3:::b/", key="ARNPrefix", name="ListObjects")
FUNCTION = data("AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:1:function:f", name="Invoke")
LONGER = data("AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:1:function:f2", name="Invoke")


def basic(**fields):
    return Selectors.parse({"EventSelectors": [fields]})


def resources(kind, *values):
    return basic(DataResources=[{"Type": kind, "Values": list(values)}])


def advanced(*fields, category="Management"):
    chosen = [{"Field": "eventCategory", "Equals": [category]}, *fields]
    return Selectors.parse({"AdvancedEventSelectors": [{"Name": "n", "FieldSelectors": chosen}]})


@pytest.mark.parametrize(
    ("chosen", "selected", "others"),
    [
        (EVERYTHING, [READ, WRITE, KMS, OBJECT, FUNCTION], []),
        (basic(), [READ, WRITE, KMS], [OBJECT, FUNCTION]),
        (basic(ReadWriteType="ReadOnly"), [READ], [WRITE]),
        (basic(ReadWriteType="WriteOnly"), [WRITE], [READ]),
        (basic(IncludeManagementEvents=False), [], [READ, WRITE]),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), [READ], [KMS]),
        (resources("AWS::S3::Object", "arn:aws:s3"), [OBJECT, LISTING, READ], [FUNCTION]),
        (resources("AWS::S3::Object", "arn:aws:s3:::b/"), [OBJECT, LISTING], [FUNCTION]),
        (resources("AWS::S3::Object", "arn:aws:s3:::b/ke"), [OBJECT], [LISTING]),
        (resources("AWS::S3::Object", "arn:aws:s3:::other/"), [READ], [OBJECT]),
        (resources("AWS::Lambda::Function", "arn:aws:lambda"), [FUNCTION, LONGER], [OBJECT]),
        (
            resources("AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:1:function:f"),
            [FUNCTION], [LONGER],
        ),
        (advanced(), [READ, WRITE], [OBJECT]),
        (advanced({"Field": "readOnly", "Equals": ["false"]}), [WRITE], [READ]),
        (advanced({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}), [READ], [KMS]),
        (advanced({"Field": "eventName", "StartsWith": ["Cre", "Put"]}), [WRITE], [READ]),
        (advanced({"Field": "eventName", "NotStartsWith": ["Cre", "Dec"]}), [READ], [WRITE, KMS]),
        (advanced({"Field": "eventName", "EndsWith": ["User"], "NotEndsWith": ["eUser"]}), [], [WRITE]),
        (advanced({"Field": "userIdentity.arn", "EndsWith": ["/eve"]}), [WRITE], [READ]),
        (advanced({"Field": "userIdentity.arn", "NotEquals": ["x"]}), [READ, WRITE], []),
        (advanced(category="Data"), [OBJECT, FUNCTION], [READ]),
        (
            advanced({"Field": "resources.type", "Equals": ["AWS::S3::Object"]}, category="Data"),
            [OBJECT, LISTING], [FUNCTION | {"resources": FUNCTION["resources"][:1]}],
        ),
        (
            # The bucket's ARN does not count: a type was asked for.
            advanced(
                {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
                {"Field": "resources.ARN", "NotStartsWith": ["arn:aws:s3:::b/secret"], "NotEquals": ["arn:aws:s3:::b"]},
                category="Data",
            ),
            [OBJECT, LISTING], [data("AWS::S3::Object", "arn:aws:s3:::b/secret/x")],
        ),
    ],
)  # fmt: skip
def test_selects_as_documented(chosen, selected, others):
    assert [chosen.matches(record) for record in selected] == [True] * len(selected)
    assert [chosen.matches(record) for record in others] == [False] * len(others)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "either basic or advanced"),
        ({"EventSelectors": [{}] * 6}, "more than 5"),
        ({"EventSelectors": [{"ReadWriteType": "Both"}]}, "no ReadWriteType: 'Both'"),
        ({"EventSelectors": [{"IncludeManagementEvents": "yes"}]}, "not true or false"),
        ({"EventSelectors": [{"Colour": 1}]}, "has no 'Colour'"),
        ({"EventSelectors": [{"ExcludeManagementEventSources": ["iam.amazonaws.com"]}]}, "cannot be excluded"),
        ({"EventSelectors": [{"DataResources": [{"Type": "AWS::SQS::Queue", "Values": ["a"]}]}]}, "no data resources of type"),
        ({"EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["a"] * 251}]}]}, "more than 250"),
        ({"EventSelectors": [{}], "AdvancedEventSelectors": [EVERYTHING.advanced[0].to_json()]}, "either basic or advanced"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": []}]}, "needs eventCategory"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "StartsWith": ["D"]}]}]}, "only be compared by Equals"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Insight"]}]}]}, "needs eventCategory"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "colour", "Equals": ["red"]}]}]}, "no field to select by"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName"}]}]}, "no condition on eventName"),
        ({"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName", "Equals": [""]}]}]}, "1 to 2048"),
        ({"AdvancedEventSelectors": "all"}, "not a list"),
        ({"EventSelectors": ["all"]}, "not an event selector"),
    ],
)  # fmt: skip
def test_refuses_what_cloudtrail_refuses(given, problem):
    with pytest.raises(FormatError, match=problem):
        Selectors.parse(given)


@pytest.mark.parametrize("count", [500, 501])
def test_five_hundred_values_are_the_most(count):
    condition = {"Field": "eventName", "Equals": ["x"] * (count - 1)}
    if count == 500:
        assert advanced(condition).advanced
    else:
        with pytest.raises(FormatError, match="more than 500 values"):
            advanced(condition)


@pytest.mark.parametrize(
    "chosen",
    [
        EVERYTHING,
        basic(ReadWriteType="ReadOnly", ExcludeManagementEventSources=["kms.amazonaws.com"]),
        resources("AWS::S3::Object", "arn:aws:s3:::b/"),
        advanced({"Field": "eventName", "NotStartsWith": ["Cre"], "EndsWith": ["x"]}),
    ],
)
def test_printing_and_parsing_are_inverses(chosen):
    again = Selectors.parse(chosen.to_json())
    assert again.to_json() == chosen.to_json()
    assert (again.basic, again.advanced) == (chosen.basic, chosen.advanced)


def test_what_was_put_is_kept_beside_the_trail(tmp_path):
    assert selectors.load(tmp_path) is EVERYTHING
    chosen = basic(ReadWriteType="WriteOnly")
    state = chosen.to_json() | {"InsightSelectors": []}
    (tmp_path / selectors.FILE).write_text(json.dumps(state))
    assert selectors.load(tmp_path) == chosen
    (tmp_path / selectors.FILE).write_text("{")
    with pytest.raises(FormatError, match="not JSON"):
        selectors.load(tmp_path)
