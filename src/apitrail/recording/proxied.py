"""mitmproxy around a recorder, put together from settings.

It is imported where clients are met alone: with workers, the process that has the trail does without.
"""

from __future__ import annotations

from apitrail.recording.alone import Alone
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.config_file import Configuration
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.master import Server
from apitrail.recording.recorder import Recorder
from apitrail.recording.settings import Settings


def addon_of(
    recorder: Recorder, guard: Guard, settings: Settings, configured: Configuration
) -> Addon:
    """The add-on that records what this guard lets pass."""
    addon = Addon(recorder, guard, settings.body_limit, receipts=configured.receipts)
    guard.logins.runs = addon.runs
    return addon


async def alone(
    addon: Addon, settings: Settings, configured: Configuration, files: CaFiles
) -> Alone:
    """The proxy around an add-on, whose ports are not open yet; raises UsageError."""
    server = await Server.start(
        settings.modes,
        addons=(addon.guard, addon),
        confdir=files.directory,
        settings=dict(settings.settings),
        limits=settings.limits or configured.limits,
    )
    return Alone(addon, server, files)
