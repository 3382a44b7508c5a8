"""What is said of a syntax error: one function per kind of mistake, and the words that people bring from elsewhere."""

import re
from collections.abc import Collection
from dataclasses import replace

from svcidl.diagnostics import Diagnostic, Edit, Fix
from svcidl.source import SourceFile, Span
from svcidl.suggest import replacement

MARKS = {
    "COMMA": ",",
    "COLON": ":",
    "EQUAL": "=",
    "DOT": ".",
    "VBAR": "|",
    "LBRACE": "{",
    "RBRACE": "}",
    "LPAR": "(",
    "RPAR": ")",
    "LANGLE": "<",
    "RANGLE": ">",
    "LBRACKET": "[",
    "RBRACKET": "]",
    "ARROW": "->",
    "AT": "@",
    "DOTDOT": "..",
    "QUESTION": "?",
}
_NOUNS = {"STRING": "a string", "INT": "an integer", "DURATION": "a duration", "$END": "the end of the file"}
_SILENT = frozenset(("DOC", "FLOAT", "QUESTION", "DOTDOT", "DOT", "AT", "LANGLE"))
"""Possible almost everywhere: naming them would hide what is missing."""

FOREIGN_WORDS = {
    "class": "struct",
    "message": "struct",
    "record": "struct",
    "model": "struct",
    "interface": "service",
    "exception": "error",
    "typedef": "alias",
    "type": "alias",
    "def": "rpc",
    "func": "rpc",
    "function": "rpc",
    "method": "rpc",
    "namespace": "package",
    "include": "import",
    "raises": "throws",
    "throw": "throws",
    "emits": "publishes",
    "on": "subscribes",
}

_REMEDIES = (
    (":", "ARROW", "the result of a method is written `-> T`"),
    ("[", None, "a list is written `list<T>`, a map `map<K, V>`"),
    ("|", None, "a value that may be missing is `T?`, one of several structs is declared as a `union`"),
    (None, "AS", 'write what it is called: `import "…" as name`, `subscribes Event as on_event`'),
)
"""What helps: the text that stands there and what could stand in its place (None: whatever), the remedy."""

_UNITS = {"millisecond": "ms", "second": "s", "sec": "s", "minute": "m", "min": "m", "hour": "h", "day": "d"}
"""What people write behind a figure, without the `s` of the plural."""

_MEANINGLESS = {
    "\u201c\u201d\u201e\u00ab\u00bb": 'strings stand in straight double quotes: `"`',
    "\u2018\u2019\u201a`": 'strings stand in straight double quotes: `"`',
    ";": "lines end without semicolons: remove it",
    "/": 'a path stands in double quotes: `http GET "/books/{id}"`',
}


def unexpected(text: str, span: Span, expected: Collection[str]) -> Diagnostic:
    """Something else stands here than may stand here; `expected` are names of terminals."""
    found = f"unexpected `{text[:40]}`" if text else "the file ends too early"
    return _wrong(found, text, span, expected)


def unfinished(span: Span, expected: Collection[str]) -> Diagnostic:
    """What ends at `span` wants more, and the next thing begins on a line of its own."""
    return _wrong("this is not finished", None, span, expected)


def _wrong(found: str, text: str | None, span: Span, expected: Collection[str]) -> Diagnostic:
    nouns = _expected(expected)
    # Where a name may stand every keyword may, too, and says nothing of what is meant.
    kinds = (None,) if "NAME" in expected else (None, *expected)
    fitting = (remedy for mark, kind, remedy in _REMEDIES if mark in (None, text) and kind in kinds)
    help_ = tuple(fitting)[:1]
    unit = _UNITS.get((text or "").removesuffix("s"))
    if unit is not None:
        help_ = (f"a duration is one word, the figure and its unit: `5{unit}`",)
    if not help_ and set(expected) == {"LBRACE"}:
        help_ = ("a declaration has a body, which may be empty: `{}`",)
    message = found + (f", expected {nouns}" if nouns else "")
    return Diagnostic(code="E0101", message=message, span=span, help=help_)


def _expected(kinds: Collection[str]) -> str:
    words = []
    if "NAME" in kinds:
        words.append("a name")
    else:
        words += [
            f"`{kind.lower()}`" for kind in kinds if kind not in MARKS and kind not in _NOUNS and kind not in _SILENT
        ]
    words += [noun for kind, noun in _NOUNS.items() if kind in kinds]
    words += [f"`{mark}`" for kind, mark in MARKS.items() if kind in kinds and kind not in _SILENT]
    if not words or len(words) > 6:
        return ""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def missing(kind: str, span: Span) -> Diagnostic:
    """A mark or a keyword is missing just before `span`."""
    text = MARKS.get(kind, kind.lower())
    fix = _insert(text if kind in MARKS else f" {text}", span, f"write `{text}`")
    article = "an" if kind == "AS" else "a"
    return Diagnostic(code="E0102", message=f"{article} `{text}` is missing here", span=span, fixes=(fix,))


def _insert(text: str, span: Span, message: str) -> Fix:
    at = replace(span, end=span.start, end_line=span.line, end_column=span.column)
    return Fix(message=message, edits=(Edit(span=at, text=text),))


def early_brace(span: Span) -> Diagnostic:
    """A body is closed, and goes on."""
    return Diagnostic(code="E0101", message="the body goes on after this `}`", span=span, help=("remove it",))


