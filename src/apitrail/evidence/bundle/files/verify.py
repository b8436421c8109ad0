#!/usr/bin/env python3
# -*- coding: utf-8 -*-
# It must run on Python 3.8, alone: no f-string tricks, no newer library, one file. Python 2.7 must
# still be able to parse it, to say that it is too old.
# ruff: noqa: B904, B905, C901, E402, PTH100, PTH110, PTH112, PTH113, PTH114, PTH118, PTH120, PTH123, PTH202, PERF401, PERF403, RUF005, RUF007, T201, TRY300, TRY301, UP009, UP031, UP036
# mypy: ignore-errors
"""Checks a bundle of apitrail's with nothing but Python 3.8 or newer, offline.

    python3 -I verify.py BUNDLE.zip --key VKEY       or, in an unpacked bundle, without the name
    python3 -I verify.py BUNDLE.zip --policy FILE    whose witnesses must have seen what is shown

BUNDLE may also be a page of evidence (evidence.html), which carries a bundle.

-I keeps Python from importing what lies beside this file. VKEY is the log's public key, or a file
with it. It must come from elsewhere than the bundle: from the log's owner, or from an earlier
audit. FILE is your own policy (C2SP tlog-policy). The first word printed is the verdict: OK, STALE,
TAMPERED, UNTRUSTED-KEY or UNWITNESSED; the exit
status is 0 if the bundle holds, 1 if not, 2 if used wrongly. --output json is for programs.
Timestamps are held to be of a checkpoint, and their times are told; whose signature they have,
OpenSSL checks: README.txt.
It does not know apitrail: the formats are RFC 6962, C2SP's, and those of docs/evidence.md.
"""

import sys

if sys.version_info < (3, 8):
    sys.stderr.write(
        "verify.py needs Python 3.8 or newer, and this is Python %d.%d: try python3 -I verify.py\n"
        % sys.version_info[:2]
    )
    sys.exit(2)


def folder_is_searched(place):
    """Would Python import a module that lies beside this file? `os` was loaded before it looked."""
    if sys.flags.isolated:
        return False
    os = sys.modules.get("os")
    if os is None:
        return True
    here = os.path.realpath(os.path.dirname(os.path.abspath(place)))
    return here in {os.path.realpath(path or os.getcwd()) for path in sys.path}


if __name__ == "__main__" and folder_is_searched(__file__):
    sys.stderr.write(
        "verify.py: Python would import modules from the folder that this file is in, and whoever "
        "made the bundle can have put some there\nhint: python3 -I verify.py\n"
    )
    sys.exit(2)

import argparse
import base64
import hashlib
import io
import json
import os
import re
import uuid
import zipfile
import zlib
from array import array
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone

TAGS = ("who", "what", "request", "response", "reqbody", "resbody", "learned")
# How a facet or a kind is spelt that a later version has added.
TAG, KIND = "[a-z]{1,8}", "[a-z]{1,16}"
KINDS = ("api", "open", "close", "heartbeat", "unknown", "run", "erase", "key", "gap", "anchor", "clock", "refused", "insight", "mute", "denied", "policy", "decision")
CALLS = ("api", "unknown", "denied")
# A recorder at work writes these, beside heartbeats; a range may end, after a while, with those.
ALIVE = ("api", "open", "unknown", "run", "gap")
ENDING = ("api", "close", "heartbeat", "run", "erase", "key", "gap", "anchor", "insight")
BOUNDS = ("clock", "refused")
SLACK, SETTLING, INTERVAL, MISSED, WIDTH, NAMED = 300000, 5000, 60000, 2, 256, 100
EARLIEST, LATEST = -62135596800000, 253402300800000  # years 1 and 10000
MOST_FILES, LARGEST_FILE, LARGEST_TOTAL = 2000000, 1 << 30, 1 << 34
DEEPEST, LONGEST_NUMBER = 200, 4300
# A bundle may show millions of entries: so much of it is kept in memory at a time.
TILES_KEPT, ENTRIES_KEPT, SIMILAR_KEPT = 8, 1024, 10000
NUMBER = r"(?:0|[1-9][0-9]{0,18})"
ANY_NAME = (
    r"README\.txt|report\.html|verify\.py|log\.vkey|manifest\.json|checkpoint|keys"
    r"|timestamps/" + NUMBER + "/" + NUMBER + r"\.tsr|checkpoints/" + NUMBER + r"|consistency/" + NUMBER + "-" + NUMBER
    + r"|range/(?:first|last)\.tlog-proof|range/opened/" + NUMBER + r"\.jsonl"
    r"|tile/entries/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[0-9]{1,3})?"
)  # fmt: skip
NAMES = re.compile(
    ANY_NAME + r"|events/" + NUMBER
    + r"/(?:leaf\.json|event\.tlog-proof|salts\.json|facets/" + TAG + r")"
)  # fmt: skip
PACKED_NAMES = re.compile(ANY_NAME + r"|packed/" + NUMBER + r"/(?:proof|entries|opened\.jsonl)")
FORMAT, PACKED = "apitrail.bundle@v1", "apitrail.bundle@v2"
SAFE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Problem(Exception):  # noqa: N818
    """What does not hold."""

    def __init__(self, message, verdict="TAMPERED"):
        super().__init__(message)
        self.verdict = verdict


# -- Ed25519, RFC 8032 section 5.1: slow, but a bundle has few signatures ----------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def point_of(data):
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and data[31] >> 7):
        return None
    x = P - x if x & 1 != data[31] >> 7 else x
    return x, y, 1, x * y % P


