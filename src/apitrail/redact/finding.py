"""Where secrets stand in a text as it is: values of telling names, tokens, commands, URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote_to_bytes

from apitrail.redact.known_secrets import (
    BLANK_VALUE,
    COMMANDS,
    FORMS,
    HARMLESS_TEXT,
    NAME_ROOTS,
    PAIR_NAME,
    PAIR_VALUE,
    PAIR_VALUE_BEFORE,
    PROSE,
    QUERY,
    QUERY_PARAMETERS,
    REFERENCE,
    REFERENCES_BELOW,
    TELLING,
    TOKENS,
    WEAK_TEXT,
)
from apitrail.redact.secret_names import is_secret_key, is_secret_member
from apitrail.remembered import remembered

type Span = tuple[int, int, bytes]
"""Start, end, and the secret that stands there."""

type Table = tuple[tuple[str, str], ...]
"""What must be in a text, in lower case, and then a pattern whose group is a secret."""

_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_NAME_END = re.compile(r"[\w.\-]{0,64}")
_NAME_LONGEST = 64
_BACK = 300  # characters in front of a name that may belong to it

# Between a name and its value.
_SEPARATOR = re.compile(
    r"""(?:["'\]]{0,2}|\[\])?(?:
        (?P<gap>\s{0,9})(?P<sign>:=|=>|==?|:)(?P<room>[ \t]{0,9})(?:\r?\n\s{0,40}(?=["']))?
      | (?P<tag>(?<=["'])>|>)
      | \s{1,9}(?=[NE]?["']|\$\$)
      | ["']?(?P<comma>\s?,\s?)(?=["'])
      | \s?\(\s?(?=["'])
      | \s(?P<prose>is|was|to)\s{0,3}(?::\s{0,3}|\s)(?:now\s)?
      | [ \t]{1,3}(?P<dash>[-\u2013\u2014\u2192~])[ \t]{1,3}
    )""",
    re.VERBOSE,
)
_BLANK = re.compile(r"[\"']?[ \t]{1,9}(?=[^\s-])")
# In front of a name whose value is the next item: an option, a call.
_TAKES_NEXT = re.compile(r"[\"']--?$|\(\s{0,9}[\"']?$")
# In front of a value: a tag of YAML's, a block of lines, a scheme, a call.
_LEAD = re.compile(
    r"(?:!\w{1,20}\s{1,9}(?=[\"'])|[|>][-+]?\d?\s{0,9}\n\s{0,40}|<!\[CDATA\[|[NE](?=')"
    r"|(?:Bearer|Basic|Token|token|PASSWORD\()\s{0,3}(?=[^\s,;]))*",
)
_QUOTED = re.compile(
    r"""\"(?P<v1>(?:[^"\\]|\\.)*)\"|'(?P<v2>(?:[^'\\]|''|\\.)*)'|\$\$(?P<v3>[^$]*)\$\$""",
    re.DOTALL,
)
_BARE = re.compile(
    r"(?:[^\s\"'`&,;<>\\]|,(?![\s\"'{\[]|[\w.\-]{1,64}\s?[=:]|\Z)|\\(?![\"'nrtu\\]))+"
)
_LINE = re.compile(r"[^\r\n]*?(?=\s+#|\s*\r?\n|\s*\Z)")
_TAGGED = re.compile(r"[^<]+")
_OPENERS = {"}": "{", ")": "(", "]": "["}
_BLOCK = re.compile(r"\{[^{}]{0,2000}\}")
_NO_ECHO = re.compile(r"[\"']?NoEcho[\"']?\s*:\s*[\"']?true", re.IGNORECASE)
_DEFAULT = re.compile(r"[\"']Default[\"']\s*:\s*(?=[\"'])")
_DEFAULT_LINE = re.compile(r"Default:\s*")


def lowered(text: str) -> str:
    """The text in lower case, each character at its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)


def telling(lower: str) -> tuple[str, ...]:
    """What is in a text of that which every text with a secret has one of."""
    return tuple([needle for needle in TELLING if needle in lower])


def spans(text: str, lower: str, told: tuple[str, ...]) -> Iterator[Span]:
    """Each secret that is named or marked; they may overlap.

    `lower` is the text in lower case, `told` what `telling` found in it.
    """
    forms, roots = _wanted(told)
    yield from _matches(forms, text, lower)
    if "=" in text:
        yield from _queries(text)
    if roots is not None:
        yield from _named(text, lower, roots)
    if "noecho" in lower:
        yield from _hidden_defaults(text)


@remembered(1024)
def _wanted(told: tuple[str, ...]) -> tuple[Table, re.Pattern[str] | None]:
    """The forms and commands that may be in a text, and a pattern of its names, if there is any."""
    forms = [row for row in (*FORMS, *COMMANDS) if any(needle in row[0] for needle in told)]
    roots = [root for needle, root in NAME_ROOTS if needle in told]
    return tuple(forms), re.compile("|".join(roots)) if roots else None


def by_form(text: str) -> bool:
    """Is there a token, a private key or a URL's password, whatever the words around it say?"""
    lower = lowered(text)
    return any(next(_matches(table, text, lower), None) for table in (FORMS, TOKENS))


def tokens(text: str, lower: str) -> Iterator[Span]:
    """Each token that is known by its form."""
    return _matches(TOKENS, text, lower)


def _matches(table: Table, text: str, lower: str) -> Iterator[Span]:
    for pattern in [pattern for needle, pattern in table if needle in lower]:
        for match in _compiled(pattern).finditer(text):
            group = match.lastgroup
            if group and REFERENCE.match(match[group]) is None:
                yield _span(text, *match.span(group))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """One of the tables' patterns."""
    return re.compile(pattern)


def _queries(text: str) -> Iterator[Span]:
    for match in QUERY.finditer(text):
        name, value = match["name"], match["v1"]
        is_code = name.lower() == "code"
        if not is_secret_query(name) or (is_code and match["lead"] not in ("?", "&", "&amp;")):
            continue
        if _is_value(value, name, is_bare=False):
            yield *match.span("v1"), unquote_to_bytes(value)


@remembered(16384)
def is_secret_query(name: str) -> bool:
    """Does a query parameter of this name hold a secret?"""
    return name.lower() in QUERY_PARAMETERS or is_secret_member(name)


@remembered(16384)
def is_secret_text(name: str) -> bool:
    """Does what is named so in a script, a template or a message hold a secret?"""
    plain = "".join(filter(str.isalnum, name)).lower()
    if HARMLESS_TEXT.search(plain) is not None:
        return False
    return (
        is_secret_key(name)
        or is_secret_member(name)
        or (plain.endswith(("pass", "pw")) and plain not in ("bypass", "compass"))
    )


@remembered(16384)
def is_weak_text(name: str) -> bool:
    """May what is named so hold a secret, if its value looks like one?"""
    return WEAK_TEXT.search("".join(filter(str.isalnum, name)).lower()) is not None


def is_secret_setting(name: str, value: str) -> bool:
    """Is a value a secret, given the name of what is set to it?"""
    return is_secret_text(name) and _is_value(value, name, is_bare=False)


def _named(text: str, lower: str, roots: re.Pattern[str]) -> Iterator[Span]:
    at = 0
    while (root := roots.search(lower, at)) is not None:
        start = root.start()
        while start > 0 and root.start() - start < _NAME_LONGEST and _in_name(text[start - 1]):
            start -= 1
        ended = _NAME_END.match(text, root.end())
        end = at = ended.end() if ended else root.end()
        name = text[start:end].strip(".-")
        start += len(text[start:end]) - len(text[start:end].lstrip(".-"))
        found: Iterator[Span] = iter(())
        if is_secret_text(name):
            found = _values(text, start, end, name)
        elif is_weak_text(name):
            found = (span for span in _values(text, start, end, name) if _is_random(span[2]))
        for span in found:
            yield span
            at = max(at, span[1])


# What nobody writes by hand: a name would have words. In random letters a run of one kind (small,
# capital, digit) is hardly ever as long as a word.
_RANDOM = re.compile(r"(?=.*?[a-z])(?=.*?[A-Z])[\w+/=.~!@#$%^&*-]{12,}\Z")
_DIGITS = re.compile(r"(?:.*?\d){3}")
_RUNS = re.compile(r"[a-z]+|[A-Z]+|\d+")
_LONG, _PART = 16, 0.42


def _is_random(value: bytes) -> bool:
    text = value.decode("utf-8", "replace")
    if _RANDOM.match(text) is None:
        return False
    runs = len(_RUNS.findall(text))
    return (_DIGITS.match(text) is not None or len(text) >= _LONG) and runs >= _PART * len(text)


def _random_word(text: str, at: int) -> Iterator[Span]:
    """A word, where it can be nothing but a secret."""
    if (bare := _BARE.match(text, at)) is not None:
        span = _span(text, at, at + len(_trimmed(bare[0])))
        if _is_random(span[2]):
            yield span


def _blank_value(text: str, end: int, name: str, before: str) -> Iterator[Span]:
    """The value behind a blank: of an option, or of whatever name if it can be nothing else."""
    blank = _BLANK.match(text, end)
    if blank is None:
        return
    if BLANK_VALUE.search(before) is not None:
        yield from _value(text, blank.end(), name)
    else:
        yield from _random_word(text, blank.end())


def _in_name(character: str) -> bool:
    return character.isalnum() or character in "_.-"


def _values(text: str, start: int, end: int, name: str) -> Iterator[Span]:
    """The values of the name that stands at `start`."""
    before = text[max(0, start - _BACK) : start]
    pair = _paired(text, start, end, name, before)
    if pair is not None:
        yield from pair
        return
    separator = _SEPARATOR.match(text, end)
    if separator is None:
        yield from _blank_value(text, end, name, before)
        return
    if _is_no_name(separator, before):
        return
    if separator["prose"]:
        yield from _told(text, separator.end())
        return
    if separator["dash"]:
        yield from _random_word(text, separator.end())
        return
    of_yaml = separator["sign"] == ":" and not before.rpartition("\n")[2].strip(" \t-\"'?")
    yield from _value(
        text, separator.end(), name, tagged=bool(separator["tag"]), whole_line=of_yaml
    )
    if separator["sign"] == ":":
        yield from _default_below(text, start, separator.end())


def _paired(text: str, start: int, end: int, name: str, before: str) -> Iterator[Span] | None:
    """The value of `{"name": NAME, "value": …}`, in either order; None where there is no such."""
    if PAIR_NAME.search(before) is None:
        return None
    if (pair := PAIR_VALUE.match(text, end)) is not None:
        return _value(text, pair.end(), name, tagged=pair[0].endswith(">"))
    if (pair := PAIR_VALUE_BEFORE.search(before)) is None:
        return None
    group, offset = pair.lastgroup or "v1", start - len(before)
    if REFERENCE.match(pair[group]) is not None:
        return iter(())
    return iter([_span(text, offset + pair.start(group), offset + pair.end(group))])


def _is_no_name(separator: re.Match[str], before: str) -> bool:
    """Does what stands around a telling name say that it has no value of its own?"""
    if separator["tag"]:
        return not (before.endswith("<") or _is_tag(before))
    if separator["comma"]:
        return _TAKES_NEXT.search(before) is None
    # A variable of SQL's (`PASSWORD :pw`), or a part of an ARN.
    if separator["sign"] == ":" and not separator["room"]:
        return bool(separator["gap"]) or before.endswith(":")
    return REFERENCES_BELOW.search(before) is not None


def _is_tag(before: str) -> bool:
    return PAIR_NAME.search(before) is not None or re.search(r"<[\w:]{1,20}:$", before) is not None


def _value(
    text: str, at: int, name: str, *, tagged: bool = False, whole_line: bool = False
) -> Iterator[Span]:
    if text[at : at + 1] == "[":
        yield from _listed(text, at)
        return
    lead = _LEAD.match(text, at)
    at = lead.end() if lead else at
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        group = quoted.lastgroup or "v1"
        value, span = quoted[group], quoted.span(group)
    else:
        # In YAML a value goes on to the end of the line.
        pattern = _TAGGED if tagged else _LINE if whole_line else _BARE
        bare = pattern.match(text, at)
        if bare is None:
            return
        start = bare.start()
        value = _trimmed(bare[0]) if not (tagged or whole_line) else bare[0].rstrip()
        value = value.removesuffix("]]>")
        if whole_line:
            value = _of_line(value)
        span = start, start + len(value)
    if _is_value(value, name, is_bare=quoted is None):
        yield _span(text, *span)


def _listed(text: str, at: int) -> Iterator[Span]:
    """`["one", "two"]`"""
    at += 1
    while (quoted := re.compile(r"[\s,]{0,40}(?=[\"'])").match(text, at)) is not None:
        item = _QUOTED.match(text, quoted.end())
        if item is None:
            return
        group = item.lastgroup or "v1"
        if REFERENCE.match(item[group]) is None:
            yield _span(text, *item.span(group))
        at = item.end()


def _of_line(value: str) -> str:
    """A value that JSON or a sentence goes on behind ends before."""
    if value[:1] in "{[":
        return value
    cut = re.search(r"[\"'}\],;]\s*(?:[,}\]\"']|[\w\"'.-]{1,64}\s?[:=]|$)", value)
    return value[: cut.start()] if cut else value


def _trimmed(value: str) -> str:
    """Without the brackets and the full stop of what it stands in."""
    while value:
        last = value[-1]
        opener = _OPENERS.get(last)
        if last in ".,:!" or (opener and value.count(last) > value.count(opener)):
            value = value[:-1]
        else:
            break
    return value


def _is_value(value: str, name: str, *, is_bare: bool) -> bool:
    if REFERENCE.match(value) is not None:
        return False
    if value.isdigit() and (name.lower().endswith("tokens") or len(value) < 4):
        return False
    if is_bare:
        if value[:1] in "{[":
            return False
        first = re.match(r"[A-Za-z']*", value)
        return not (first and first[0].lower() in PROSE and (" " in value or first[0] == value))
    return not value.isspace()


def _told(text: str, at: int) -> Iterator[Span]:
    """`the password is VALUE`: a value, if it is no word."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        yield _span(text, *quoted.span(quoted.lastgroup or "v1"))
    elif (bare := _BARE.match(text, at)) is not None:
        value = _trimmed(bare[0])
        if (len(value) >= 6 and not value.isalpha() and REFERENCE.match(value) is None) or (
            len(value) >= 10 and value.isalpha() and not (value.islower() or value.istitle())
        ):
            yield _span(text, at, at + len(value))


def _default_below(text: str, start: int, at: int) -> Iterator[Span]:
    """The default of a template's parameter, in JSON or in YAML."""
    brace = re.compile(r"\s*(?=\{)").match(text, at)
    if brace is not None and (block := _BLOCK.match(text, brace.end())) is not None:
        yield from _default_in(text, block)
        return
    line = text[text.rfind("\n", 0, start) + 1 : start]
    if not line.strip() and text[at : at + 1] in ("\n", "\r"):
        yield from _default_lines(text, text.find("\n", at) + 1, len(line) + 1)


def _default_in(text: str, block: re.Match[str]) -> Iterator[Span]:
    if (default := _DEFAULT.search(text, block.start(), block.end())) is not None:
        yield from _value(text, default.end(), "password")


def _default_lines(text: str, at: int, indent: int) -> Iterator[Span]:
    """The default among the lines from `at` on that stand at least so deep."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        depth = len(line) - len(line.lstrip())
        if line.strip() and depth < indent:
            return
        if (default := _DEFAULT_LINE.match(text, at + depth)) is not None:
            yield from _value(text, default.end(), "password", whole_line=True)
        at = end + 1


def _hidden_defaults(text: str) -> Iterator[Span]:
    """The defaults of parameters that a template calls NoEcho."""
    for block in _BLOCK.finditer(text):
        if _NO_ECHO.search(block[0]) is not None:
            yield from _default_in(text, block)
    for found in _NO_ECHO.finditer(text):
        first = text.rfind("\n", 0, found.start()) + 1
        indent = found.start() - first
        if indent and not text[first : found.start()].strip():
            while first > 0:
                above = text.rfind("\n", 0, first - 1) + 1
                line = text[above : first - 1]
                if line.strip() and len(line) - len(line.lstrip()) < indent:
                    break
                first = above
            yield from _default_lines(text, first, indent)


def _span(text: str, start: int, end: int) -> Span:
    return start, end, text[start:end].encode("utf-8", "surrogatepass")