def wrong_body(span: Span, keyword: str, meant: str) -> Diagnostic:
    """The body of a `keyword` begins with what stands in that of a `meant`."""
    message = f"this has no place in a `{keyword}`"
    return Diagnostic(code="E0101", message=message, span=span, help=(f"was `{meant}` meant?",))


def missing_brace(span: Span, *, is_alone: bool) -> Diagnostic:
    """A declaration begins at the margin while a body is open; where it `is_alone`, nothing else in it is."""
    message = "a `}` is missing before this declaration"
    fix = _insert("}\n", span, "close the body above")
    return Diagnostic(code="E0102", message=message, span=span, help=(fix.message,), fixes=(fix,) if is_alone else ())


def misspelt(text: str, keyword: str, span: Span) -> Diagnostic:
    """A keyword is meant."""
    message, help_ = f"unknown keyword `{text}`", f"did you mean `{keyword}`?"
    fix = replacement(span, keyword)
    return Diagnostic(code="E0107", message=message, span=span, help=(help_,), fixes=(fix,))


def missing_package(span: Span) -> Diagnostic:
    """The file does not begin with its package."""
    help_ = ("begin the file with `package`, for example `package acme.orders.v1`",)
    return Diagnostic(code="E0112", message="the package declaration is missing", span=span, help=help_)


def late_package(span: Span) -> Diagnostic:
    """The package is declared after an import."""
    help_ = ("move it up, above the imports",)
    return Diagnostic(code="E0112", message="the package declaration stands first", span=span, help=help_)


def late_import(span: Span) -> Diagnostic:
    """An import stands after a declaration."""
    help_ = ("move it up, below `package`",)
    return Diagnostic(code="E0101", message="imports stand before the declarations", span=span, help=help_)


def stray_documentation(span: Span) -> Diagnostic:
    """Documentation that documents nothing."""
    help_ = ("put it before what it documents, or write `//` for a comment",)
    return Diagnostic(code="L0101", message="this documentation documents nothing", span=span, help=help_)


def stray_annotation(span: Span) -> Diagnostic:
    """Annotations with nothing behind them."""
    return Diagnostic(code="E0111", message="nothing follows that this annotation could stand on", span=span)


def lead_of_reserved(span: Span) -> Diagnostic:
    """Documentation or an annotation before `reserved(…)`."""
    help_ = ("remove it, or write `//` for a comment",)
    return Diagnostic(
        code="E0111", message="`reserved` takes neither documentation nor annotations", span=span, help=help_
    )


def wrong_number(text: str, span: Span) -> Diagnostic:
    """A number in a form of another language."""
    help_ = "write the digits out, without a sign `+`, with digits on both sides of the point"
    return Diagnostic(code="E0110", message=f"`{text}` is no number here", span=span, help=(help_,))


# --- below the grammar: what the lexer cannot read ------------------------------

_ILLEGAL_RUN = re.compile(r"[^A-Za-z_0-9\"{}()<>\[\].,:=|?@/ \t\r\n\f+'#-]+|.", re.DOTALL)
_PLUS_NUMBER = re.compile(r"\+[0-9]+(?:\.[0-9]+)?")
_SINGLE_QUOTED = re.compile(r"'[^'\r\n]*'")
_BLOCK_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_REST_OF_LINE = re.compile(r"[^\r\n]*")


def unreadable(source: SourceFile, position: int, *, damaged: bool) -> tuple[int, str | None, Diagnostic | None]:
    """Judge text that no token matches.

    Returns:
        Where it ends, the kind of token that stands in for it (None: it is left out), and the finding (None: reported
        before, as damage of the encoding).
    """
    text = source.text
    char = text[position]
    kind: str | None = None
    if char == '"':
        end = _end(_REST_OF_LINE, text, position)
        found = Diagnostic(
            code="E0104",
            message="a string is not closed on its line",
            span=source.span(position, position + 1),
            help=('close it with `"`; a line end within it is written `\\n`',),
        )
        return end, "STRING", found
    if char == "+" and (plus := _PLUS_NUMBER.match(text, position)):
        number = plus.group()
        kind = "FLOAT" if "." in number else "INT"
        return plus.end(), kind, wrong_number(number, source.span(position, plus.end()))
    if char == "'" and (quoted := _SINGLE_QUOTED.match(text, position)):
        span = source.span(position, quoted.end())
        message, remedy = "a string stands in double quotes", "write it in double quotes"
        return quoted.end(), "STRING", Diagnostic(code="E0103", message=message, span=span, help=(remedy,))
    if char == "/" and (comment := _BLOCK_COMMENT.match(text, position)):
        span = source.span(position, position + 2)
        message, remedy = "`/*` starts no comment", "write `//` before each line"
        return comment.end(), None, Diagnostic(code="E0103", message=message, span=span, help=(remedy,))
    if char == "#":
        span = source.span(position, position + 1)
        message, remedy = "`#` starts no comment", "write `//`"
        return (
            _end(_REST_OF_LINE, text, position),
            None,
            Diagnostic(code="E0103", message=message, span=span, help=(remedy,)),
        )
    end = _end(_ILLEGAL_RUN, text, position)
    if damaged and "\ufffd" in text[position:end]:
        return end, None, None
    help_ = tuple(remedy for marks, remedy in _MEANINGLESS.items() if char in marks)
    if char.isalpha():
        help_ = ("names are written with `A` to `Z`, `a` to `z`, digits and `_`",)
    message = f"{_shown(char)} has no meaning here"
    return end, None, Diagnostic(code="E0103", message=message, span=source.span(position, end), help=help_)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return max(position + 1, found.end() if found else 0)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"
