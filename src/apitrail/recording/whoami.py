"""Asking AWS who a key is: GetCallerIdentity, through the recorder, as a call of its own.

The recorder never has a secret key. Whoever has one asks: `exec` with the credentials of its command,
before that starts; `record` with those of its own environment, when it meets a key that they hold.
It is done in a process of its own (`python -m apitrail.recording.whoami`), whose environment sends
it through the recorder like any other client.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from apitrail.aside import in_thread
from apitrail.errors import UsageError
from apitrail.trail import control

# Seconds for all of it; a command must not wait long for a name.
PATIENCE = 40.0
# How many keys are remembered as asked for.
MOST = 10_000
# What its calls say of themselves in their user agent.
AGENT = "apitrail-whoami"


async def ask(environment: Mapping[str, str], tell: Callable[[str], None], *options: str) -> None:
    """Ask with the credentials of an environment, unless the key is known.

    What goes wrong is told in one line: nobody needs a name to go on.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, *options, env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            _, problem = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        problem = b"no answer"
    if process.returncode:
        lines = problem.decode("utf-8", "replace").strip().splitlines()
        tell(f"who makes the calls could not be asked: {lines[-1] if lines else 'no reason given'}")


class Asker:
    """Asks about the keys that a recorder meets, each once, if its own environment holds them."""

    def __init__(self, environment: Callable[[], dict[str, str]], tell: Callable[[str], None]):
        self._environment = environment
        self._tell = tell
        self._met: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def meet(self, key: str) -> None:
        """A call came whose signer's name is not known."""
        if key in self._met or len(self._met) >= MOST:
            return
        self._met.add(key)
        task = asyncio.create_task(self._ask(key), name="whoami")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of what is still being asked."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ask(self, key: str) -> None:
        options = await in_thread(holding, key)
        if options is None:
            return
        try:
            environment = await in_thread(self._environment)
        except UsageError as error:
            self._tell(f"who makes the calls could not be asked: {error}")
            return
        await ask(environment, self._tell, *options)


def holding(key: str) -> tuple[str, ...] | None:
    """The profile of this process's environment that holds a key; () if its variables do.

    Only keys that are written down count: nothing is run or assumed to find them.
    """
    from botocore.session import Session

    if os.environ.get("AWS_ACCESS_KEY_ID") == key:
        return ()
    profiles = Session().full_config.get("profiles", {})
    return next(
        ((name,) for name, each in profiles.items() if each.get("aws_access_key_id") == key), None
    )


def main(arguments: list[str]) -> None:
    """Ask, unless the recorder of APITRAIL_TRAIL knows the key."""
    from botocore.config import Config
    from botocore.session import Session

    if arguments:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
    session = Session(profile=arguments[0] if arguments else None)
    credentials = session.get_credentials()
    if credentials is None:
        return
    key = credentials.get_frozen_credentials().access_key
    found = control.ask(Path(os.environ["APITRAIL_TRAIL"]), "knows", key=key)
    if found is None or found["arn"] is not None:
        return
    client = session.create_client(
        "sts",
        region_name=session.get_config_variable("region") or "us-east-1",
        config=Config(
            connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 1},
            user_agent_extra=AGENT,
        ),
    )  # fmt: skip
    client.get_caller_identity()


if __name__ == "__main__":
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        main(sys.argv[1:])
    except (BotoCoreError, ClientError, UsageError, OSError) as error:
        sys.exit(str(error))
