"""Pictures of the console: `python -m examples.screenshots DIRECTORY`.

The demo's story is recorded, served, and shown to a Chromium in both colours.
"""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path

from examples.demo import Stage, console, story
from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# File → the page, and the size of the window.
PICTURES = {
    "event-history": ("/", 1360, 720),
    "readme": ("/", 1360, 600),
    "live": ("/live", 1360, 720),
    "resource": ("/resource/Mary", 1360, 720),
    "who": ("/who/John", 1360, 860),
    "trust": ("/trust", 1360, 860),
}
EVENT = "/events.json?event-name=CreateUser&resource-name=Mary"


def main(directory: Path) -> None:
    """Make them."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        raise SystemExit("needs chromium: apt-get install chromium")
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apitrail-pictures-") as place:
        stage = recorded(Path(place))
        url, process = console(stage)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
                for colours in ("light", "dark"):
                    shoot(browser, url, colours, directory)
        finally:
            process.terminate()
            process.wait()
    print(f"pictures are in {directory}", file=sys.stderr)


def recorded(place: Path) -> Stage:
    """The demo's calls in a trail."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stand_in = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    stand_in.start()
    host, port = stand_in.get_host_and_port()
    stage = Stage(place, f"http://{host}:{port}")
    recorder = stage.record()
    try:
        story(stage)
    finally:
        recorder.send_signal(signal.SIGTERM)
        recorder.wait()
        stand_in.stop()
    return stage


def shoot(browser: Browser, url: str, colours: str, directory: Path) -> None:
    """Every picture in one colour."""
    pictures = dict(PICTURES)
    with urllib.request.urlopen(f"{url}{EVENT}") as answer:
        found = answer.read().decode().split('"eventID":"')[-1].partition('"')[0]
    pictures["event"] = (f"/event/{found}", 1360, 860)
    for name, (path, width, height) in pictures.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=colours)  # type: ignore[arg-type]
        page.goto(url)
        page.locator(".standing .good").wait_for()
        page.goto(f"{url}{path}")
        page.screenshot(path=directory / f"{name}-{colours}.png")
        page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
