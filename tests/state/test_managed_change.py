"""What rotates or scales by itself is no drift, if the log shows that it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.insights.thresholds import Thresholds
from apitrail.query import Filter
from apitrail.reading import resource_history
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller
from evidence.bundle.evidence import MINUTE, SECOND, Story

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-MMOncw"
SERVICE = "arn:aws:ecs:eu-central-1:123456789012:service/shop/web"


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


def drift(story: Story, path: Path, name: str) -> list[str]:
    """What the detector tells, which is what the resource's history tells."""
    story.wait(SECOND).beat().write(path)
    with Reader(path) as reader:
        told = [
            each.why[1]
            for each in Teller(0, Thresholds()).read(reader, reader.size)
            if each.kind == "drift"
        ]
        history = resource_history.tell(reader, name, Filter())
        assert len(history.drift) == len(told)
    return told


def secret(before: str, **answer: object) -> Story:
    """A secret's value is seen, another call says something, and another value is seen."""
    story = Story().open().wait(SECOND)
    about = {"service": "secretsmanager", "resources": (SECRET,)}
    for version in "ab":
        value = {"ARN": SECRET, "Name": "db", "VersionId": version, "SecretString": version * 4}
        story.call("GetSecretValue", asked={"SecretId": "db"}, answer=value, **about)
        story.wait(MINUTE)
        if version == "a" and before:
            said = {"ARN": SECRET, "Name": "db", **answer}
            story.call(before, asked={"SecretId": said["Name"]}, answer=said, **about).wait(MINUTE)
    return story


@pytest.mark.parametrize(
    ("before", "answer", "is_told"),
    [
        ("", {}, True),
        ("DescribeSecret", {"RotationEnabled": True}, False),
        ("DescribeSecret", {"RotationEnabled": False}, True),
        ("DescribeSecret", {"ARN": "arn:other", "Name": "other", "RotationEnabled": True}, True),
    ],
)
def test_a_value_of_a_secret(tmp_path, before, answer, is_told):
    assert bool(drift(secret(before, **answer), tmp_path / "trail", SECRET)) is is_told


def service(before: str, resource: str, *, also: dict | None = None) -> Story:
    """A service is seen with two tasks, and with five."""
    story = Story().open().wait(SECOND)
    if before:
        asked = {"ServiceNamespace": "ecs", "ResourceId": resource}
        answer = {"ScalableTargets": [asked]} if before.startswith("Describe") else {}
        story.call(before, service="application-autoscaling", asked=asked, answer=answer)
        story.wait(20 * MINUTE)
    for count in (2, 5):
        shown = {
            "serviceArn": SERVICE,
            "serviceName": "web",
            "desiredCount": count,
            "status": "ACTIVE",
        }
        if count == 5:
            shown |= also or {}
        story.call(
            "DescribeServices", service="ecs", resources=(SERVICE,), answer={"services": [shown]}
        )
        story.wait(MINUTE)
    return story


@pytest.mark.parametrize(
    ("before", "resource", "is_told"),
    [
        ("", "", True),
        ("RegisterScalableTarget", "service/shop/web", False),
        ("DescribeScalableTargets", "service/shop/web", False),
        ("DeregisterScalableTarget", "service/shop/web", True),
        ("RegisterScalableTarget", "service/shop/other", True),
    ],
)
def test_the_count_of_a_service(tmp_path, before, resource, is_told):
    assert bool(drift(service(before, resource), tmp_path / "trail", SERVICE)) is is_told


def test_what_else_differs_is_told(tmp_path):
    story = service("RegisterScalableTarget", "service/shop/web", also={"launchType": "EC2"})
    [told] = drift(story, tmp_path / "trail", SERVICE)
    assert "desiredCount" not in told
