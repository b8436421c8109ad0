"""What one call taught about a key or a name: the unit in which identities are kept.

It does not know what was taught before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apitrail.identity import record
from apitrail.identity.identity import Identity

# Operations that tell what AWS itself holds the caller to be.
AUTHORITATIVE = frozenset({"sts:GetCallerIdentity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An access key id and its identity, learned at `learned_at` from `source`.

    Times are Unix milliseconds; `source` is `service:operation` in botocore's names. A
    binding without a key tells more of a name: a user's or role's ARN and unique id.
    """

    access_key_id: str | None = None
    identity: Identity
    learned_at: int
    expires_at: int | None = None
    source: str

    @property
    def authoritative(self) -> bool:
        """Is it AWS's own word on who holds the key?"""
        return self.source in AUTHORITATIVE

    @classmethod
    def from_json(cls, data: Any) -> Binding:
        """Inverse of `to_json`; FormatError for anything else."""
        return record.decode(cls, data, _BINDING)

    def to_json(self) -> dict[str, Any]:
        """The binding as JSON values."""
        return record.encode(self)


_BINDING: dict[str, record.Reader] = {
    "access_key_id": record.text,
    "identity": Identity.from_json,
    "learned_at": record.milliseconds,
    "expires_at": record.milliseconds,
    "source": record.text,
}
