"""A shell puts an operator's secret into the proxy's URL; apitrail does not print it."""

from __future__ import annotations

import subprocess

from apitrail.recording.clients.login import SECRET, exports

PROXY = "http://127.0.0.1:8080"
VARIABLES = {"HTTPS_PROXY": PROXY, "http_proxy": PROXY, "NO_PROXY": "a b'c"}
SHOW = '; printf "%s\\n" "$HTTPS_PROXY" "$http_proxy" "$NO_PROXY"'


def evaluated(operator: str | None, **environment: str) -> subprocess.CompletedProcess[str]:
    lines = "\n".join(exports(VARIABLES, operator))
    return subprocess.run(
        ["sh", "-c", f'eval "$LINES"{SHOW}'], env={"LINES": lines, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_shell_puts_the_secret_into_the_proxy_s_url():
    found = evaluated("mary", **{SECRET: "4Wq-_x"}).stdout.splitlines()

    login = "http://mary:4Wq-_x@127.0.0.1:8080"
    assert found == [login, login, "a b'c"]


def test_without_a_secret_the_shell_fails_and_says_why():
    done = evaluated("mary")

    assert (done.returncode != 0, done.stdout) == (True, "")
    assert f"{SECRET}: must hold the secret of operator mary" in done.stderr


def test_without_an_operator_nothing_is_put_in():
    assert evaluated(None).stdout.splitlines() == [PROXY, PROXY, "a b'c"]
