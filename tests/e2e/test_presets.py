"""What a machine presets would take calls past the recorder: each is replaced, none is lost."""

from __future__ import annotations

import base64
import re
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from machine import Machine, boto3, free_port

STS = boto3("boto3.client('sts').get_caller_identity()")
SYSTEM_STORE = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"


def printed(machine: Machine, *names: str, env: dict[str, str]) -> dict[str, str]:
    """What a recorded command finds in its environment."""
    done = machine.exec("env", env=env)
    found = dict(line.partition("=")[::2] for line in done.stdout.splitlines() if "=" in line)
    return {name: found.get(name, "") for name in names}


# -- endpoints -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "service", "call", "name"),
    [
        ("AWS_ENDPOINT_URL", "sts", "get_caller_identity", "GetCallerIdentity"),
        ("AWS_ENDPOINT_URL_S3", "s3", "list_buckets", "ListBuckets"),
    ],
)
def test_a_preset_endpoint_is_reached_through_a_listener(
    machine: Machine, variable: str, service: str, call: str, name: str
) -> None:
    machine.apitrail(
        "exec", "--", *boto3(f"boto3.client({service!r}).{call}()"),
        env={variable: machine.endpoint},
    )  # fmt: skip
    [event] = machine.events("--run", "last")
    assert event["eventName"] == name


PROFILE = "[default]\nregion = eu-central-1\nendpoint_url = {url}\n"
NAMED = "[profile stand-in]\nendpoint_url = {url}\n"
SERVICES = "[default]\nservices = local\n[services local]\nsts =\n  endpoint_url = {url}\n"


@pytest.mark.parametrize(
    ("client", "config", "profile"),
    [("aws-cli", PROFILE, None), ("boto3", NAMED, "stand-in"), ("aws-cli", SERVICES, None)],
)
def test_an_endpoint_in_the_profile_is_reached_through_a_listener(
    machine: Machine, client: str, config: str, profile: str | None
) -> None:
    machine.configure(config.format(url=machine.endpoint))
    command = STS if client == "boto3" else ("aws", "sts", "get-caller-identity")
    machine.apitrail("exec", "--", *command, env={"AWS_PROFILE": profile})
    assert machine.names("--run", "last") == ["GetCallerIdentity"]


def test_a_profile_that_is_not_in_force_is_warned_of(machine: Machine) -> None:
    machine.configure("[profile elsewhere]\nendpoint_url = http://127.0.0.1:1\n")
    said = machine.exec("true").stderr
    assert "profile 'elsewhere' sets an endpoint" in said


def test_a_preset_endpoint_goes_through_a_running_recorder_too(machine: Machine) -> None:
    preset = {"AWS_ENDPOINT_URL": machine.endpoint}
    with machine.recording("--mode", "regular@0"):
        machine.apitrail("exec", "--", *STS, env=preset)
        assert machine.names("--run", "last") == ["GetCallerIdentity"]
        machine.run("sh", "-c", 'eval "$(apitrail env)"; aws iam list-users', env=preset)
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]


def test_a_reverse_recorder_is_what_exec_and_env_lead_to(machine: Machine) -> None:
    with machine.recording("--mode", f"reverse:{machine.endpoint}@0"):
        machine.apitrail("exec", "--", *STS)
        machine.run("sh", "-c", 'eval "$(apitrail env)"; aws iam list-users')
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]


def test_a_preset_endpoint_that_is_none_is_refused_before_anything_is_written(
    machine: Machine,
) -> None:
    done = machine.apitrail(
        "exec", "--", "true", env={"AWS_ENDPOINT_URL": "gopher://x"}, status=2
    )  # fmt: skip
    assert done.stderr.splitlines()[0] == "apitrail: not an endpoint URL: 'gopher://x'"
    assert not machine.trail.exists()


# -- nothing goes round in circles ---------------------------------------------------------------


def test_exec_within_exec_is_recorded_once_in_the_inner_run(machine: Machine) -> None:
    inner = "aws sts get-caller-identity && apitrail exec -- aws iam list-users"
    env = {"AWS_ENDPOINT_URL": machine.endpoint}
    machine.apitrail("exec", "--", "sh", "-c", inner, env=env)
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]
    assert machine.names("--run", "last") == ["ListUsers"]


def test_exec_within_exec_on_another_trail_is_recorded_in_both(machine: Machine) -> None:
    other = machine.directory / "other"
    machine.exec("apitrail", "exec", "--trail", str(other), "--", *STS)
    assert machine.names() == ["GetCallerIdentity"]
    inner = machine.apitrail("events", "--trail", str(other), "--output", "text").stdout
    assert inner.count("GetCallerIdentity") == 1


