"""What AWS itself gave an id is proved together with the call that made it."""

from __future__ import annotations

import json

from machine import Machine

STORY = """
import boto3, json
route53 = boto3.client("route53")
zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
route53.change_tags_for_resource(
    ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2],
    AddTags=[{"Key": "a", "Value": "b"}])
route53.create_hosted_zone(Name="example.org", CallerReference="2")
route53.delete_hosted_zone(Id=zone)
print(json.dumps(zone))
"""
LIFE = ["CreateHostedZone", "ChangeTagsForResource", "DeleteHostedZone"]


def test_a_proof_about_a_hosted_zone_holds_its_creation(moto: str, tmp_path) -> None:
    machine = Machine(tmp_path / "home", moto)
    with machine.recording("--upstream", moto, "--mode", "regular@0"):
        done = machine.apitrail("exec", "--", "python", "-c", STORY)
    zone = json.loads(done.stdout.splitlines()[-1]).rpartition("/")[2]
    named = ("--resource-name", zone)
    for spelled in (zone, f"/hostedzone/{zone}"):
        assert sorted(machine.names("--resource-name", spelled)) == sorted(LIFE)
    machine.apitrail("export", *named, "--prove-complete", "-o", "evidence.zip")
    said = machine.apitrail("verify", "evidence.zip").stdout
    assert all(name in said for name in LIFE)
    assert "3 calls match" in said or "3 calls" in said
    assert "undetermined" not in said
