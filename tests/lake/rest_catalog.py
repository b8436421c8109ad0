"""A REST catalog of Apache Iceberg: its own handlers and its catalog in memory, behind an HTTP server.

`rest_catalog.py WAREHOUSE` prints its address and serves until its stdin ends. It runs with the Python of the
engines. What a request means, whether a commit is taken, and every byte of JSON is Iceberg's own code
(`org.apache.iceberg.rest.CatalogHandlers`), in a JVM; here are only the paths of the specification and
the status of each error, as Iceberg's own `RESTCatalogAdapter` has them.

`PUT /fail` makes the next commit be done and then answered with the status in the request's body.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyspark
import snowpark_connect_deps_iceberg as jars
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JJavaError

JSON = "org.apache.iceberg.shaded.com.fasterxml.jackson"
REST = "org.apache.iceberg.rest"
# As RESTCatalogAdapter has them; all else is 500.
STATUS = {
    "IllegalArgumentException": 400,
    "ValidationException": 400,
    "NamespaceNotEmptyException": 409,
    "NoSuchNamespaceException": 404,
    "NoSuchTableException": 404,
    "AlreadyExistsException": 409,
    "CommitFailedException": 409,
    "UnprocessableEntityException": 422,
    "CommitStateUnknownException": 500,
}


class Catalog:
    """Iceberg's catalog and its handlers, in a JVM of its own."""

    def __init__(self, warehouse: str) -> None:
        spark = Path(pyspark.__file__).parent / "jars"
        [iceberg] = jars.get_jars_dir().glob("iceberg-spark-runtime-*_2.13-*.jar")
        self._gateway = JavaGateway.launch_gateway(
            classpath=f"{iceberg}:{spark}/*", die_on_exit=True
        )
        self.java = self._gateway.jvm
        self.handlers = self.java.org.apache.iceberg.rest.CatalogHandlers
        self.catalog = self.java.org.apache.iceberg.inmemory.InMemoryCatalog()
        about = self.java.java.util.HashMap()
        about["warehouse"] = warehouse
        self.catalog.initialize("lake", about)
        self._json = self._mapper()

    def _mapper(self):
        """As `RESTObjectMapper`, which is not public, has it."""
        mapper = self._named(f"{JSON}.databind.ObjectMapper")()
        fields = self._named(f"{JSON}.annotation.PropertyAccessor").FIELD
        mapper.setVisibility(
            fields, self._named(f"{JSON}.annotation.JsonAutoDetect$Visibility").ANY
        )
        strict = self._named(f"{JSON}.databind.DeserializationFeature").FAIL_ON_UNKNOWN_PROPERTIES
        mapper.configure(strict, False)
        mapper.setPropertyNamingStrategy(
            self._named(f"{JSON}.databind.PropertyNamingStrategies").KEBAB_CASE
        )
        self.java.org.apache.iceberg.rest.RESTSerializers.registerAll(mapper)
        return mapper

    def _named(self, name):
        found = self.java
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def read(self, body, name):
        """A request as Iceberg reads it."""
        return self._json.readValue(
            body, self.java.java.lang.Class.forName(f"{REST}.requests.{name}")
        )

    def namespace(self, text):
        """`a.b`, its levels apart by 0x1F."""
        levels = text.split("\x1f")
        array = self._gateway.new_array(self.java.java.lang.String, len(levels))
        for at, level in enumerate(levels):
            array[at] = level
        return self.java.org.apache.iceberg.catalog.Namespace.of(array)

    def table(self, namespace, name):
        """A table's identifier."""
        of = self.java.org.apache.iceberg.catalog.TableIdentifier.of
        return of(self.namespace(namespace), name)

    def answer(self, method, path, body):
        """What the request is answered; None where that has no content."""
        match path:
            case ["v1", "config"]:
                return '{"defaults": {}, "overrides": {}}'
            case ["v1", "namespaces", *rest]:
                found = self._of_tables(method, rest, body) if "tables" in rest else self._of_namespaces(method, rest, body)  # fmt: skip
                return None if found is None or method == "HEAD" else self._json.writeValueAsString(found)  # fmt: skip
        raise LookupError(path)

    def _of_namespaces(self, method, path, body):
        match method, path:
            case "GET", []:
                empty = self.java.org.apache.iceberg.catalog.Namespace.empty()
                return self.handlers.listNamespaces(self.catalog, empty)
            case "POST", []:
                asked = self.read(body, "CreateNamespaceRequest")
                return self.handlers.createNamespace(self.catalog, asked)
            case "GET" | "HEAD", [name]:
                return self.handlers.loadNamespace(self.catalog, self.namespace(name))
        raise LookupError(path)

    def _of_tables(self, method, path, body):
        match method, path:
            case "GET", [name, _]:
                return self.handlers.listTables(self.catalog, self.namespace(name))
            case "POST", [name, _]:
                asked = self.read(body, "CreateTableRequest")
                return self.handlers.createTable(self.catalog, self.namespace(name), asked)
            case "GET" | "HEAD", [name, _, table]:
                return self.handlers.loadTable(self.catalog, self.table(name, table))
            case "POST", [name, _, table]:
                asked = self.read(body, "UpdateTableRequest")
                return self.handlers.updateTable(self.catalog, self.table(name, table), asked)
        raise LookupError(path)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    catalog: Catalog
    failing: list[int]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if (self.command, path) == ("PUT", ["fail"]):
            self.failing.append(int(body))
            self._say(204, None)
            return
        try:
            found = self.catalog.answer(self.command, path, body)
        except Py4JJavaError as error:
            kind = error.java_exception.getClass().getSimpleName()
            self._fail(STATUS.get(kind, 500), kind, error.java_exception.getMessage())
        except LookupError:
            self._fail(404, "NotFound", self.path)
        else:
            if self.failing and self.command == "POST" and len(path) == 5:
                self._fail(self.failing.pop(), "ServiceFailureException", "the answer was lost")
            else:
                self._say(204 if found is None else 200, found)

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815

    def _fail(self, status, kind, text) -> None:
        self._say(status, json.dumps({"error": {"message": text, "type": kind, "code": status}}))

    def _say(self, status, text) -> None:
        data = (text or "").encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(data)

    def log_message(self, *_) -> None:
        """Nothing: what fails is said by who asked."""


def main() -> None:
    Handler.catalog, Handler.failing = Catalog(sys.argv[1]), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # it ends with who started this


if __name__ == "__main__":
    main()
