"""The same recording inside somebody else's mitmproxy: `mitmdump -s addons/record.py`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader

from apitrail import places
from apitrail.errors import Error
from apitrail.recording import assembly, config_file, proxied
from apitrail.recording.proxy import layer
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.proxy.admission import malformed, refusal
from apitrail.recording.session import open_recorder
from apitrail.recording.settings import Settings
from apitrail.trail.writer import Trail

logger = logging.getLogger("apitrail")


class Recording:
    """Options `apitrail` (the trail's directory) and `apitrail_upstream`.

    The recorder itself is added behind all other add-ons once, so that reloading the script
    takes nothing away; until it is there, nothing passes.
    """

    def __init__(self) -> None:
        self._opening: asyncio.Task[None] | None = None

    def load(self, loader: Loader) -> None:
        """Declare the options."""
        loader.add_option("apitrail", str, "", "Record AWS calls into this trail directory.")
        loader.add_option("apitrail_upstream", str, "", "Send every AWS call to this endpoint.")
        loader.add_option(
            "apitrail_body_limit", int, Settings().body_limit, "Bytes kept of a body."
        )
        # Without it mitmproxy rewrites Host in reverse mode, which breaks every signature.
        ctx.options.update(keep_host_header=True)
        layer.install()

    def running(self) -> None:
        """Open the trail, unless the script was only loaded again.

        mitmproxy awaits nothing of a script that is loaded again, so this is a task of its own.
        """
        if ctx.master.addons.get(_Behind.name) is None:
            self._opening = asyncio.create_task(self._open(), name="apitrail-open")

    async def _open(self) -> None:
        """Open the trail; where it cannot be, stop rather than let calls pass."""
        directory = Path(ctx.options.apitrail or places.default_trail()).expanduser()
        settings = Settings(
            modes=tuple(ctx.options.mode),
            upstream=ctx.options.apitrail_upstream or None,
            body_limit=ctx.options.apitrail_body_limit,
        )
        try:
            configured = config_file.of(settings)
            guard = assembly.guard_of(settings, assembly.logins_of(directory, settings))
            trail, recorder = await open_recorder(directory, settings, configured)
            addon = proxied.addon_of(recorder, guard, settings, configured)
            await addon.recorder.start()
        except Error as error:
            logger.error("apitrail: %s (%s)", error, error.hint)
            ctx.master.shutdown()
            return
        ctx.master.addons.add(_Behind(trail, addon))

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Nothing passes before the recorder is there, nor what two readers would read apart."""
        if flow.error or flow.response:
            return
        if ctx.master.addons.get(_Behind.name) is None:
            flow.response = refusal(503, "the trail is not open yet")
        elif (reason := malformed(flow.request)) is not None:
            flow.response = refusal(400, reason)


class _Behind:
    """The recorder as an add-on of its own, with an end."""

    name = "apitrail-recorder"

    def __init__(self, trail: Trail, addon: Addon) -> None:
        self.trail = trail
        self.addon = addon
        self.requestheaders = addon.requestheaders
        self.request = addon.request
        self.responseheaders = addon.responseheaders
        self.response = addon.response
        self.error = addon.error
        self.websocket_end = addon.websocket_end

    async def done(self) -> None:
        """Write `close` and let go of the trail."""
        try:
            await self.addon.recorder.stop("mitmproxy ended")
        finally:
            await self.trail.close()
