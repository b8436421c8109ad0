import pytest

from apitrail.policy.generalised import generalised
from apitrail.policy.needed import Use


def general(*resources):
    found = generalised([Use("x:Y", each) for each in resources])
    return list(dict.fromkeys(found.values()))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0",
         "arn:aws:ec2:eu-west-1:111122223333:instance/i-*"),
        ("arn:aws:s3:::logs/2026-11-27/report.csv", "arn:aws:s3:::logs/*-11-27/report.csv"),
        ("arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-0f1e-2d3c-4b5a-0f1e2d3c4b5a",
         "arn:aws:kms:eu-west-1:111122223333:key/*"),
        ("arn:aws:s3:::bucket-20261127", "arn:aws:s3:::bucket-20261127"),
        ("arn:aws:sqs:eu-west-1:111122223333:films", "arn:aws:sqs:eu-west-1:111122223333:films"),
        ("*", "*"),
    ],
)  # fmt: skip
def test_ids_become_stars_and_places_stay(resource, expected):
    assert general(resource) == [expected]


def test_of_many_names_what_they_have_in_common_stays():
    keys = [f"arn:aws:s3:::films/posters/{name}.jpg" for name in "abcdef"]
    assert general(*keys) == ["arn:aws:s3:::films/posters/*"]
    assert general(*keys[:2]) == keys[:2]


def test_buckets_and_accounts_are_never_widened():
    buckets = [f"arn:aws:s3:::b{n}/k" for n in range(6)]
    assert general(*buckets) == buckets
    owners = [f"arn:aws:sqs:eu-west-1:11112222333{n}:q" for n in range(6)]
    assert general(*owners) == owners
