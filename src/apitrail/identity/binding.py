"""What one call taught about a key or a name: the unit in which identities are kept."""

from __future__ import annotations

import json

from apitrail import codec
from apitrail.errors import FormatError
from apitrail.identity.identity import How, Identity
from apitrail.valueclass import valueclass

# Operations whose answer is AWS's own statement of who the caller is.
AUTHORITATIVE = frozenset({"sts:GetCallerIdentity"})
# How an identity is known that came only from the text of a refusal.
REFUSAL: How = "refusal"


@valueclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def rank(self) -> int:
        """How much it counts against another about the same key."""
        if self.authoritative:
            return 2
        return 0 if self.identity.known == REFUSAL else 1

    @classmethod
    def parse(cls, data: object) -> Binding:
        """Inverse of `codec.encode`.

        Raises:
            FormatError: anything that it would not have written.
        """
        binding = codec.decode(cls, data)
        if min(binding.learned_at, binding.expires_at or 0) < 0:
            raise FormatError(f"not a time in milliseconds: {data!r:.200}")
        if json.loads(json.dumps(codec.encode(binding))) != data:
            raise FormatError(f"binding is not in its shortest form: {data!r:.200}")
        return binding
