import json

from apitrail.policy.document import LIMIT, as_json, as_terraform, documents, guard
from apitrail.policy.guard import Guard
from apitrail.policy.least import Needed


def needed(count, sid="S3Read", regions=("eu-west-1",)):
    resources = tuple(f"arn:aws:s3:::films/{'x' * 80}/{n}" for n in range(count))
    return Needed(sid, ("s3:GetObject",), resources, regions, ())


def test_policies_fit_the_limit_and_together_say_all():
    found = documents([needed(200), needed(3, sid="S3Read2")])
    assert len(found) > 2
    assert all(len(json.dumps(each, separators=(",", ":"))) <= LIMIT for each in found)
    statements = [each for page in found for each in page["Statement"]]
    assert len({each["Sid"] for each in statements}) == len(statements)
    resources = [r for each in statements[:-1] for r in each["Resource"]]
    assert sorted(resources) == sorted(needed(200).resources)


def test_one_is_a_policy_and_several_are_a_list():
    assert json.loads(as_json(documents([needed(1)])))["Version"] == "2012-10-17"
    assert isinstance(json.loads(as_json(documents([needed(200)]))), list)


def test_a_guard_is_one_policy_however_long():
    assert Guard.parse("only", json.dumps(guard([needed(200)]))).allows


def test_terraform():
    odd = Needed("S3Read", ("s3:GetObject",), ("arn:aws:s3:::b/${x}",), ("eu-west-1",), ())
    text = "\n".join(as_terraform([odd]))
    assert text.startswith('data "aws_iam_policy_document" "needed" {\n  statement {')
    assert 'resources = ["arn:aws:s3:::b/&{$}{x}"]' in text
    assert 'variable = "aws:RequestedRegion"' in text