def test_env_evaluated_twice_leads_to_the_same_place(machine: Machine) -> None:
    preset = {"AWS_ENDPOINT_URL_STS": machine.endpoint}
    script = """
eval "$(apitrail env)"; first="$HTTPS_PROXY $AWS_ENDPOINT_URL_STS $AWS_CA_BUNDLE $NODE_OPTIONS"
eval "$(apitrail env)"; second="$HTTPS_PROXY $AWS_ENDPOINT_URL_STS $AWS_CA_BUNDLE $NODE_OPTIONS"
test "$first" = "$second" && aws sts get-caller-identity && apitrail exec -- aws iam list-users
"""
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        machine.run("sh", "-c", script, env=preset)
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]


# -- a corporate proxy ---------------------------------------------------------------------------


@dataclass
class Corporate:
    """A proxy that tunnels, to one place whatever is asked for, and remembers what was asked."""

    url: str
    asked: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)


@contextmanager
def corporate(to: tuple[str, int], *, user: str | None = None) -> Iterator[Corporate]:
    """Run one on a free port; with `user` it lets nobody else through."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode()
            if not line:
                return  # `exec` only looked whether we are here
            headers = {}
            while (header := self.rfile.readline().decode().strip()) != "":
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            proxy.asked.append(" ".join(line.split()[:2]))
            given = headers.get("proxy-authorization", "").removeprefix("Basic ")
            proxy.credentials.append(base64.b64decode(given).decode())
            if user is not None and proxy.credentials[-1] != user:
                self.wfile.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                )
                return
            with socket.create_connection(to) as far:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=pump, args=(far, self.connection))
                back.start()
                pump(self.connection, far)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy = Corporate(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.mark.parametrize("user", [None, "clerk:pass word"])
def test_a_corporate_proxy_is_what_the_recorder_goes_through(
    machine: Machine, user: str | None
) -> None:
    # Behind it stands a recorder of another trail: it plays AWS, and the proxy that breaks TLS
    # with a CA of its own, which only the preset bundle knows.
    firm = Machine(machine.directory / "firm", machine.endpoint)
    with firm.recording("--upstream", firm.endpoint, "--mode", "regular@0") as there:
        port = int(there.urls[0].rpartition(":")[2])
        with tls_of(firm, port) as to, corporate(to, user=user) as proxy:
            name = "" if user is None else "clerk:pass%20word@"
            env = {
                "HTTPS_PROXY": f"http://{name}{proxy.url}",
                "AWS_CA_BUNDLE": str(firm.trail / "ca-cert.pem"),
            }
            machine.apitrail("exec", "--", *STS, env=env)
    assert machine.names("--run", "last") == ["GetCallerIdentity"]
    assert firm.names() == ["GetCallerIdentity"]
    assert proxy.asked == ["CONNECT sts.eu-central-1.amazonaws.com:443"]
    assert proxy.credentials == ["" if user is None else user]
    assert b"pass word" not in b"".join(
        path.read_bytes() for path in machine.trail.rglob("*") if path.is_file()
    )


@contextmanager
def tls_of(firm: Machine, port: int) -> Iterator[tuple[str, int]]:
    """A door that opens a tunnel to AWS in the proxy at `port` for whoever connects to it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as far:
                name = b"sts.eu-central-1.amazonaws.com:443"
                far.sendall(b"CONNECT " + name + b" HTTP/1.1\r\nHost: " + name + b"\r\n\r\n")
                answer = b""
                while b"\r\n\r\n" not in answer:
                    answer += far.recv(1)
                back = threading.Thread(target=pump, args=(far, self.connection))
                back.start()
                pump(self.connection, far)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield ("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def test_a_stand_in_is_reached_past_the_corporate_proxy(machine: Machine) -> None:
    with corporate(("127.0.0.1", 1)) as proxy:
        machine.exec(*STS, env={"HTTPS_PROXY": f"http://{proxy.url}"})
    assert machine.names("--run", "last") == ["GetCallerIdentity"]
    assert proxy.asked == []


def test_other_hosts_are_tunnelled_through_the_corporate_proxy(machine: Machine, moto: str) -> None:
    port = int(moto.rpartition(":")[2])
    code = """
import http.client, os, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
connection = http.client.HTTPConnection(proxy.hostname, proxy.port)
connection.set_tunnel("registry.example.com", 443)
connection.request("GET", "/moto-api/data.json")
assert "Werkzeug" in connection.getresponse().headers["Server"]
"""
    with corporate(("127.0.0.1", port)) as proxy:
        machine.exec(*boto3(code), env={"HTTPS_PROXY": f"http://{proxy.url}"})
    assert proxy.asked == ["CONNECT registry.example.com:443"]
    assert machine.names() == []


@pytest.mark.parametrize("value", ["socks5://user:secret@proxy:1080", "http://", "http://h:port"])
def test_a_corporate_proxy_that_cannot_be_used_is_refused(machine: Machine, value: str) -> None:
    done = machine.exec("true", env={"HTTPS_PROXY": value}, status=2)
    assert done.stderr.startswith("apitrail: the preset proxy ")
    assert "secret" not in done.stderr
    assert not machine.trail.exists()


# -- CA bundles, exceptions ----------------------------------------------------------------------


def certificates(path: str) -> set[str]:
    return set(
        re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END", Path(path).read_text(), re.DOTALL)
    )


BUNDLES = (
    "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip


def test_a_preset_ca_bundle_is_extended(machine: Machine) -> None:
    some = re.findall(
        r"-----BEGIN.*?-----END CERTIFICATE-----", Path(SYSTEM_STORE).read_text(), re.DOTALL
    )
    env = {}
    for name, text in zip(BUNDLES, some, strict=False):
        path = machine.directory / f"{name}.pem"
        path.write_text(text)
        env[name] = str(path)
    found = printed(machine, *BUNDLES, env=env)
    ours = certificates(str(machine.trail / "ca-cert.pem"))
    assert {name: certificates(found[name]) for name in BUNDLES} == {
        name: certificates(env[name]) | ours for name in BUNDLES
    }


def test_without_a_preset_the_systems_store_is_extended(machine: Machine) -> None:
    found = printed(machine, "SSL_CERT_FILE", env={})["SSL_CERT_FILE"]
    ours = certificates(str(machine.trail / "ca-cert.pem"))
    assert certificates(found) == certificates(SYSTEM_STORE) | ours


def test_everything_a_ci_machine_presets_at_once(machine: Machine) -> None:
    names = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")
    preset = dict.fromkeys(names, SYSTEM_STORE)
    preset["NO_PROXY"] = "*"
    machine.exec("sh", "-c", "aws sts get-caller-identity", env=preset)
    assert machine.names("--run", "last") == ["GetCallerIdentity"]


def test_a_preset_bundle_that_is_not_there_is_refused_before_anything_is_written(
    machine: Machine,
) -> None:
    done = machine.exec("true", env={"AWS_CA_BUNDLE": "/no/such.pem"}, status=2)
    assert done.stderr.splitlines()[0] == (
        "apitrail: cannot read the CA bundle '/no/such.pem': No such file or directory"
    )
    assert not machine.trail.exists()


def test_an_exception_for_aws_does_not_bypass_the_recorder(machine: Machine) -> None:
    preset = "intranet.example, amazonaws.com,.amazonaws.com,*.eu-central-1.amazonaws.com,com,*"
    found = printed(machine, "NO_PROXY", "no_proxy", env={"no_proxy": preset})
    rules = found["NO_PROXY"].split(",")
    assert found["no_proxy"] == found["NO_PROXY"]
    assert rules[0] == "intranet.example"
    assert not set(rules) & {rule.strip() for rule in preset.split(",")[1:]}
    assert {"169.254.169.254", "169.254.170.2"} <= set(rules)


def test_calls_are_recorded_where_an_exception_would_have_let_them_past(machine: Machine) -> None:
    machine.exec(*STS, env={"NO_PROXY": "amazonaws.com", "no_proxy": "amazonaws.com"})
    assert machine.names("--run", "last") == ["GetCallerIdentity"]


def test_a_proxy_that_has_gone_is_named_before_anything_is_written(machine: Machine) -> None:
    # A shell that evaluated `env` keeps its variables when the recorder has ended.
    stale = f"http://127.0.0.1:{free_port()}"
    done = machine.exec("true", env={"HTTPS_PROXY": stale}, status=2)
    assert done.stderr.startswith(f"apitrail: the preset proxy {stale} does not answer: ")
    assert not machine.trail.exists()


# -- endpoints that are left as they are ---------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.eu-west-1.amazonaws.com",
        "https://vpce-0a1b-2c3d.sts.eu-west-1.vpce.amazonaws.com",
        "https://sts.store.example",
    ],
)
def test_a_public_endpoint_is_called_by_its_own_name(machine: Machine, url: str) -> None:
    machine.exec(*STS, env={"AWS_ENDPOINT_URL_STS": url})
    [event] = machine.events("--run", "last")
    assert event["eventName"] == "GetCallerIdentity"
    assert printed(machine, "AWS_ENDPOINT_URL_STS", env={"AWS_ENDPOINT_URL_STS": url}) == {
        "AWS_ENDPOINT_URL_STS": url
    }


