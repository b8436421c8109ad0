"""What a worker is given comes through to another process."""

from __future__ import annotations

from pathlib import Path

from apitrail.identity import Known
from apitrail.policy.loading import load
from apitrail.recording.config_file import Configuration
from apitrail.recording.recorder import Policy
from apitrail.recording.settings import Settings
from apitrail.recording.workers.orders import Orders


def test_orders_with_guards_and_a_configuration_are_the_same_on_the_other_side(tmp_path: Path):
    path = tmp_path / "config.toml"
    path.write_text(
        '[identities.AKIAIOSFODNN7EXAMPLE]\narn = "arn:aws:iam::123456789012:user/mary"\n[[keep]]\nlevel = "metadata"\n'
    )
    settings = Settings(guards=load(("read-only", "no-iam"), {}), workers=2, upstream="http://x:1")
    orders = Orders(
        directory=tmp_path, origin="example.com/trail", settings=settings, known=Known(),
        policy=Policy(guards=settings.guards, require_valid=True), configured=Configuration.read(path), journal=tmp_path / "pending-1.journal", workers=2, acts=(("run", "1", {"id": "1"}, True),),
    )  # fmt: skip
    found = Orders.load(orders.dump())
    assert found.settings.to_json() == settings.to_json()
    assert found.settings.guards.entries() == settings.guards.entries()
    assert found.policy.guards is found.settings.guards
    assert found.policy.require_valid
    assert found.configured.identities == orders.configured.identities
    assert found.configured.keep.rules == orders.configured.keep.rules
    assert (found.origin, found.acts) == (orders.origin, orders.acts)
