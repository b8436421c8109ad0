"""What a recorder needs to begin with: the policy of the settings, and whom the trail has met."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from apitrail.errors import FormatError
from apitrail.identity import Known
from apitrail.identity.keyring import Keyring
from apitrail.recording import lessons
from apitrail.recording.config_file import Configuration, Signatures
from apitrail.recording.recorder import Policy
from apitrail.recording.settings import Settings
from apitrail.trail.writer import Trail

logger = logging.getLogger("apitrail")


def policy(settings: Settings, about: Configuration) -> Policy:
    """What settings and configuration want; an option of the command adds to the file's.

    Raises:
        UsageError: the keyring cannot be used.
    """
    signatures = about.signatures
    require = signatures.require_valid or settings.signatures == "require"
    verify = require or signatures.verify or settings.signatures == "verify"
    return Policy(
        keep=about.keep,
        keyring=_keyring(signatures) if verify else None,
        require_valid=require,
        body_limit=settings.body_limit,
        record_ambiguous=about.ambiguous == "record",
        guards=settings.guards,
        asking=settings.asking,
        most_held=about.approvals.held,
    )


async def known(trail: Trail, about: Configuration) -> Known:
    """Everybody the trail's calls have taught of, and the configured identities."""
    found = Known.configured(about.identities)
    async for index, content in trail.learned():
        try:
            found.add(*lessons.bindings(content))
        except FormatError as error:
            logger.warning("entry %d taught of no identity: %s", index, error)
    return found


def _keyring(signatures: Signatures) -> Keyring:
    # Where SDKs look for it ("Shared credentials file", AWS SDKs and tools reference guide).
    shared = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    return Keyring.read(
        signatures.keyring, Path(shared).expanduser() if signatures.profiles else None
    )