def test_a_public_endpoint_is_recorded_by_a_running_recorder_and_in_its_shell(
    machine: Machine,
) -> None:
    env = {"AWS_ENDPOINT_URL": "https://api.store.example"}
    with machine.recording("--upstream", machine.endpoint, "--mode", "regular@0"):
        machine.apitrail("exec", "--", *STS, env=env)
        assert machine.names("--run", "last") == ["GetCallerIdentity"]
        machine.run("sh", "-c", 'eval "$(apitrail env)"; exec aws iam list-users', env=env)
    assert machine.names() == ["GetCallerIdentity", "ListUsers"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_reaches_a_public_endpoint_without_tls_through_the_proxy(machine: Machine) -> None:
    # Node's own agents take no notice of HTTP_PROXY.
    code = """
const http = require('http');
const body = 'Action=GetCallerIdentity&Version=2011-06-15';
const request = http.request('http://sts.store.example:8000/', { method: 'POST', headers: {
  'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length,
  Authorization: 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00',
} }, (answer) => answer.resume());
request.on('error', (error) => { console.error(error); process.exitCode = 1; });
request.end(body);
"""
    env = {"AWS_ENDPOINT_URL_STS": "http://sts.store.example:8000"}
    machine.exec("node", "-e", code, env=env)
    assert machine.names("--run", "last") == ["GetCallerIdentity"]


def test_an_endpoint_with_a_path_keeps_it(machine: Machine) -> None:
    env = {"AWS_ENDPOINT_URL": f"{machine.endpoint}/base/"}
    found = printed(machine, "AWS_ENDPOINT_URL", env=env)["AWS_ENDPOINT_URL"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/base", found)


@pytest.mark.parametrize("endpoint", ["{machine.endpoint}/base", "https://api.store.example/base/"])
def test_the_path_of_an_endpoint_is_no_part_of_the_call(machine: Machine, endpoint: str) -> None:
    code = """
import botocore.exceptions
try:
    boto3.client('s3').delete_object(Bucket='bucket', Key='a/b')
    boto3.client('lambda').delete_function(FunctionName='f')
except botocore.exceptions.ClientError:
    pass
"""
    env = {"AWS_ENDPOINT_URL": endpoint.format(machine=machine)}
    options = ("--upstream", machine.endpoint) if "store.example" in endpoint else ()
    for command in (code, code.replace("boto3.client('s3')", "# ")):
        machine.apitrail("exec", *options, "--", *boto3(command), env=env, status=None)
    found = {event["eventName"]: event["requestParameters"] for event in machine.events()}
    assert set(found) == {"DeleteObject", "DeleteFunction20150331"}
    assert found["DeleteObject"].items() >= {"bucketName": "bucket", "key": "a/b"}.items()
    assert found["DeleteFunction20150331"] == {"functionName": "f"}


def test_an_endpoint_in_the_credentials_file_is_reached_through_a_listener(
    machine: Machine,
) -> None:
    machine.configure("[default]\nregion = eu-central-1\n")
    text = f"[default]\nendpoint_url = {machine.endpoint}\n"
    (machine.directory / ".aws" / "credentials").write_text(text)
    machine.apitrail("exec", "--", *STS)
    assert machine.names("--run", "last") == ["GetCallerIdentity"]


def test_what_went_directly_past_the_corporate_proxy_still_does(machine: Machine) -> None:
    # The recorder takes the exception away from the client, and follows it itself.
    code = """
import http.client, os, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
for name in ("sts.nowhere.amazonaws.com", "registry.example"):
    connection = http.client.HTTPConnection(proxy.hostname, proxy.port)
    connection.set_tunnel(name, 443)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
"""
    with corporate(("127.0.0.1", 1)) as proxy:
        env = {"HTTPS_PROXY": f"http://{proxy.url}", "NO_PROXY": "amazonaws.com"}
        machine.apitrail("exec", "--", *boto3(code), env=env)
    assert proxy.asked == ["CONNECT registry.example:443"]