def bytes_of(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def verify_ed25519(key, message, signature):
    public = point_of(key)
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER or public is None:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    k = int.from_bytes(digest, "little") % ORDER
    negative = (P - public[0], public[1], 1, P - public[3])
    return bytes_of(add(multiply(s, BASE), multiply(k, negative))) == signature[:32]


# -- texts -----------------------------------------------------------------------------------


# -- ML-DSA-44, FIPS 204: for witnesses whose keys no quantum computer breaks -------------------

Q, GAMMA1, GAMMA2, TAU, BETA, OMEGA, ROWS = 8380417, 1 << 17, 95232, 39, 78, 80, 4
ZETAS = [pow(1753, int("{:08b}".format(i)[::-1], 2), Q) for i in range(256)]


def unpack(data, bits):
    """Numbers of so many bits, lowest bit first."""
    whole = int.from_bytes(data, "little")
    return [whole >> at & ((1 << bits) - 1) for at in range(0, 8 * len(data), bits)]


def ntt(w):
    w, number, length = list(w), 0, 128
    while length:
        for start in range(0, 256, 2 * length):
            number += 1
            for j in range(start, start + length):
                t = ZETAS[number] * w[j + length] % Q
                w[j], w[j + length] = (w[j] + t) % Q, (w[j] - t) % Q
        length //= 2
    return w


def inverse_ntt(w):
    w, number, length = list(w), 256, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            number -= 1
            for j in range(start, start + length):
                t = w[j]
                w[j], w[j + length] = (t + w[j + length]) % Q, ZETAS[number] * (w[j + length] - t) % Q
        length *= 2
    return [8347681 * value % Q for value in w]


def uniform(seed):
    """A polynomial of the matrix, in the domain of the transform."""
    size, found = 168 * 5, []
    while len(found) < 256:
        data, size = hashlib.shake_128(seed).digest(size - size % 3), size + 168
        triples = (data[at : at + 3] for at in range(0, len(data), 3))
        numbers = (t[0] | t[1] << 8 | (t[2] & 127) << 16 for t in triples)
        found = [number for number in numbers if number < Q]
    return found[:256]


def challenge(seed):
    """The polynomial with 39 coefficients of 1 or -1 that a signature's hash stands for."""
    size = 136
    while True:
        data, size = hashlib.shake_256(seed).digest(size), size + 136
        signs, rest, c = int.from_bytes(data[:8], "little"), iter(data[8:]), [0] * 256
        try:
            for i in range(256 - TAU, 256):
                j = next(byte for byte in rest if byte <= i)
                c[i], c[j] = c[j], Q - 1 if signs & 1 else 1
                signs >>= 1
            return c
        except StopIteration:
            continue


def hints(data):
    """Which coefficients are corrected, by row; None where they are malformed."""
    found, at = [], 0
    for end in data[OMEGA:]:
        row = list(data[at:end])
        if not at <= end <= OMEGA or row != sorted(set(row)):
            return None
        found.append(set(row))
        at = end
    return found if not any(data[at:OMEGA]) else None


def high_bits(value, corrected):
    low = value % (2 * GAMMA2)
    low -= 2 * GAMMA2 if low > GAMMA2 else 0
    high = 0 if value - low == Q - 1 else (value - low) // (2 * GAMMA2)
    low -= value - low == Q - 1
    return (high + (1 if low > 0 else -1)) % 44 if corrected else high


def verify_mldsa44(key, message, signature):
    if len(key) != 1312 or len(signature) != 2420:
        return False
    z = [[GAMMA1 - n for n in unpack(signature[32 + 576 * i : 608 + 576 * i], 18)] for i in range(ROWS)]
    corrected = hints(signature[2336:])
    if corrected is None or any(abs(n) >= GAMMA1 - BETA for row in z for n in row):
        return False
    z, c, packed = [ntt(row) for row in z], ntt(challenge(signature[:32])), 0
    for r in range(ROWS):
        t1 = ntt([n << 13 for n in unpack(key[32 + 320 * r : 352 + 320 * r], 10)])
        matrix = [uniform(key[:32] + bytes([column, r])) for column in range(ROWS)]
        w = inverse_ntt(
            (sum(matrix[i][at] * z[i][at] for i in range(ROWS)) - c[at] * t1[at]) % Q
            for at in range(256)
        )
        for at in range(256):
            packed |= high_bits(w[at], at in corrected[r]) << 6 * (256 * r + at)
    mu = hashlib.shake_256(hashlib.shake_256(key).digest(64) + b"\0\0" + message).digest(64)
    said = hashlib.shake_256(mu + packed.to_bytes(768, "little")).digest(32)
    return said == signature[:32]


def b64(text, what, length=None):
    """Strict base64: what the encoder would have written, and nothing else."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, AttributeError):
        raise Problem("%s is not base64" % what)
    if base64.b64encode(data).decode() != text or length not in (None, len(data)):
        raise Problem("%s is not canonical base64 of the right length" % what)
    return data


def decimal(text, what):
    if not re.fullmatch(NUMBER, text) or int(text) >= 1 << 63:
        raise Problem("%s is not a number: %r" % (what, text[:40]))
    return int(text)


def utf8(data, what, limit=1000000):
    try:
        if len(data) <= limit:
            return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    raise Problem("%s is not a text of sane length" % what)


def parse_json(data, what):
    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Problem("%s says a key twice" % what)
        return dict(pairs)

    try:
        return load(data, object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Problem("%s is not JSON" % what)


def load(data, **options):
    """JSON within bounds that are the same on every Python: each has others of its own."""

    def whole(text):
        if len(text) > LONGEST_NUMBER:
            raise ValueError("a number is too long")
        return int(text)

    said = json.loads(data, parse_int=whole, **options)
    level, depth = [said], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ValueError("it is nested too deep")
        level = [
            item
            for value in level
            if isinstance(value, (dict, list))
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
    return said


def iso(milliseconds):
    try:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)  # noqa: UP017
    except (OverflowError, TypeError):
        raise Problem("no time: %r" % (milliseconds,))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (milliseconds % 1000)


LOG_KEY, WITNESS_KEY, MLDSA_KEY = 1, 4, 6
KEY_SIZES = {LOG_KEY: 32, WITNESS_KEY: 32, MLDSA_KEY: 1312}


class Key:
    """A verifier key: <name>+<hex key id>+base64(its type ‖ the public key)."""

    def __init__(self, text, types=(LOG_KEY,)):
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or not parts[0] or re.search(r"[\s\x00-\x1f]", parts[0]):
            raise Problem("not a verifier key: %r" % text[:100])
        data = b64(parts[2], "a key", 33 if types == (LOG_KEY,) else None)
        self.name, self.material, self.text = parts[0], data[1:], text.strip()
        self.type = data[0] if data else None
        try:
            self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        except UnicodeEncodeError:
            raise Problem("not a verifier key: %r" % text[:100])
        good = self.type in types and len(data) == 1 + KEY_SIZES[self.type]
        if not good or self.id.hex() != parts[1]:
            raise Problem("a verifier key of another type, or its id is wrong: %r" % text[:100])


class Note:
    """A C2SP signed note; `open` tells which of some keys have signed it."""

    def __init__(self, data, what):
        whole = utf8(data, what)
        text, blank, rest = whole.rpartition("\n\n")
        if not blank or not rest.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
            raise Problem("%s is not a signed note" % what)
        self.what, self.whole, self.text, self.lines = what, whole, text + "\n", []
        for line in rest[:-1].split("\n"):
            match = re.fullmatch("\N{EM DASH} ([^ +]+) ([^ ]+)", line)
            signature = b64(match.group(2), what) if match else b""
            if len(signature) < 5 or len(self.lines) == 100:
                raise Problem("%s has a malformed signature line" % what)
            self.lines.append((match.group(1), signature[:4], signature[4:]))

    def open(self, keys):
        good = []
        for name, key_id, signature in self.lines:
            for key in keys:
                if (key.name, key.id) == (name, key_id):
                    if not verify_ed25519(key.material, self.text.encode(), signature):
                        raise Problem("%s: the signature by %r is not good" % (self.what, name))
                    good += [key] if key not in good else []
        return good


class Head(Note):
    """A signed checkpoint: origin, size, root."""

    def __init__(self, data, what):
        Note.__init__(self, data, what)
        lines = self.text[:-1].split("\n")
        if len(lines) < 3 or not lines[0]:
            raise Problem("%s is not a checkpoint" % what)
        self.origin, self.size = lines[0], decimal(lines[1], what)
        self.root = b64(lines[2], what, 32)
        self.own = [line for line in self.lines if line[0] == self.origin]


class Entry:
    """One entry; only the one spelling of its content is taken."""

    def __init__(self, data, index):
        self.data, self.hash = data, hashlib.sha256(b"\0" + data).digest()
        try:
            said = load(data)
            self.index, self.time, self.kind = said["i"], said["t"], said["k"]
            self.previous = b64(said["p"], "a hash", 32)
            self.committed = {t: b64(v, "a commitment", 32) for t, v in said["c"].items()}
            written = '{"v":1,"i":%d,"t":%d,"p":"%s","k":"%s","c":{%s}}' % (
                self.index, self.time, said["p"], self.kind,
                ",".join('"%s":"%s"' % pair for pair in said["c"].items()),
            )  # fmt: skip
            written = written.encode("ascii")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            raise Problem("entry %d: malformed entry" % index)
        if not 0 <= self.time < LATEST:
            raise Problem("entry %d: it is of no time" % index)
        # A kind or a tag of a later version is no mistake of this one.
        tags = list(self.committed)
        if (
            written != data
            or not re.fullmatch(KIND, self.kind)
            or not all(re.fullmatch(TAG, tag) for tag in tags)
            or tags != [t for t in TAGS if t in tags] + sorted(set(tags).difference(TAGS))
        ):
            raise Problem("entry %d: malformed entry: not canonical" % index)


# -- the tree, RFC 6962 ------------------------------------------------------------------------


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    return 1 << ((count - 1).bit_length() - 1)


def siblings(index, size, path):
    """The hashes of an audit path, by the leaves [start, end) that each is over."""
    known, start, end = {}, 0, size
    for sibling in reversed(path):
        if end - start < 2:
            raise Problem("entry %d: its proof fails: it is too long" % index)
        middle = start + split(end - start)
        other = (middle, end) if index < middle else (start, middle)
        known[other] = sibling
        start, end = (start, middle) if index < middle else (middle, end)
    if end - start != 1:
        raise Problem("entry %d: its proof fails: it is too short" % index)
    return known


def root(start, end, leaves, known):
    """The hash over leaves [start, end); `leaves` by index, the rest out of `known`."""
    if (start, end) in known:
        return known[start, end]
    if end - start == 1:
        if start not in leaves:
            raise Problem("nothing proves entry %d" % start)
        return leaves[start]
    middle = start + split(end - start)
    return node(root(start, middle, leaves, known), root(middle, end, leaves, known))


def root_with(start, end, members, given, name):
    """The hash over leaves [start, end): of (index, hash) pairs, and the given ones of the rest."""
    if not members:
        value = next(given, None)
        if value is None:
            raise Problem("%s: an inclusion proof is too short" % name)
        return value
    if end - start == 1:
        return members[0][1]
    middle = start + split(end - start)
    left = [item for item in members if item[0] < middle]
    one = root_with(start, middle, left, given, name)
    return node(one, root_with(middle, end, members[len(left) :], given, name))


def check_consistency(old, new, path):
    """RFC 9162 section 2.1.4.2."""
    hashes = ([old.root] if old.size & (old.size - 1) == 0 else []) + path
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not 0 < old.size < new.size or not hashes:
        raise Problem("consistency proof from %d to %d is too short" % (old.size, new.size))
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise Problem("consistency proof from %d to %d is too long" % (old.size, new.size))
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    if (first, second, last) != (old.root, new.root, 0):
        raise Problem("the log of %d does not continue the log of %d" % (new.size, old.size))


# -- the bundle --------------------------------------------------------------------------------


PAGE = b"<!doctype html>\n<!-- apitrail.evidence@"
REPORT = (b'<main id="report">', b"</main>")
IN_PAGE = (b'<script type="application/zip" id="bundle">\n', b"\n</script>\n")


def page_at(path):
    """A page of evidence, which carries a bundle; None where the file is none."""
    with open(path, "rb") as file:
        start = file.read(len(PAGE))
        return start + file.read() if start == PAGE else None


def between(data, marks, what):
    """What stands between two marks, the first of which must be there just once."""
    _, found, rest = data.partition(marks[0])
    inside, closed, _ = rest.partition(marks[1])
    if not found or not closed or marks[0] in rest:
        raise Problem("the page does not hold just one %s" % what)
    return inside


# Info-ZIP's Unicode path. Newer Pythons go by this name, older ones by the other.
SECOND_NAME = 0x7075


def extra_fields(extra):
    """The types of the fields that a zip has of a file."""
    found, at = set(), 0
    while at + 4 <= len(extra):
        found.add(int.from_bytes(extra[at : at + 2], "little"))
        at += 4 + int.from_bytes(extra[at + 2 : at + 4], "little")
    return found


def ends_as_zip(file):
    """Is the end of the table of contents the end of the file?"""
    file.seek(-22, os.SEEK_END)
    return file.read(4) == b"PK\5\6"


def is_tags(value):
    """Names of facets, each once, those that are known in their order, and `what` among them."""
    return (
        isinstance(value, list)
        and all(isinstance(tag, str) and re.fullmatch(TAG, tag) for tag in value)
        and len(set(value)) == len(value)
        and [tag for tag in value if tag in TAGS] == [tag for tag in TAGS if tag in value]
        and "what" in value
    )


def holds(indexes, index):
    """Is it one of these, which are in order?"""
    at = bisect_left(indexes, index)
    return at < len(indexes) and indexes[at] == index


class Bundle:
    """The files, and what they say; nothing is held against a signature here."""

    def __init__(self, path):
        self.folder = path if os.path.isdir(path) else None
        if self.folder:
            found = (os.path.join(at, name) for at, _, names in os.walk(path) for name in names)
            found = (name for name in found if not os.path.islink(name))
            names = (os.path.relpath(name, path).replace(os.sep, "/") for name in found)
            self.names = {name for name in names if len(name) <= 200 and SAFE_NAME.fullmatch(name)}
        else:
            self.open_file(path)
        self.manifest = parse_json(self.read("manifest.json"), "manifest.json")
        self.head = Head(self.read("checkpoint"), "the checkpoint")
        self.packed = isinstance(self.manifest, dict) and self.manifest.get("format") == PACKED
        names = PACKED_NAMES if self.packed else NAMES
        self.known = {name for name in self.names if names.fullmatch(name)}
        self.check_manifest()
        self.packs, self.events = [], array("q")
        if self.packed:
            self.find_packs()
        else:
            self.events.extend(
                sorted(int(name.split("/")[1]) for name in self.known if name.endswith("/leaf.json"))
            )
        span = self.manifest["range"]
        self.span = (
            range(span["first"] - span["first"] % WIDTH, span["last"] + 1) if span else range(0)
        )
        self.entries, self.cache, self.last, self.surveyed = {}, {}, (None, {}), None
        held = {name for name in self.known if name.startswith("tile/")}
        numbers = range(self.span.start // WIDTH, -(-self.span.stop // WIDTH))
        if len(held) != len(numbers) or {self.tile_name(number) for number in numbers} != held:
            raise Problem("the entries in the bundle are not those of the range it claims")

    def find_packs(self):
        """The packs of entries, by their first, and all entries in them."""
        parts = [name.split("/") for name in self.known if name.startswith("packed/")]
        for first in sorted({int(part[1]) for part in parts}):
            for file in ("proof", "entries"):
                if "packed/%d/%s" % (first, file) not in self.names:
                    raise Problem("packed/%d is not whole" % first)
            indexes, _ = self.inclusion(first)
            if indexes[0] != first or (self.events and self.events[-1] >= first):
                raise Problem("packed/%d holds entries out of order" % first)
            if indexes[-1] >= self.head.size:
                raise Problem("packed/%d holds entries that the log has not" % first)
            self.packs.append(first)
            self.events.extend(indexes)

    def inclusion(self, first):
        """The entries of a pack, and the hashes that make the root with theirs."""
        name = "packed/%d/proof" % first
        lines, found = utf8(self.read(name), name).split("\n"), []
        if len(lines) < 3 or lines[0] != "apitrail.inclusion@v1" or lines[-1]:
            raise Problem("malformed inclusion proof: %s" % name)
        if not lines[1].startswith("entries "):
            raise Problem("malformed inclusion proof: %s" % name)
        for run in lines[1][len("entries ") :].split(" "):
            one, dash, other = run.partition("-")
            start = decimal(one, name)
            end = decimal(other, name) if dash else start
            # Neighbours are written as a run, so that there is one spelling.
            good = (not found or start > found[-1] + 1) and (not dash or end > start)
            if not good or len(found) + end - start + 1 > WIDTH:
                raise Problem("malformed inclusion proof: %s" % name)
            found += range(start, end + 1)
        return found, [b64(line, name, 32) for line in lines[2:-1]]

    def pack_of(self, index):
        return self.packs[bisect_right(self.packs, index) - 1]

    def pack(self, first):
        """The exact bytes of the entries of a pack, by index."""
        name, (indexes, _) = "packed/%d/entries" % first, self.inclusion(first)
        entries = entry_bundle(self.read(name), name)
        if len(entries) != len(indexes):
            raise Problem("%s does not hold the entries that its proof says" % name)
        return dict(zip(indexes, entries))

    def pack_lines(self, first):
        """What is opened of the entries of a pack, by index."""
        name, found = "packed/%d/opened.jsonl" % first, {}
        if name not in self.names:
            return found
        there = self.once(("pack", first), lambda: self.pack(first))
        for line in self.read(name).splitlines():
            index, facets = opened_line(parse_json(line, name), name)
            if index in found or index not in there:
                raise Problem("%s: entry %d does not belong here" % (name, index))
            found[index] = facets
        return found

    def once(self, key, make):
        """What was made for this key, while it is kept."""
        if key not in self.cache:
            made = make()
            if len(self.cache) >= TILES_KEPT:
                del self.cache[next(iter(self.cache))]
            self.cache[key] = made
        return self.cache[key]

    def disclosed(self):
        """Every entry whose bytes are here, in order."""
        if not self.span:
            return self.events
        ends = [bisect_left(self.events, at) for at in (self.span.start, self.span.stop)]
        found = self.events[: ends[0]]
        found.extend(self.span)
        return found + self.events[ends[1] :]

    def survey(self):
        """The entries that are no calls, by kind, and those with facets of a later version, by tag."""
        if self.surveyed is None:
            kinds, tags = {}, {}
            for index in self.disclosed():
                link = self.entry(index)
                if link.kind not in CALLS:
                    kinds.setdefault(link.kind, array("q")).append(index)
                for tag in link.committed:
                    if tag not in TAGS:
                        tags.setdefault(tag, array("q")).append(index)
            self.surveyed = kinds, tags
        return self.surveyed

    def of_kind(self, kind):
        """The entries of a kind that is no call's, in order."""
        return self.survey()[0].get(kind, ())

    def open_file(self, path):
        """A zip, or a page that carries one and tells what the report in it tells."""
        page = page_at(path)
        if page is None:
            self.open_zip(path)
            return
        text = between(page, IN_PAGE, "bundle").replace(b"\n", b"")
        self.open_zip(io.BytesIO(b64(text.decode("latin-1"), "the bundle in the page")))
        if between(self.read("report.html"), REPORT, "report") != between(page, REPORT, "report"):
            raise Problem("the report on this page is not the one in its bundle")

    def open_zip(self, file):
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Problem("not a whole zip file: %s" % error)
        infos = sorted(self.zip.infolist(), key=lambda info: info.header_offset)
        if (infos and infos[0].header_offset != 0) or self.zip.comment or not ends_as_zip(self.zip.fp):
            raise Problem("the zip holds bytes that belong to no file")
        for before, after in zip(infos, infos[1:]):
            size = 30 + len(before.filename.encode()) + before.compress_size
            if before.header_offset + size > after.header_offset:
                raise Problem("the zip's files overlap")
        self.names = {info.filename for info in infos}
        for name in self.names:
            if len(name) > 200 or not SAFE_NAME.fullmatch(name):
                raise Problem("%r is not a name of a bundle's" % name[:60])
        if len(self.names) != len(infos) or len(infos) > MOST_FILES:
            raise Problem("the zip holds a file twice, or too many")
        if any(SECOND_NAME in extra_fields(i.extra) for i in infos):
            raise Problem("the zip gives a file a second name")
        if any(i.flag_bits & 1 or i.compress_type not in (0, 8) for i in infos):
            raise Problem("the zip holds a file in a way this does not read")
        if max([i.file_size for i in infos], default=0) > LARGEST_FILE or (
            sum(i.file_size for i in infos) > LARGEST_TOTAL
            or sum(i.compress_size for i in infos) > self.zip.fp.seek(0, os.SEEK_END)
        ):
            raise Problem("the zip would unpack to more than this reads")

    def read(self, name):
        if name not in self.names:
            raise Problem("the bundle has no file %r" % name)
        try:
            if self.folder:
                with open(os.path.join(self.folder, name), "rb") as file:
                    data = file.read(LARGEST_FILE + 1)
                if len(data) > LARGEST_FILE:
                    raise Problem("%s has too many bytes" % name)
                return data
            info = self.zip.getinfo(name)
            with self.zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise Problem("%s cannot be unpacked: %s" % (name, error))
        if len(data) != info.file_size:
            raise Problem("%s is not as long as the zip says" % name)
        return data

    def check_manifest(self):
        said = self.manifest

        def is_index(value):
            return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < size

        kinds = {"format": str, "apitrail": str, "origin": str, "size": int, "filter": dict,
                 "selected": list, "range": (dict, type(None))}  # fmt: skip
        if not isinstance(said, dict) or said.get("format") not in (FORMAT, PACKED) or not all(
            name in said and isinstance(said[name], kind) and not isinstance(said[name], bool)
            for name, kind in kinds.items()
        ):  # fmt: skip
            raise Problem("malformed manifest.json, or one of a newer apitrail")
        chosen, span, size = said["selected"], said["range"], said["size"]
        rises = all(map(is_index, chosen)) and all(a < b for a, b in zip(chosen, chosen[1:]))
        if not rises:
            raise Problem("malformed manifest.json: selected")
        if span is not None and not (
            is_index(span.get("first")) and is_index(span.get("last"))
            and span["first"] <= span["last"] and is_tags(span.get("opened"))
        ):  # fmt: skip
            raise Problem("malformed manifest.json: range")
        listed = isinstance(said.get("files"), dict)
        self.beyond = ["manifest.json: %s" % name for name in said
                       if name not in kinds and not (listed and name == "files")]  # fmt: skip
        self.beyond += ["manifest.json: range.%s" % name for name in span or ()
                        if name not in ("first", "last", "opened")]  # fmt: skip
        self.unasked = check_filter(said["filter"])
        self.beyond += ["manifest.json: filter.%s" % name for name in self.unasked]
        self.check_names(said.get("files"))
        self.elsewhere = (said["origin"], size) != (self.head.origin, self.head.size)

    def check_names(self, files):
        """Files that this does not know are held against their hash in the manifest."""
        others = sorted(self.names - self.known)
        if self.folder:
            # Whoever unpacks a bundle may keep notes of his own beside it.
            others = [name for name in others if isinstance(files, dict) and name in files]
        if isinstance(files, dict) and "report.html" in self.names:
            others += [name for name in ("report.html",) if isinstance(files.get(name), str)]
        for name in others:
            digest = files.get(name) if isinstance(files, dict) else None
            if not isinstance(digest, str):
                raise Problem("%r does not belong in a bundle" % name[:60])
            if hashlib.sha256(self.read(name)).hexdigest() != digest:
                raise Problem("%s is not what manifest.json says" % name)
            if name != "report.html":
                self.beyond.append(name)

    def leaf(self, index):
        if index not in self.span:
            return self.shown_leaf(index)
        number = index // WIDTH
        return self.once(("tile", number), lambda: self.tile(number))[index % WIDTH]

    def shown_leaf(self, index):
        """The exact bytes of an entry that is disclosed for itself."""
        if not self.packed:
            return self.read("events/%d/leaf.json" % index)
        first = self.pack_of(index)
        return self.once(("pack", first), lambda: self.pack(first))[index]

    def tile_name(self, number):
        """A C2SP path: digits in groups of three, all but the last behind an x."""
        width = min(WIDTH, self.span.stop - number * WIDTH)
        digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        name = "tile/entries/" + "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
        return name if width == WIDTH else "%s.p/%d" % (name, width)

    def tile(self, number):
        """A C2SP entry bundle: each entry behind its length in two bytes."""
        name = self.tile_name(number)
        entries = entry_bundle(self.read(name), name)
        if len(entries) != min(WIDTH, self.span.stop - number * WIDTH):
            raise Problem("%s is a malformed entry bundle" % name)
        return entries

    def has(self, index):
        return index in self.span or holds(self.events, index)

    def entry(self, index):
        if index not in self.entries:
            link = Entry(self.leaf(index), index)
            if link.index != index:
                raise Problem("entry %d: its leaf is of another index" % index)
            if len(self.entries) >= ENTRIES_KEPT:
                del self.entries[next(iter(self.entries))]
            self.entries[index] = link
        return self.entries[index]

    def facets(self, index):
        """The opened contents, each held against its commitment."""
        if self.last[0] == index:  # it is asked for several times in a row
            return self.last[1]
        pairs = self.shown_facets(index)
        for tag, pair in self.opened(index).items():
            if pairs.setdefault(tag, pair) != pair:
                raise Problem("entry %d: facet %r is opened in two ways" % (index, tag))
        for tag, (salt, content) in pairs.items():
            digest = hashlib.sha256(b"\2" + salt + hashlib.sha256(content).digest()).digest()
            if self.entry(index).committed.get(tag) != digest:
                raise Problem("entry %d: facet %r was altered" % (index, tag))
        self.last = index, {tag: content for tag, (_, content) in pairs.items()}
        return self.last[1]

    def shown_facets(self, index):
        """Salt and content of each facet that is opened for itself."""
        if self.packed:
            if not holds(self.events, index):
                return {}
            first = self.pack_of(index)
            return dict(self.once(("lines", first), lambda: self.pack_lines(first)).get(index, {}))
        pairs, name = {}, "events/%d/salts.json" % index
        if name in self.names:
            salts = parse_json(self.read(name), name)
            if not isinstance(salts, dict) or not all(re.fullmatch(TAG, tag) for tag in salts):
                raise Problem("%s does not hold salts" % name)
            for tag, salt in salts.items():
                content = self.read("events/%d/facets/%s" % (index, tag))
                pairs[tag] = (b64(salt, "a salt", 32), content)
        return pairs

    def opened(self, index):
        name = "range/opened/%d.jsonl" % (index - index % WIDTH)
        if index not in self.span or name not in self.names:
            return {}
        return self.once(name, lambda: self.range_lines(name, index - index % WIDTH)).get(index, {})

    def range_lines(self, name, start):
        found = {}
        for line in self.read(name).splitlines():
            number, facets = opened_line(parse_json(line, name), name)
            if number in found or number - number % WIDTH != start:
                raise Problem("%s: entry %d does not belong here" % (name, number))
            found[number] = facets
        return found

    def value(self, index, tag):
        """An opened facet as JSON, or None."""
        content = self.facets(index).get(tag)
        if content is None or self.entry(index).kind not in KINDS:
            return None  # what a later version's entry says is not looked into
        try:
            said = load(content)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise Problem("entry %d: facet %r is not an object" % (index, tag))
        if tag == "what":
            check_statement(index, self.entry(index).kind, said)
        return said

    def proof(self, name):
        """Index and audit path in a tlog-proof, which must lead to this bundle's checkpoint."""
        head, blank, signed = utf8(self.read(name), name, 2000000).partition("\n\n")
        lines = head.split("\n")
        if len(lines) > 1 and lines[1].startswith("extra "):
            if not b64(lines.pop(1)[len("extra ") :], name):
                raise Problem("%s is not a tlog-proof" % name)
        if not blank or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 2 or len(lines) > 65:
            raise Problem("%s is not a tlog-proof" % name)
        if not lines[1].startswith("index ") or signed != self.head.whole:
            raise Problem("%s is a proof under another checkpoint" % name)
        return decimal(lines[1][6:], name), [b64(line, name, 32) for line in lines[2:]]


def entry_bundle(data, name):
    """A C2SP entry bundle: each entry behind its length in two bytes."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data):
        raise Problem("%s is a malformed entry bundle" % name)
    return entries


def opened_line(said, name):
    facets = {}
    try:
        for tag, value in said["facets"].items():
            text = set(value) == {"salt", "content"}
            content = value["content"].encode("utf-8") if text else b64(value["base64"], name)
            if not re.fullmatch(TAG, tag) or len(value) != 2:
                raise KeyError(tag)
            facets[tag] = (b64(value["salt"], "a salt", 32), content)
        if type(said["index"]) is not int or said["index"] < 0:
            raise ValueError(said["index"])
        return said["index"], facets
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Problem("%s: malformed line" % name)


# -- which keys, which checkpoints -------------------------------------------------------------


def trace(bundle, trusted):
    """The log's keys and the entries that changed them, if a trusted key is among them."""
    rotations = []
    for name in sorted(bundle.known, key=lambda name: (len(name), name)):
        if name.startswith("checkpoints/") and len(Head(bundle.read(name), name).own) > 1:
            rotations.append(rotation(bundle, int(name.split("/")[1]) - 1))
    for before, after in zip(rotations, rotations[1:]):
        if before[2].text != after[1].text:
            raise Problem("entry %d: it does not follow the change of key before it" % after[0])
    head = bundle.head
    own = {key_id for _, key_id, _ in head.own}
    if rotations:
        keys = [rotations[0][1]] + [item[2] for item in rotations]
    else:
        keys = [key for key in trusted if key.name == head.origin and key.id in own][:1]
    known = {k.text for k in keys} & {k.text for k in trusted}
    if keys and keys[0].name == head.origin and known and own & {k.id for k in keys}:
        return keys, [item[0] for item in rotations]
    signers = ", ".join("%s+%s" % (head.origin, key_id.hex()) for key_id in sorted(own))
    raise Problem(
        "it is signed by %s, which is not a key you trust" % (signers or "nobody"), "UNTRUSTED-KEY"
    )


def rotation(bundle, index):
    link = bundle.entry(index) if bundle.has(index) else None
    said = bundle.value(index, "what") if link and link.kind == "key" else None
    if not said or not isinstance(said.get("note"), str):
        raise Problem("entry %d: two keys have signed here, without a change of key" % index)
    signed = Note(said["note"].encode("utf-8", "replace"), "the change of key")
    lines = signed.text.split("\n")
    if len(lines) != 7 or lines[0] != "apitrail key rotation v1":
        raise Problem("entry %d: malformed key rotation" % index)
    old, new = Key(lines[4]), Key(lines[5])
    if [said.get("old"), said.get("new")] != lines[4:6] or not old.name == new.name == lines[1]:
        raise Problem("entry %d: malformed key rotation" % index)
    if len(signed.open([old, new])) != 2 or old.id == new.id:
        raise Problem("entry %d: the change of key is not signed by both" % index)
    if (decimal(lines[2], "index"), b64(lines[3], "a hash", 32)) != (index, link.previous):
        raise Problem("entry %d: a change of key that was made elsewhere" % index)
    return index, old, new


def check_heads(bundle, keys, changes):
    """Every checkpoint is signed by the key of its time, and each continues the one before."""

    def check_signed(head):
        epoch = len([index for index in changes if index < head.size])
        first = epoch - 1 if epoch and changes[epoch - 1] == head.size - 1 else epoch
        wanted = keys[first : epoch + 1]
        if head.origin != bundle.head.origin:
            raise Problem("%s is of the log %r" % (head.what, head.origin))
        good = head.open(wanted)
        if not good:
            raise Problem("%s: no trusted key has signed this" % head.what)
        if len(good) != len(wanted):
            raise Problem("%s is not signed by both keys of a rotation" % head.what)
        return good[-1]

    key = check_signed(bundle.head)
    sizes = sorted(
        int(name.split("/")[1]) for name in bundle.known if name.startswith("checkpoints/")
    )
    heads = [
        Head(bundle.read("checkpoints/%d" % size), "the checkpoint of %d" % size) for size in sizes
    ]
    for size, head in zip(sizes, heads):
        check_signed(head)
        if head.size != size or not 0 < size < bundle.head.size:
            raise Problem("%s is of %d" % (head.what, head.size))
    steps = ["consistency/%d-%d" % pair for pair in zip(sizes, sizes[1:] + [bundle.head.size])]
    if set(steps) != {name for name in bundle.known if name.startswith("consistency/")}:
        raise Problem("the proofs do not lead from each checkpoint to the next")
    for name, old, new in zip(steps, heads, heads[1:] + [bundle.head]):
        lines = utf8(bundle.read(name), name, 10000).split("\n")
        said = ["apitrail.consistency@v1", "old %d" % old.size, "new %d" % new.size]
        if lines[:3] != said or lines[-1] or len(lines) < 4:
            raise Problem("malformed consistency proof: %s" % name)
        check_consistency(old, new, [b64(line, name, 32) for line in lines[3:-1]])
    for index in bundle.of_kind("key"):
        if index not in changes and bundle.value(index, "what"):
            raise Problem("entry %d: a change of key that its checkpoint does not show" % index)
    return key, heads


# -- Trust policies (C2SP tlog-policy), and what their witnesses have seen ----------------------


class Policy:
    """Which logs and witnesses count, and how many of them must agree."""

    def __init__(self, data):
        if len(data) > 1000000 or not re.fullmatch(b"[\\t\\n\\x20-\\x7e\\x80-\\xff]*", data):
            raise Problem("policy: too long, or a control character in it")
        self.logs, self.witnesses, self.groups, self.quorum = [], [], {}, None
        self.members = set()
        for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = re.split("[ \\t]+", line.strip(" \t"))
            if words == [""] or words[0].startswith("#"):
                continue
            try:
                self.read(words)
            except Problem as problem:
                raise Problem("policy, line %d: %s" % (number, problem))
        if self.quorum is None:
            raise Problem("policy: no quorum")

    def read(self, words):
        kind, rest = words[0], words[1:]
        if kind == "log" and 1 <= len(rest) <= 2:
            self.add(self.logs, "", Key(rest[0], (LOG_KEY, MLDSA_KEY)))
        elif kind == "witness" and 2 <= len(rest) <= 3:
            self.add(self.witnesses, self.new(rest[0]), Key(rest[1], (WITNESS_KEY, MLDSA_KEY)))
        elif kind == "group" and len(rest) >= 3:
            self.add_group(self.new(rest[0]), rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1 and self.quorum is None:
            self.quorum = rest[0] if rest[0] == "none" else self.named(rest[0])
        else:
            raise Problem("not a log, witness, group or quorum: %r" % kind[:100])
        if len(self.logs) + len(self.witnesses) + len(self.groups) > 1000:
            raise Problem("more than 1000 logs, witnesses and groups")

    def add(self, keys, name, key):
        if any(other.material == key.material for _, other in keys):
            raise Problem("this key is there already")
        keys.append((name, key))

    def add_group(self, name, threshold, members):
        for member in members:
            if self.named(member) in self.members:
                raise Problem("%r is a member already" % member)
            self.members.add(member)
        words = {"all": len(members), "any": 1}
        number = words.get(threshold) or decimal(threshold, "threshold")
        if not 1 <= number <= len(members):
            raise Problem("%d of %d members" % (number, len(members)))
        self.groups[name] = (number, members)

    def is_known(self, name):
        return name in self.groups or name in [other for other, _ in self.witnesses]

    def named(self, name):
        if not self.is_known(name):
            raise Problem("%r is neither a witness nor a group of a line before" % name)
        return name

    def new(self, name):
        if name == "none" or self.is_known(name):
            raise Problem("the name %r is taken" % name)
        return name

    def is_met(self, seen, name=None):
        name = self.quorum if name is None else name
        if name not in self.groups:
            return name in seen or name == "none"
        number, members = self.groups[name]
        return sum(self.is_met(seen, member) for member in members) >= number

    def needed(self, name=None):
        name = self.quorum if name is None else name
        if name not in self.groups:
            return {name}
        return set().union(*(self.needed(member) for member in self.groups[name][1]))

    def fewest(self, name=None):
        name = self.quorum if name is None else name
        if name not in self.groups:
            return 1
        number, members = self.groups[name]
        return sum(sorted(self.fewest(member) for member in members)[:number])


def sightings(policy, heads):
    """Witness, size and time of each cosignature that holds."""
    for head in heads:
        for name, key in policy.witnesses:
            for line in head.lines:
                time = int.from_bytes(line[2][:8], "big")
                known = line[:2] == (key.name, key.id) and head.size and 0 < time < 2**63
                if known and cosigned(key, head, time, line[2][8:]):
                    yield name, head.size, time


def cosigned(key, head, time, signature):
    """Is this the witness's signature (C2SP tlog-cosignature) over the head at this time?"""
    if key.type == WITNESS_KEY:
        said = b"cosignature/v1\ntime %d\n" % time + head.text.encode()
        return verify_ed25519(key.material, said, signature)
    names = [name.encode() for name in (key.name, head.origin)]
    if any(not 1 <= len(name) <= 255 for name in names):
        return False
    witness, origin = (bytes([len(name)]) + name for name in names)
    stamp, start, end = (number.to_bytes(8, "big") for number in (time, 0, head.size))
    said = b"subtree/v1\n\0" + witness + stamp + origin + start + end + head.root
    return verify_mldsa44(key.material, said, signature)


def check_witnessed(bundle, policy, heads):
    """The quorum must have seen everything that is shown; who would have to lie."""
    if policy.quorum == "none":
        return None
    found = list(sightings(policy, heads))
    needed = [name for name, _ in policy.witnesses if name in policy.needed()]
    for size in sorted({size for _, size, _ in found}, reverse=True):
        times = {}
        for name, at, time in found:
            if at >= size and name in needed:
                times[name] = min(times.get(name, time), time)
        if policy.is_met(times):
            break
    else:
        raise Problem(who_has(sorted({name for name, _, _ in found})), "UNWITNESSED")
    span = bundle.manifest["range"]
    newest = max(bundle.manifest["selected"] + ([span["last"]] if span else []), default=-1)
    if newest >= size:
        raise Problem(
            "entry %d: the quorum of the policy has only seen the entries before %d" % (newest, size),
            "UNWITNESSED",
        )
    moments = (time for time in times.values()
               if policy.is_met([name for name in times if times[name] <= time]))  # fmt: skip
    return {
        "size": size, "time": iso(min(moments) * 1000), "quorum": policy.fewest(),
        "of": len(needed), "seen": [name for name in needed if name in times],
        "unseen": [name for name in needed if name not in times],
    }  # fmt: skip


def who_has(names):
    said = "the quorum of the policy has seen no head of this log, "
    if not names:
        return said + "and no witness of it has"
    return said + "only %s %s" % (names_of(names), "has" if len(names) == 1 else "have")


def names_of(names):
    """Names of a policy, which may be any octets."""
    return ", ".join(
        name.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for name in names
    )


def liars(witnessed):
    """Who would have to lie so that it could be rewritten."""
    unseen = witnessed["unseen"]
    if witnessed["of"] == 1:
        return "the witness %s lies" % names_of(witnessed["seen"] + unseen)
    number = witnessed["quorum"]
    said = "%d of %d witnesses lie%s" % (number, witnessed["of"], "s" if number == 1 else "")
    if unseen:
        has = "has" if len(unseen) == 1 else "have"
        said += " (%s %s not seen it, and would count as lying)" % (names_of(unseen), has)
    return said


# -- timestamps, RFC 3161: of which text a token is, and when it says that was ------------------

SIGNED_DATA, TST_INFO, SHA256 = (
    bytes.fromhex(text) for text in ("2a864886f70d010702", "2a864886f70d0109100104", "608648016503040201")
)
INTEGER, OCTETS, OID, TIME, SEQUENCE, EXPLICIT = 2, 4, 6, 24, 48, 160
GENERALIZED = re.compile(br"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.[0-9]{1,9})?Z")


def der(data, tags, exactly=False):
    """The contents of the first values in DER, which have these tags (None: any)."""
    found, at = [], 0
    while at < len(data):
        head, start = data[at : at + 2], at + 2
        length = head[1] if len(head) == 2 and head[0] & 31 != 31 else -1
        if length > 127:
            size = length - 128
            digits = data[start : start + size]
            start, length = start + size, int.from_bytes(digits, "big")
            if not 1 <= size <= 4 or len(digits) != size or digits[0] == 0 or length < 128:
                length = -1
        at = start + length
        if length < 0 or at > len(data):
            raise Problem("malformed timestamp")
        found.append((head[0], data[start:at]))
    given = found[: len(tags)]
    fits = len(given) == len(tags) and all(want in (None, tag) for want, (tag, _) in zip(tags, given))
    if not fits or (exactly and len(found) != len(tags)):
        raise Problem("malformed timestamp")
    return [content for _, content in given]


def explicit(data, kind, tag):
    """What stands in `SEQUENCE {kind, [0] content}`."""
    found, content = der(data, (OID, EXPLICIT), True)
    if found != kind:
        raise Problem("a timestamp of another kind")
    return der(content, (tag,), True)[0]


def token_of(data):
    """What a token stamped, as SHA-256, and when. Whose signature it has is not looked at."""
    status, token = der(der(data, (SEQUENCE,), True)[0], (SEQUENCE, SEQUENCE), True)
    if der(status, (INTEGER,)) != [b"\0"]:
        raise Problem("no timestamp was given")
    inner = der(explicit(token, SIGNED_DATA, SEQUENCE), (None, None, SEQUENCE))[2]
    said = der(explicit(inner, TST_INFO, OCTETS), (SEQUENCE,), True)[0]
    imprint, time = der(said, (INTEGER, OID, SEQUENCE, INTEGER, TIME))[2::2]
    algorithm, digest = der(imprint, (SEQUENCE, OCTETS), True)
    match = GENERALIZED.fullmatch(time)
    if not match or der(algorithm, (OID,)) != [SHA256] or len(digest) != 32:
        raise Problem("a timestamp of another kind")
    return digest, "%s-%s-%sT%s:%s:%sZ" % tuple(part.decode() for part in match.groups())


def check_stamps(bundle):
    """Each timestamp must be of a checkpoint here; gives its file, size and time."""
    found = []
    for name in bundle.known:
        if name.startswith("timestamps/"):
            data, size = bundle.read(name), int(name.split("/")[1])
            kept = "checkpoints/%d" % size
            if size != bundle.head.size and kept not in bundle.known:
                raise Problem("%s belongs to no checkpoint" % name)
            try:
                digest, time = token_of(data)
            except Problem as problem:
                raise Problem("%s: %s" % (name, problem))
            head = bundle.head if size == bundle.head.size else Note(bundle.read(kept), kept)
            if digest != hashlib.sha256(head.text.encode()).digest():
                raise Problem("%s is not of the checkpoint of %d" % (name, size))
            found.append((-size, name, time))
    return [(name, -size, time) for size, name, time in sorted(found)]


def check_events(bundle):
    for index in bundle.manifest["selected"]:
        if not holds(bundle.events, index):
            raise Problem("entry %d: it is said to be shown and is not there" % index)
    for name in bundle.known:
        parts = name.split("/")
        if parts[0] == "events" and not holds(bundle.events, int(parts[1])):
            raise Problem("%s belongs to no entry" % name)
        if parts[0] == "range" and not bundle.span:
            raise Problem("%s belongs to no range" % name)
        if parts[0] == "range" and parts[1] == "opened":
            check_opened(bundle, name)
        if len(parts) == 4 and parts[0] == "events":
            # A facet without its salt is compared with nothing, wherever else it is opened.
            salts = "events/%s/salts.json" % parts[1]
            held = parse_json(bundle.read(salts), salts) if salts in bundle.names else {}
            if not isinstance(held, dict) or parts[3] not in held:
                raise Problem("entry %s: facet %r has no salt" % (parts[1], parts[3]))
    for index in bundle.events:
        link = Entry(bundle.shown_leaf(index), index)
        if not bundle.packed:
            check_proof(bundle, link, index)
        elif bundle.pack_of(index) == index:
            check_pack(bundle, index)
        if link.index != index:
            raise Problem("entry %d: its leaf is of another index" % index)
        if bundle.leaf(index) != link.data:
            raise Problem("entry %d: it differs from the entry in the range" % index)
        bundle.facets(index)
        bundle.value(index, "what")


def check_proof(bundle, link, index):
    at, path = bundle.proof("events/%d/event.tlog-proof" % index)
    if not link.index == at == index:
        raise Problem("entry %d: its entry and its proof are not of this index" % index)
    known = siblings(index, bundle.head.size, path)
    if root(0, bundle.head.size, {index: link.hash}, known) != bundle.head.root:
        raise Problem("entry %d: its proof fails: it is not what the log holds there" % index)


def check_pack(bundle, first):
    """The entries of a pack make the signed root, with the hashes of its proof."""
    name, given = "packed/%d/proof" % first, iter(bundle.inclusion(first)[1])
    leaves = [
        (index, hashlib.sha256(b"\0" + data).digest())
        for index, data in bundle.once(("pack", first), lambda: bundle.pack(first)).items()
    ]
    if root_with(0, bundle.head.size, leaves, given, name) != bundle.head.root:
        raise Problem("the proof of packed/%d fails: it is not what the log holds there" % first)
    if next(given, None) is not None:
        raise Problem("%s: an inclusion proof is too long" % name)
    bundle.once(("lines", first), lambda: bundle.pack_lines(first))


def check_opened(bundle, name):
    """Every line of opened facets is of an entry of the range, and true to it."""
    first, said = bundle.manifest["range"]["first"], bundle.read(name)
    number = int(name[len("range/opened/") : -len(".jsonl")])
    if number % WIDTH or number not in bundle.span:
        raise Problem("%s belongs to no entry of the range" % name)
    for line in said.splitlines():
        index, _ = opened_line(parse_json(line, name), name)
        if index not in bundle.span or index < first:
            raise Problem("%s: entry %d does not belong here" % (name, index))
        bundle.facets(index)


# -- a complete range --------------------------------------------------------------------------

COLUMNS = {
    "event_id": "id", "event_name": "name", "event_source": "source", "username": "username",
    "access_key_id": "access_key_id", "region": "region", "source_ip": "source_ip", "run": "run",
    "operator": "operator",
}  # fmt: skip
RESOURCES = {"resource_name": 0, "resource_type": 1}
FIELDS = set(COLUMNS) | set(RESOURCES)
FIELDS |= {"since", "until", "read_only", "stand_in", "error", "label"}


def check_filter(where):
    """The members of a question that this cannot judge by; raises Problem at a malformed one."""
    for name, value in where.items():
        if name not in FIELDS:
            continue
        groups = label_groups(value) if name == "label" else [value]
        is_list = all(isinstance(group, list) and group for group in groups)
        is_list = is_list and all(is_value(name, item) for group in groups for item in group)
        if not (
            ((name in COLUMNS or name in RESOURCES or name == "label") and is_list)
            or (
                name in ("since", "until") and isinstance(value, int)
                and not isinstance(value, bool) and EARLIEST <= value < LATEST
            )
            or (name in ("read_only", "stand_in") and isinstance(value, bool))
            or (name == "error" and (value is True or isinstance(value, str)))
        ):  # fmt: skip
            raise Problem("malformed filter in manifest.json: %r" % name)
    return sorted(name for name in where if name not in FIELDS)


PATTERNED = ("event_name", "event_source", "username", "resource_name", "resource_type")


def is_value(name, item):
    """A string that must be equal, or {"like": text} with `*` for any text."""
    if isinstance(item, dict) and name in PATTERNED:
        return list(item) == ["like"] and isinstance(item["like"], str)
    return isinstance(item, str)


def label_groups(value):
    """Of each group one label must be there; a flat list is one group."""
    nested = isinstance(value, list) and value and all(isinstance(item, list) for item in value)
    return value if nested else [value]


def is_like(text, value, exactly=False):
    """Letter case counts only if `exactly`; what follows a NUL is not looked at."""
    if value is None:
        return False
    text, value = text.partition("\0")[0], str(value).partition("\0")[0]
    if not exactly:
        text, value = text.lower(), value.lower()
    parts = text.split("*")
    if len(parts) == 1:
        return text == value
    at = len(parts[0])
    if not value.startswith(parts[0]):
        return False
    for part in parts[1:-1]:
        found = value.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(value) - at >= len(parts[-1]) and value.endswith(parts[-1])


def shown_like(name, text, row):
    """Is what a table prints of a call of this form?"""
    source = row["source"]
    service = None if source is None else str(source).partition(".")[0]
    if name == "event_name":
        before, colon, after = text.partition(":")
        if not colon:
            return is_like(text, row["name"])
        return is_like(before, service) and is_like(after, row["name"])
    if name == "event_source":
        return is_like(text, source) or is_like(text, service)
    if name == "username":
        user = row.get("username")
        return is_like(text, row.get("access_key_id") if user is None else user)
    exactly = name == "resource_name"
    return any(is_like(text, item[RESOURCES[name]], exactly) for item in row["resources"])


# Members and what they are; None may stand for any of them. Others are of a later version.
TEXT, WHOLE, FLAG = (str,), (int,), (bool,)
CALL = {
    "service": TEXT, "operation": TEXT, "region": TEXT, "protocol": TEXT, "started": WHOLE,
    "ended": WHOLE, "status": WHOLE, "error": TEXT, "failure": TEXT, "upstream": TEXT,
}  # fmt: skip


def fits(value, kinds, absent=True):
    """Is it just of such a type? A JSON boolean is no number."""
    return type(value) in kinds or (absent and value is None)


def check_facets(who, what):
    """Raises ValueError where these are not the facets of a call."""
    call, resources, problems = what.get("call", {}), what.get("resources", []), []
    good = fits(what.get("record", {}), (dict,), False) and fits(call, (dict,), False)
    good = good and fits(resources, (list,), False) and fits(what.get("kept"), TEXT)
    good = good and fits(what.get("decision", {}), (dict,), False)
    good = good and all(fits(what.get(n, False), FLAG, False) for n in ("undetermined", "standIn"))
    good = good and all(fits(call.get(name), kinds) for name, kinds in CALL.items())
    problems = call.get("problems", []) if good else None
    good = good and isinstance(problems, list) and all(type(item) is str for item in problems)
    for item in resources if good else ():
        good = good and fits(item, (dict,), False)
        good = good and all(type(item.get(n, "")) is str for n in ("arn", "type", "name"))
    if good and who is not None:
        run = who.get("run")
        good = fits(who.get("record"), (dict,), False) and fits(who.get("identity", {}), (dict,), False)
        good = good and fits(run, (dict,)) and (
            run is None or (type(run.get("id")) is str and type(run.get("labels", {})) is dict)
        )
        good = good and fits(who["record"].get("userIdentity") or {}, (dict,), False)
        good = good and fits(who.get("operator"), TEXT)
    if not good:
        raise ValueError("no facets of a call")


def searchable(value):
    """A text as it is searched for; half a surrogate pair is written out."""
    if value is None:
        return None
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def project(index, who, what):
    """What of a call a question can be asked about."""
    try:
        check_facets(who, what)
        record, call = what["record"], what["call"]
        ended = call.get("ended")
        time = call["started"] if ended is None else ended
        row = {
            "id": str(uuid.UUID(str(record["eventID"]))),
            "source": searchable(record["eventSource"]), "time": time,
            "name": searchable(record["eventName"]),
            "region": searchable(record.get("awsRegion")), "error": searchable(call.get("error")),
            "read_only": record.get("readOnly"), "resources": set(), "labels": set(),
            "stand_in": what.get("standIn", False),
        }  # fmt: skip
        for item in what.get("resources", ()):
            kind = searchable(item.get("type")) or ""
            for key in (item.get("name"), item.get("arn")):
                row["resources"] |= {(searchable(key), kind)} if key else set()
        if not fits(row["read_only"], FLAG) or not 0 <= time < LATEST:
            raise ValueError(time)
        if who is not None:
            user = who["record"].get("userIdentity") or {}
            row["username"] = searchable(username(user))
            row["operator"] = searchable(who.get("operator"))
            row["run"] = searchable((who.get("run") or {}).get("id"))
            labels = (who.get("run") or {}).get("labels", {})
            row["labels"] = {(key, str(value)) for key, value in labels.items()}
            row["access_key_id"] = searchable(user.get("accessKeyId") or None)
            row["source_ip"] = searchable(who["record"].get("sourceIPAddress"))
        return row
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Problem("entry %d: malformed event facets" % index)


def username(user):
    if user.get("userName"):
        return str(user["userName"])
    if user.get("type") == "Root":
        return "root"
    if user.get("type") in ("AssumedRole", "FederatedUser"):
        session = str(user.get("principalId") or "").partition(":")[2]
        return session or str(user.get("arn") or "").rpartition("/")[2] or None
    return user.get("invokedBy") if user.get("type") == "AWSService" else None


def is_labelled(labels, text):
    """Is `text`, KEY=VALUE or KEY alone, among the labels?"""
    key, equals, value = text.partition("=")
    return any(name == key and (not equals or found == value) for name, found in labels)


def finds(row, name, value):
    """Does the event have this value in a filter's field?"""
    if isinstance(value, dict):
        return shown_like(name, value["like"], row)
    if name in RESOURCES:
        return any(resource[RESOURCES[name]] == value for resource in row["resources"])
    return row.get(COLUMNS[name]) == value


# Services that take names in any letter case.
IGNORING_CASE = {
    "dax.amazonaws.com": "AWS::DAX::", "dms.amazonaws.com": "AWS::DMS::",
    "elasticache.amazonaws.com": "AWS::ElastiCache::", "memorydb.amazonaws.com": "AWS::MemoryDB::",
    "rds.amazonaws.com": "AWS::RDS::", "redshift.amazonaws.com": "AWS::Redshift::",
}  # fmt: skip


def in_another_case(where, row):
    """Would it match if letter case did not count in the names of its service?"""
    wanted = where.get("resource_name", ())
    other = {name: value for name, value in where.items() if name != "resource_name"}
    everywhere, kinds = row["source"] in IGNORING_CASE, tuple(IGNORING_CASE.values())
    return matches(other, row) and any(
        is_like(value["like"], name)
        if isinstance(value, dict)
        else name.lower() == value.lower()
        for value in wanted
        for name, kind in row["resources"]
        if everywhere or kind.startswith(kinds)
    )


def matches(where, row):
    for name, value in where.items():
        if name not in FIELDS:
            good = True
        elif name in COLUMNS or name in RESOURCES:
            good = any(finds(row, name, item) for item in value)
        elif name == "error":
            good = row["error"] is not None if value is True else row["error"] == value
        elif name == "read_only":
            good = row["read_only"] is value
        elif name == "stand_in":
            good = row["stand_in"] is value
        elif name == "label":
            good = all(
                any(is_labelled(row["labels"], text) for text in group)
                for group in label_groups(value)
            )
        else:
            good = row["time"] >= value if name == "since" else row["time"] < value
        if not good:
            return False
    return True


# Members of what book-keeping entries say, by kind: just this type where they are there.
STATEMENTS = {
    "open": {"apitrail": str, "configuration": dict},
    "close": {"reason": str, "calls": int},
    "heartbeat": {
        "calls": int, "tunnelled": dict, "in_flight": int, "rejected": int, "ambiguous": int,
        "unanchored": int, "recording": bool,
    },
    "run": {"run": dict, "started": int},
    "gap": {"lost": list, "size": int},
    "erase": {"erased": list, "reason": str},
    "key": {"old": str, "new": str, "note": str},
    "clock": {"from": int, "to": int},
    "refused": {"from": int, "to": int, "calls": int, "reason": str},
    "policy": {"name": str, "sha256": str, "text": str, "watching": bool},
    "decision": {
        "ticket": str, "step": str, "guard": str, "event": str, "policy": str, "statement": str,
        "action": str, "caller": str, "same": str, "until": int, "by": str, "name": str,
        "road": str, "reason": str, "stated": str,
    },
    "insight": {
        "record": dict, "kind": str, "name": str, "time": int, "caller": str, "why": list,
        "evidence": list, "from": int, "to": int, "detector": int, "thresholds": dict,
    },
    "mute": {"mute": dict, "by": str, "reason": str, "until": int, "lifted": bool},
}  # fmt: skip
NEEDED = {
    "run": ("run",), "gap": ("lost",), "erase": ("erased",), "key": ("old", "new", "note"),
    "clock": ("from", "to"), "refused": ("from", "to", "calls", "reason"),
    "policy": ("name", "sha256", "text"), "decision": ("ticket", "step", "guard"),
    "insight": ("record", "kind", "name", "time", "caller", "why", "evidence", "from", "to",
                "detector", "thresholds"),
    "mute": ("mute", "by", "reason", "lifted"),
}  # fmt: skip
RUN = {"id": str, "labels": dict, "command": str}
MUTE = {"kind": str, "name": str, "caller": str, "operation": str}


def check_statement(index, kind, said):
    """Refuse what no recorder writes."""
    members = STATEMENTS.get(kind, {})
    good = all(name in said for name in NEEDED.get(kind, ())) and typed(said, members)
    if good and kind == "run":
        good = "id" in said["run"] and typed(said["run"], RUN)
    if good and kind == "erase":
        good = said["erased"] and all(is_target(target) for target in said["erased"])
    if good and kind == "insight":
        good = all(isinstance(text, str) for text in said["why"])
        good = good and all(type(number) is int for number in said["evidence"])
    if good and kind == "mute":
        good = said["mute"] and typed(said["mute"], MUTE)
        good = good and all(said["mute"].values()) and not set(said["mute"]).difference(MUTE)
    if good and kind == "gap":
        good = said["lost"] and all(isinstance(note, str) for note in said["lost"])
    if good and kind == "anchor" and said.get("anchor") == "s3":
        good = is_anchor(said)
    if not good:
        raise Problem("entry %d: malformed %s" % (index, kind))


def is_anchor(said):
    texts = ("bucket", "prefix", "key", "version", "note", "sha256", "retainUntil")
    return (
        all(isinstance(said.get(name), str) for name in texts)
        and all(isinstance(said.get(name), int) for name in ("shipment", "entries"))
        and isinstance(said.get("objects"), list)
        and all(
            isinstance(item, dict)
            and isinstance(item.get("key"), str)
            and isinstance(item.get("version"), str)
            for item in said["objects"]
        )
    )


def is_target(said):
    return (
        isinstance(said, dict)
        and type(said.get("index")) is int
        and said["index"] >= 0
        and isinstance(said.get("facets"), list)
        and said["facets"]
        and all(isinstance(t, str) and re.fullmatch(TAG, t) for t in said["facets"])
    )


def typed(said, members):
    return all(type(said[name]) is kind for name, kind in members.items() if name in said)


def is_alive(kind, what):
    if kind == "heartbeat":
        return what is not None and what.get("recording") is not False
    return kind in ALIVE


def interval_of(what):
    configuration = (what or {}).get("configuration")
    seconds = configuration.get("heartbeat") if isinstance(configuration, dict) else None
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 < seconds < 10**9:
        return int(seconds * 1000)
    return None


def erasures(bundle):
    named = {}
    for index in bundle.of_kind("erase"):
        said = bundle.value(index, "what")
        for target in said["erased"] if said else ():
            if target["index"] >= index:
                raise Problem("entry %d: it erases what came after it" % index)
            named.setdefault(target["index"], set()).update(target["facets"])
    return named


class Coverage:
    """When the recorder was watching, by its own entries."""

    def __init__(self, since, until, interval):
        self.since, self.until, self.interval = since, until, interval
        self.kinds, self.tunnelled, self.gaps, self.lost = {}, {}, [], []
        self.alive = self.stopped = None
        self.begun = False

    def add(self, link, what):
        if not self.begun and link.time > self.since:
            self.gap(self.since, link.time, "before the log began")
        self.begun = True
        if not is_alive(link.kind, what):
            if link.kind == "close":
                self.silence(link.time)
                self.alive, self.stopped = None, link.time
            return
        if self.stopped is not None:
            self.gap(self.stopped, link.time, "no recorder was running")
        elif link.kind == "open" and self.alive is not None:
            self.gap(self.alive, link.time, "the recorder had stopped without saying so")
        else:
            self.silence(link.time)
        self.alive, self.stopped = link.time, None
        self.count(link, what or {})

    def count(self, link, what):
        if link.kind == "open":
            self.interval = interval_of(what) or self.interval
        elif link.kind == "gap":
            self.lost.append(link.index)
        elif link.kind == "heartbeat" and link.time >= self.since:
            passed = what.get("tunnelled")
            for host, number in passed.items() if isinstance(passed, dict) else ():
                if type(number) is int and number > 0:
                    self.tunnelled[host] = self.tunnelled.get(host, 0) + number
        if self.since <= link.time < self.until:
            self.kinds[link.kind] = self.kinds.get(link.kind, 0) + 1

    def finish(self, last):
        if self.stopped is not None:
            self.gap(self.stopped, max(last, self.until), "no recorder was running")
        elif self.alive is not None:
            self.silence(last)
        if last < self.until and self.stopped is None:
            self.gap(last, self.until, "after the newest entry of this log")

    def silence(self, time):
        if self.alive is not None and time - self.alive > MISSED * self.interval:
            self.gap(self.alive, time, "no heartbeat")

    def gap(self, start, end, reason):
        start, end = max(start, self.since), min(end, self.until)
        if start < end:
            self.gaps.append((start, end, reason))


def check_root(bundle):
    """The entries of the range are in order, chained, and those that the checkpoint signs."""
    head, span, known, leaves, before = bundle.head, bundle.span, {}, {}, None
    for name, index in (("first", span.start), ("last", span.stop - 1)):
        at, path = bundle.proof("range/%s.tlog-proof" % name)
        if at != index:
            raise Problem("range/%s.tlog-proof is a proof of something else" % name)
        found = siblings(at, head.size, path)
        if root(0, head.size, {at: bundle.entry(at).hash}, found) != head.root:
            raise Problem("range/%s.tlog-proof fails" % name)
        for (start, end), value in found.items():
            if end <= span.start or start >= span.stop:
                known[start, end] = value
    for index in span:
        link = bundle.entry(index)
        if before and link.previous != before.hash:
            raise Problem("entry %d: it does not follow the entry before it" % index)
        if before and link.time < before.time:
            raise Problem("entry %d: it is older than the entry before it" % index)
        leaves[index], before = link.hash, link
        if (index + 1) % WIDTH == 0:  # of a whole tile only its root is kept
            start = index + 1 - WIDTH
            known[start, index + 1], leaves = root(start, index + 1, leaves, {}), {}
    if root(0, head.size, leaves, known) != head.root:
        raise Problem("the entries of the range are not those that the checkpoint signs")


def check_range(bundle):
    """All entries of the range, held against the signed root, and every call judged anew."""
    claimed, where, head = bundle.manifest["range"], bundle.manifest["filter"], bundle.head
    check_root(bundle)
    links = bundle.entry(claimed["first"]), bundle.entry(claimed["last"])
    needed = (
        {"who", "what"}
        if {"username", "access_key_id", "source_ip", "run", "operator", "label"} & set(where)
        else {"what"}
    )
    if needed - set(claimed["opened"]):
        raise Problem("the range does not open what its question needs")
    interval = INTERVAL
    for index in bundle.of_kind("open"):
        if index < links[0].index:
            interval = interval_of(bundle.value(index, "what")) or interval
    coverage = Coverage(
        where.get("since", links[0].time), where.get("until", links[-1].time + 1), interval
    )
    found = {
        "calls": 0,
        "matches": array("q"),
        "undetermined": array("q"),
        "cased": array("q"),
        "unjudged": array("q"),
        "coverage": coverage,
        "erased": 0,
        "unnamed": Unnamed(where),
    }
    leave = erasures(bundle)
    for index in range(claimed["first"], claimed["last"] + 1):
        judge(bundle, bundle.entry(index), found, leave.get(index, set()))
    check_ends(bundle, links[0], links[-1], where)
    steps = [bundle.entry(index) for index in bundle.of_kind("clock")
             if claimed["first"] <= index <= claimed["last"]]  # fmt: skip
    stepped = any(link.time >= where.get("until", LATEST) for link in steps)
    if links[-1].index != bundle.head.size - 1 and stepped:
        raise Problem("the range ends with entry %d, after a step of the clock and too early for its "
                      "question" % links[-1].index)  # fmt: skip
    for index in found["matches"]:
        if not holds(bundle.manifest["selected"], index):
            raise Problem("entry %d: it matches the question and is not shown" % index)
    for index in bundle.manifest["selected"]:
        if not holds(found["matches"], index):
            raise Problem("entry %d: it is shown and does not match the question" % index)
    coverage.finish(links[-1].time)
    found["ending"] = ending(bundle, links[-1], where)
    return found


class Ticket:
    """What was said of a ticket so far: the last step, the call that may pass, the one that did."""

    def __init__(self):
        self.step, self.asked, self.call, self.let, self.later = "", None, None, None, False

    def follow(self, index, step, event):
        if step == "asked":
            self.step, self.asked, self.call, self.let = step, index, None, None
        elif step == "denied":
            self.step, self.call = step, None
        elif step == "approved":
            if self.step in ("asked", ""):
                self.step, self.call = step, event
        elif step == "used":
            if self.step in ("approved", "") and self.call is None:
                self.step, self.call = step, event
        elif step == "lapsed":
            if self.step == "approved" and self.call is None:
                self.step = step
        else:
            self.later = True

    def contradicts(self, event):
        if self.let is not None:
            return "which let entry %d pass already" % self.let
        if self.step == "denied":
            return "which was denied"
        if self.call is not None and self.call != event:
            return "which was approved for another call"
        return None

    def lacks(self):
        if self.call is not None:
            return None
        if self.step == "lapsed":
            return "which had lapsed"
        if self.step == "approved":
            return "and no entry before it says that it used the approval"
        return "which nobody had approved"


def check_tickets(bundle):
    """Each call that passed under a ticket had been approved before, as far as that is here."""
    if not bundle.of_kind("decision"):
        return
    tickets, erased = {}, -1
    for index in bundle.disclosed():
        kind = bundle.entry(index).kind
        if kind != "decision" and kind not in CALLS:
            continue
        said = bundle.value(index, "what")
        if kind == "decision":
            if said is None:
                erased = index
            else:
                ticket = tickets.setdefault(said["ticket"], Ticket())
                ticket.follow(index, said["step"], said.get("event"))
            continue
        decision, record = (said or {}).get("decision", {}), (said or {}).get("record", {})
        name, event = decision.get("ticket"), record.get("eventID")
        if decision.get("outcome") != "approved" or not isinstance(name, type("")):
            continue
        ticket = tickets.setdefault(name, Ticket())
        wrong = ticket.contradicts(event)
        if ticket.asked is not None and erased < ticket.asked and not ticket.later:
            wrong = wrong or ticket.lacks()
        if wrong:
            raise Problem("entry %d: it passed under ticket %r, %s" % (index, name, wrong))
        ticket.let = index


def judge(bundle, link, found, leave):
    where, contents = bundle.manifest["filter"], bundle.facets(link.index)
    wanted = [tag for tag in bundle.manifest["range"]["opened"] if tag in link.committed]
    missing = sorted(tag for tag in wanted if tag not in contents)
    if set(missing) - leave:
        tag = min(set(missing) - leave)
        raise Problem("entry %d: facet %r is not opened, nor erased" % (link.index, tag))
    found["erased"] += len(missing)
    what, who = bundle.value(link.index, "what"), bundle.value(link.index, "who")
    found["coverage"].add(link, what)
    if link.kind not in CALLS:
        return
    found["calls"] += 1
    if missing or what is None:
        found["unjudged"].append(link.index)
        return
    row = project(link.index, who, what)
    found["unnamed"].add(row)
    other = {name: value for name, value in where.items() if name not in RESOURCES}
    if matches(where, row) and (
        not bundle.unasked or holds(bundle.manifest["selected"], link.index)
    ):
        found["matches"].append(link.index)
    elif matches(where, row):
        found["undetermined"].append(link.index)
    elif what.get("undetermined") and other != where and matches(other, row):
        found["undetermined"].append(link.index)
    elif in_another_case(where, row):
        found["cased"].append(link.index)


def check_ends(bundle, first, last, where):
    since, until = where.get("since"), where.get("until")
    if first.index != 0 and (since is None or first.time >= since):
        raise Problem("the range begins with entry %d, too late for its question" % first.index)
    what = bundle.value(last.index, "what") or {}
    settled = last.kind == "close" or (last.kind == "heartbeat" and what.get("in_flight") == 0)
    if last.index != bundle.head.size - 1 and not (
        until is not None and (
            (last.time >= until + SETTLING and settled)
            or (last.time >= until + SLACK and last.kind in ENDING)
        )
    ):  # fmt: skip
        raise Problem("the range ends with entry %d, too early for its question" % last.index)


def ending(bundle, last, where):
    if last.index == bundle.head.size - 1:
        return "with the newest entry of the log, %s" % iso(last.time)
    said = "with entry %d, %s" % (last.index, iso(last.time))
    if "until" in where and last.time >= where["until"] + SLACK:
        return "%s, %d s after the time" % (said, SLACK // 1000)
    return "%s, which says that no call was in flight" % said


def check_fresh(bundle):
    """The log's own time of export; STALE if the recorder had fallen silent by then."""
    index = bundle.head.size - 1
    interval = INTERVAL
    for at in bundle.of_kind("open"):
        interval = interval_of(bundle.value(at, "what")) or interval
    newest = None
    while True:
        if not bundle.has(index):
            raise Problem("entry %d: it dates the export and is not there" % index)
        last, what = bundle.entry(index), bundle.value(index, "what")
        newest = newest or last
        if last.kind == "close" or is_alive(last.kind, what) or index == 0:
            break
        index -= 1
    if is_alive(last.kind, what) and newest.time - last.time > MISSED * interval:
        raise Problem("when this was exported, %s, the recorder was last heard of at %s and had not "
                      "said that it stopped" % (iso(newest.time), iso(last.time)), "STALE")  # fmt: skip
    return newest


# -- the statement -----------------------------------------------------------------------------


def clean(text):
    """Printable ASCII: evidence must not drive a terminal, nor look like what it is not."""
    return "".join(c if " " <= c <= "~" else escape(c) for c in text)


def escape(c):
    return "\\x%02x" % ord(c) if ord(c) < 256 else "\\u%04x" % ord(c)


def quoted(value):
    return '"%s"' % clean(value.replace("\\", "\\\\").replace('"', '\\"'))


def count(number, noun, plural=None):
    return "%d %s" % (number, noun if number == 1 else plural or noun + "s")


def indexes(numbers):
    named = ", ".join(map(str, numbers[:NAMED]))
    return named if len(numbers) <= NAMED else "%s and %d more" % (named, len(numbers) - NAMED)


def shown(bundle, index):
    link, what, who = bundle.entry(index), bundle.value(index, "what"), bundle.value(index, "who")
    if link.kind not in CALLS:
        raise Problem("entry %d: it is shown and is no call" % index)
    if what is not None:
        project(index, who, what)
    record = (what or {}).get("record") or {}
    user = ((who or {}).get("record") or {}).get("userIdentity") or {}
    by = user.get("arn") or user.get("userName") or user.get("accessKeyId")
    error = ((what or {}).get("call") or {}).get("error")
    parts = ["entry %d" % index, iso(link.time), str(record.get("eventSource") or link.kind),
             str(record.get("eventName") or ""), "by %s%s" % (by, how_known(who)) if by else "",
             "failed: %s" % error if error else "", str(record.get("eventID") or "")]  # fmt: skip
    return clean("  ".join(part for part in parts if part))


STAMPED = "%s says that the first %d entries existed at %s"
UNJUDGED = "whose word that is was not checked: README.txt says how, with openssl"
REPORTED = "report.html is for reading: it was not compared with the entries, and proves nothing"
AFTER = (
    "The range ends before the log: entries after %d, and a clock set back among them, are not told."
)
UNTOLD = "whose resources could not be told"
CASED = "with such a name in another letter case, which does not count there"
RESTS = (
    "the resources that the recorder found in each call; what touches a resource and does not "
    "name it is listed in docs/evidence.md"
)


def walk_shown(bundle):
    """The first calls that are shown, as they are told, and how many facets of all were erased."""
    leave, told, erased = erasures(bundle), [], 0
    for index in bundle.manifest["selected"]:
        said = shown(bundle, index)
        told += [said] if len(told) < NAMED else []
        closed = set(bundle.entry(index).committed) - set(bundle.facets(index))
        erased += len(leave.get(index, set()) & closed)
    return told, erased


def statement(bundle, key, kept, newest, found, stamps, chosen):
    number = len(bundle.manifest["selected"])
    yield "the log %s attests under its key %s:" % (
        clean(bundle.head.origin),
        clean("%s+%s" % (key.name, key.id.hex())),
    )
    facts = [("log", "%d entries under one signed root" % bundle.head.size)]
    if kept:
        facts.append(("", "which continues %s" % count(kept, "older signed root")))
    facts.append(
        (
            "exported",
            "%s, by the newest entry, %s %d" % (iso(newest.time), newest.kind, newest.index),
        )
    )
    facts += [("stamped", STAMPED % stamp) for stamp in stamps]
    facts += [("", UNJUDGED)] if stamps else []
    if found is None:
        facts.append(
            ("shown", "%s, each as it was recorded" % count(number, "entry", "entries"))
        )
        facts.append(("", "nothing is said of the others"))
        facts += [("entry", item.partition(" ")[2]) for item in chosen]
    else:
        facts += complete_facts(bundle, found, chosen)
    later = list(unknown(bundle))
    for said, at in later:
        number = "%s, %s: %s" % (said, count(len(at), "entry", "entries"), indexes(at))
        facts.append(("unknown", number if at else said))
    if later:
        facts.append(("", "of a later version: compared as bytes, not looked into"))
    if found is not None:
        facts.append(("rests on", RESTS))
    facts.append(
        ("limits", "It speaks of calls that went through this recorder, and of no others.")
    )
    facts.append(
        (
            "limits",
            "Entries are dated by the recorder's clock; only a witness or a time stamp bounds it.",
        )
    )
    if found is not None and bundle.manifest["range"]["last"] != bundle.head.size - 1:
        facts.append(("limits", AFTER % bundle.manifest["range"]["last"]))
    if "report.html" in bundle.names:
        facts.append(("report", REPORTED))
    for name, value in facts:
        yield "  %-13s%s" % (name, value)


def complete_facts(bundle, found, chosen):
    coverage, claimed = found["coverage"], bundle.manifest["range"]
    yield "range", "entries %d to %d, all of them" % (claimed["first"], claimed["last"])
    yield (
        "time",
        "%s to %s, by when a call was answered" % (iso(coverage.since), iso(coverage.until)),
    )
    yield "ends", found["ending"]
    yield "question", question(bundle.manifest["filter"])
    for said in found["unnamed"].lines():
        yield "", said
    if bundle.unasked:
        names = ", ".join(clean(name.replace("_", "-")) for name in bundle.unasked)
        yield "", "not judged by %s, which this verifier does not know" % names
    yield (
        "answer",
        "%s of %d in the range, and none but these"
        % (count(len(bundle.manifest["selected"]), "call"), found["calls"]),
    )
    for item in chosen:
        yield "match", item
    for name, said in (
        ("undetermined", UNTOLD),
        ("cased", CASED),
        ("unjudged", "that can no longer be judged"),
    ):
        if found[name]:
            label = "erased" if name == "unjudged" else "undetermined"
            yield label, "%s %s: %s" % (count(len(found[name]), "call"), said, indexes(found[name]))
    kinds = ", ".join("%d %s" % (number, kind) for kind, number in sorted(coverage.kinds.items()))
    yield "entries", kinds or "none in this time"
    for start, end, reason in coverage.gaps:
        yield "unwatched", "%s to %s: %s" % (iso(start), iso(end), reason)
    if not coverage.gaps:
        yield (
            "watched",
            "throughout, by a sign of life at least every %d s" % (coverage.interval * 2 // 1000),
        )
    told = [(index, bundle.value(index, "what")) for index in bundle.of_kind("insight")]
    drift = [(index, said) for index, said in told if said and said["kind"] == "drift"]
    for index in sorted(index for kind in BOUNDS for index in bundle.of_kind(kind)):
        said = bundle.value(index, "what")
        if said and not all(0 <= said[name] < LATEST for name in ("from", "to")):
            raise Problem("entry %d: it is of no time" % index)
        if said and bundle.entry(index).kind == "clock":
            yield "clock", "entry %d: it was set from %s to %s" % (
                index, iso(said["from"]), iso(said["to"]),
            )  # fmt: skip
        elif said:
            yield "refused", "entry %d: %s from %s to %s, which could not be recorded: %s" % (
                index, count(said["calls"], "call"), iso(said["from"]), iso(said["to"]),
                quoted(said["reason"]),
            )  # fmt: skip
    for index, told in drift[:NAMED]:
        why = quoted("; ".join(told["why"]))
        yield "drift", "entry %d, of entries %s: %s" % (index, indexes(told["evidence"]), why)
    if len(drift) > NAMED:
        yield "drift", "%s more that tell it" % count(len(drift) - NAMED, "entry", "entries")
    for index in coverage.lost:
        yield "lost", "entries that entry %d states were lost" % index
    for host, number in sorted(coverage.tunnelled.items()):
        yield (
            "unread",
            "%s to %s passed without being read" % (count(number, "connection"), clean(host)),
        )


def question(where):
    parts = []
    for name, value in where.items():
        if name in ("since", "until"):
            continue
        if name not in FIELDS:
            said = "?"
        elif isinstance(value, list):
            said = " or ".join(map(asked, value)) if not isinstance(value[0], list) else " and ".join(
                "(%s)" % " or ".join(map(asked, group)) for group in value
            )
        else:
            said = quoted(value) if isinstance(value, str) else str(value).lower()
        parts.append("%s %s" % (clean(name.replace("_", "-")), said))
    return "; ".join(parts) or "every call"


def asked(value):
    """One value of a filter, as it stands in a manifest."""
    return "like " + quoted(value["like"]) if isinstance(value, dict) else quoted(value)


class Unnamed:
    """What is asked for and named by no call, with the most similar names that are."""

    def __init__(self, where):
        names = [name for name in where if name in COLUMNS or name in RESOURCES]
        self.asked = [(name, value) for name in names for value in where[name]]
        self.missing, self.like, self.seen = list(self.asked), [[] for _ in self.asked], {}

    def add(self, row):
        for at, asked in enumerate(self.missing):
            if asked is not None and self.is_named(row, at, *asked):
                self.missing[at] = None

    def is_named(self, row, at, name, value):
        if isinstance(value, dict):
            return finds(row, name, value)
        if name in RESOURCES:
            known = {pair[RESOURCES[name]] for pair in row["resources"]}
        else:
            known = {row.get(COLUMNS[name])}
        known = {item for item in known if item}
        if value in known:
            return True
        # Only the first ones are listed, so the rest need not be kept.
        for item in known.difference(self.like[at]):
            if (len(self.like[at]) < 3 or item < self.like[at][-1]) and self.similar(value, item):
                self.like[at] = sorted(self.like[at] + [item])[:3]
        return False

    def similar(self, one, other):
        """Names are compared once, not with each call that has them."""
        if (one, other) not in self.seen:
            if len(self.seen) >= SIMILAR_KEPT:
                self.seen.clear()
            self.seen[one, other] = similar(one, other)
        return self.seen[one, other]

    def lines(self):
        for asked, like in zip(self.missing, self.like):
            if asked is not None and isinstance(asked[1], dict):
                yield "no entry of the range names any like %s" % quoted(asked[1]["like"])
            elif asked is not None:
                said = "; similar: %s" % ", ".join(map(quoted, like)) if like else ""
                yield "no entry of the range names %s%s" % (quoted(asked[1]), said)


def similar(one, other):
    """Do they differ by their case, by at most two characters, or by what stands around one?"""
    one, other = one.lower(), other.lower()
    if min(len(one), len(other)) >= 3 and (one in other or other in one):
        return True
    if abs(len(one) - len(other)) > 2 or max(len(one), len(other)) < 3:
        return one == other
    row = list(range(len(other) + 1))
    for at, a in enumerate(one, 1):
        before, row = row, [at]
        for to, b in enumerate(other, 1):
            row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (a != b)))
        if min(row) > 2:
            return False
    return row[-1] <= 2


def unknown(bundle):
    """What a later version has put into the bundle, which was compared as bytes and not read."""
    kinds, tags = bundle.survey()
    for kind, found in sorted(kinds.items()):
        if kind not in KINDS:
            yield "kind %r" % kind, found
    for tag, found in sorted(tags.items()):
        yield "facet %r" % tag, found
    for name in sorted(bundle.beyond):
        yield clean(name), []


def how_known(who):
    """Whose word it is that this was the caller, and whether the signature was checked."""
    identity = (who or {}).get("identity") or {}
    parts = [identity.get("known"), "signature %s" % identity.get("signature")]
    parts = [part for part, name in zip(parts, ("known", "signature")) if identity.get(name)]
    return " (%s)" % ", ".join(map(str, parts)) if parts else ""


def verify(path, trusted, policy=None):
    """What holds, and what it then states. Raises Problem."""
    bundle = Bundle(path)
    for name in bundle.names & {"README.txt", "report.html", "verify.py", "log.vkey", "keys"}:
        bundle.read(name)  # no evidence, but it must come out of the zip whole
    stamps = check_stamps(bundle)
    keys, changes = trace(bundle, trusted)
    if bundle.elsewhere:
        raise Problem("manifest.json is of another log or size")
    key, heads = check_heads(bundle, keys, changes)
    kept = len(heads)
    check_events(bundle)
    found = check_range(bundle) if bundle.manifest["range"] else None
    check_tickets(bundle)
    newest = check_fresh(bundle)
    witnessed = policy and check_witnessed(bundle, policy, heads + [bundle.head])
    number = count(len(bundle.manifest["selected"]), "call")
    told, erased = walk_shown(bundle)
    erased += found["erased"] if found else 0
    verdict = "OK with %s" % count(erased, "erasure") if erased else "OK"
    if found:
        span = bundle.manifest["range"]
        said = "%s in entries %d to %d, " % (number, span["first"], span["last"])
        said += "others not ruled out" if bundle.unasked else "and none but these"
    else:
        said = "%s shown, each in a log of %d entries" % (number, bundle.head.size)
    later = len(list(unknown(bundle)))
    if later:
        said += "; %s of a later version not looked into" % count(later, "thing")
    if witnessed:
        said += "; nothing shown can be rewritten unless %s" % liars(witnessed)
    return {
        "verdict": "OK", "holds": True, "message": said, "hint": None,
        "origin": bundle.head.origin, "key": key.text, "entries": bundle.head.size,
        "calls": len(bundle.manifest["selected"]), "erasures": erased, "rotations": len(changes),
        "last": iso(newest.time), "checkpoint": bundle.head.whole, "witnessed": witnessed,
        "unknown": {said: len(at) or 1 for said, at in unknown(bundle)},
        "statement": list(statement(bundle, key, kept, newest, found, stamps, told)),
        "line": "%s: %s" % (verdict, said),
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="Check a bundle of apitrail's.")
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument(
        "--key", action="append", default=[], help="the log's verifier key, or a file with it"
    )
    parser.add_argument("--policy", help="your policy: which witnesses must have seen what is shown")
    parser.add_argument("--output", choices=("text", "json"), default="text")
    options = parser.parse_args()
    if not os.path.exists(options.bundle):
        parser.error("there is no %r" % options.bundle)
    try:
        trusted = []
        for given in options.key:
            if os.path.isfile(given):
                with open(given, encoding="utf-8", errors="replace") as file:
                    trusted.append(Key(file.read()))
            else:
                trusted.append(Key(given))
        policy = None
        if options.policy is not None:
            with open(options.policy, "rb") as file:
                policy = Policy(file.read(1000001))
            if policy.logs and trusted:
                raise Problem("the log's key is in the policy, and is given with --key too")
            trusted += [key for _, key in policy.logs if key.type == LOG_KEY]
    except (Problem, OSError) as problem:
        parser.error(str(problem))
    try:
        found = verify(options.bundle, trusted, policy)
    except Problem as problem:
        found = {
            "verdict": problem.verdict, "holds": False, "message": str(problem), "hint": None,
            "statement": [], "line": "%s: %s" % (problem.verdict, clean(str(problem))),
        }  # fmt: skip
        if problem.verdict == "UNTRUSTED-KEY":
            found["hint"] = (
                "the key must come from elsewhere than the bundle: ask the log's owner for it "
                "(apitrail key show), then --key VKEY"
            )
    lines = [found.pop("line")] + found["statement"]
    if options.output == "json":
        lines = [json.dumps(found, indent=2)]
    for line in lines:
        sys.stdout.write(line + "\n")
    if found["hint"]:
        sys.stderr.write("hint: %s\n" % found["hint"])
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
