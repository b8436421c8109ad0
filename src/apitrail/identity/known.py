"""All that is known of access keys: bindings in the order they were learned, and the settings."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from apitrail.aws.call import Call
from apitrail.aws.sign import accesskey
from apitrail.aws.sign.credential import Credential
from apitrail.identity import configured, unsigned
from apitrail.identity.binding import Binding
from apitrail.identity.identity import CHAIN_MAX, Identity, Issuer, Principal
from apitrail.identity.learn import learn
from apitrail.remembered import remembered

# Sessions of the caller itself: who that is may be learned after the session was made.
_SAME_PRINCIPAL = frozenset({"sts:GetSessionToken", "s3:CreateSession"})


class Known:
    """Tells who signed. What was learned wins over settings, those over what a key id encodes.

    A key id never changes hands: a binding that contradicts an earlier one is ignored, unless
    it alone is AWS's own answer about the key, and either way the contradiction is told. At
    most `limit` keys are remembered, temporary ones forgotten first, those not used longest.
    """

    def __init__(
        self, *, configured: Mapping[str, Identity] | None = None, limit: int = 100_000
    ) -> None:
        self._configured = dict(configured or {})
        self._limit = limit
        self._lasting: OrderedDict[str, Binding] = OrderedDict()
        self._temporary: OrderedDict[str, Binding] = OrderedDict()
        self._names: OrderedDict[tuple[str, str, str], Identity] = OrderedDict()
        self._doubts: OrderedDict[str, str] = OrderedDict()

    @classmethod
    def configured(cls, entries: Mapping[str, Any], *, limit: int = 100_000) -> Known:
        """With the settings' `identities`: access key id → its fields. UsageError if malformed."""
        return cls(configured=configured.identities(entries), limit=limit)

    def add(self, *bindings: Binding) -> tuple[str, ...]:
        """Take in what a call taught; returns the contradictions with what is known."""
        return tuple(doubt for each in bindings if (doubt := self._add(each)) is not None)

    def _add(self, binding: Binding) -> str | None:
        self._name(binding)
        key = binding.access_key_id
        if key is None:
            return None
        before = self._find(key)
        if before is None:
            self._keep(key, binding)
            return None
        doubt = _contradiction(before, binding)
        if doubt is None:
            self._keep(key, _merged(before, binding))
            return None
        self._doubts[key] = doubt
        _trim(self._doubts, self._limit)
        if binding.rank > before.rank:
            self._keep(key, binding)
        return doubt

    def identify(self, credential: Credential, *, at: int, call: Call | None = None) -> Identity:
        """Who a credential says it is, at Unix milliseconds `at`, making `call`."""
        if (federated := unsigned.federated(call)) is not None:
            return federated
        key = credential.access_key_id
        if key is None:
            return unsigned.identity(credential, call)
        identity = self._principal(key, at)
        if identity.account is None and credential.account is not None:
            identity = replace(identity, account=credential.account)
        if (doubt := self._doubts.get(key)) is not None:
            identity = identity.doubting(doubt)
        if not identity.assumed_by:
            return identity
        return replace(identity, assumed_by=tuple(map(self._link, identity.assumed_by)))

    def attribute(
        self, credential: Credential, call: Call, *, at: int, account: str | None = None
    ) -> tuple[Identity, tuple[Binding, ...]]:
        """Who made an answered, unredacted call, and what it taught, which is taken in.

        A call that answers who its own signer is counts for itself already.
        """
        caller = self.identify(credential, at=at, call=call)
        bindings = learn(call, caller, at=at, account=account)
        for doubt in self.add(*bindings):
            caller = caller.doubting(doubt)
        own = caller.access_key_id
        if own is not None and any(binding.access_key_id == own for binding in bindings):
            again = self.identify(credential, at=at, call=call)
            caller = replace(again, doubts=tuple(dict.fromkeys((*again.doubts, *caller.doubts))))
        return caller, bindings

    def __len__(self) -> int:
        return len(self._lasting) + len(self._temporary)

    def _find(self, key: str) -> Binding | None:
        for table in (self._lasting, self._temporary):
            if (binding := table.get(key)) is not None:
                table.move_to_end(key)
                return binding
        return None

    def _keep(self, key: str, binding: Binding) -> None:
        self._lasting.pop(key, None)
        self._temporary.pop(key, None)
        (self._lasting if binding.expires_at is None else self._temporary)[key] = binding
        if len(self) > self._limit:
            (self._temporary or self._lasting).popitem(last=False)

    def _principal(self, key: str, at: int, depth: int = 0) -> Identity:
        binding = self._find(key)
        if binding is None:
            return self._unlearned(key)
        identity = binding.identity
        if identity.arn is None and binding.source in _SAME_PRINCIPAL and depth < CHAIN_MAX:
            identity = self._as_parent(identity, at, depth)
        expired = binding.expires_at is not None and at > binding.expires_at
        account = identity.account or accesskey.account(key)
        if (identity.access_key_id, identity.account, identity.expired) != (key, account, expired):
            identity = replace(identity, access_key_id=key, account=account, expired=expired)
        return self._completed(identity)

    def _as_parent(self, identity: Identity, at: int, depth: int) -> Identity:
        """A session of its caller, whose name may be known by now."""
        parent = identity.assumed_by[0].access_key_id if identity.assumed_by else None
        if parent is None:
            return identity
        caller = self._principal(parent, at, depth + 1)
        return replace(
            identity,
            type=caller.type,
            arn=caller.arn,
            account=identity.account or caller.account,
            principal_id=caller.principal_id,
            user_name=caller.user_name,
        )

    def _unlearned(self, key: str) -> Identity:
        if (found := self._configured.get(key)) is not None:
            return self._completed(found)
        return _claimed(key)

    def _completed(self, identity: Identity) -> Identity:
        """With the ARN and the unique id that other calls told of the same name."""
        identity = _filled(identity, self._names.get(_name_key(identity)))
        session = identity.session
        if session is not None and (issuer := session.issuer) is not None:
            role = self._names.get((issuer.type, issuer.account or "", issuer.user_name or ""))
            if role is not None:
                session = replace(session, issuer=_filled_issuer(issuer, role))
                identity = replace(identity, session=session)
        return identity

    def _link(self, link: Principal) -> Principal:
        if link.arn is not None or link.access_key_id is None:
            return link
        found = self._principal(link.access_key_id, 0)
        return replace(link, arn=found.arn, principal_id=link.principal_id or found.principal_id)

    def _name(self, binding: Binding) -> None:
        identity = binding.identity
        key = _name_key(identity)
        if identity.type in ("IAMUser", "Role") and identity.arn and all(key):
            self._names[key] = _filled(identity, self._names.get(key))
            self._names.move_to_end(key)
            _trim(self._names, self._limit)


@remembered(1024)
def _claimed(key: str) -> Identity:
    """What a key id itself says."""
    account = accesskey.account(key)
    return Identity(
        access_key_id=key, account=account, known="claimed" if account is None else "decoded"
    )


def _name_key(identity: Identity) -> tuple[str, str, str]:
    return identity.type or "", identity.account or "", identity.user_name or ""


def _trim[K, V](table: OrderedDict[K, V], limit: int) -> None:
    while len(table) > limit:
        table.popitem(last=False)


def _filled(identity: Identity, other: Identity | None) -> Identity:
    """The identity, its gaps filled from another of the same principal."""
    if other is None or other is identity:
        return identity
    if identity.arn and other.arn and identity.arn != other.arn:
        return identity
    if _has_all(identity, other):
        return identity
    return replace(
        identity,
        type=identity.type or other.type,
        account=identity.account or other.account,
        arn=identity.arn or other.arn,
        principal_id=identity.principal_id or other.principal_id,
        user_name=identity.user_name or other.user_name,
        session=identity.session or other.session,
        assumed_by=identity.assumed_by or other.assumed_by,
    )


def _has_all(identity: Identity, other: Identity) -> bool:
    """Has the other nothing that the identity lacks?"""
    return (
        (identity.type or other.type) == identity.type
        and (identity.account or other.account) == identity.account
        and (identity.arn or other.arn) == identity.arn
        and (identity.principal_id or other.principal_id) == identity.principal_id
        and (identity.user_name or other.user_name) == identity.user_name
        and (identity.session or other.session) == identity.session
        and (identity.assumed_by or other.assumed_by) == identity.assumed_by
    )


def _filled_issuer(issuer: Issuer, role: Identity) -> Issuer:
    return replace(
        issuer,
        arn=issuer.arn or role.arn,
        principal_id=issuer.principal_id or role.principal_id,
    )


def _contradiction(before: Binding, after: Binding) -> str | None:
    old, new = before.identity, after.identity
    if old.account and new.account and old.account != new.account:
        return f"{after.source} says account {new.account}, {before.source} said {old.account}"
    if old.principal_id and old.principal_id == new.principal_id:
        return None  # renamed or moved to another path
    for what, was, is_now in (
        ("is", old.arn, new.arn),
        ("is user", old.user_name, new.user_name),
    ):
        if was and is_now and was != is_now:
            return f"{after.source} says the key {what} {is_now}, {before.source} said {was}"
    return None


def _merged(before: Binding, after: Binding) -> Binding:
    """What two calls taught of one key; AWS's own answer counts, then the later one."""
    stays = before.rank > after.rank
    first, second = (before, after) if stays else (after, before)
    return replace(
        first,
        identity=_filled(first.identity, second.identity),
        learned_at=before.learned_at,
        expires_at=before.expires_at if after.expires_at is None else after.expires_at,
    )
