"""From text to nodes. The only module that knows lark."""

import functools
import hashlib
import io
import threading
from dataclasses import dataclass
from typing import cast

import lark
from lark.exceptions import UnexpectedInput

from svcidl import nodes
from svcidl.builder import Builder
from svcidl.diagnostics import Diagnostic
from svcidl.grammar import GRAMMAR, TABLES
from svcidl.source import SourceFile
from svcidl.syntax_errors import unexpected


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What parsing one file gave.

    Attributes:
        tree: the nodes; None if nothing could be made of the file. With syntax errors, what could be saved of it.
        diagnostics: in the order of the text.
        lost: names that stand in what was given up: a later stage must not call them unknown.
    """

    tree: nodes.File | None
    diagnostics: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()


def build_tables() -> bytes:
    """Build the parse tables from the grammar, strictly; raises lark's GrammarError on a conflict."""
    saved = io.BytesIO()
    _compile(strict=True).save(saved)
    return _header() + saved.getvalue()


def parse(source: SourceFile, *, damaged: bool = False) -> Parsed:
    """Parse one file; every syntax error of it is in the result."""
    engine = _engine()
    with engine.lock:
        engine.builder.start(source)
        try:
            # With a transformer lark returns what the start rule's method built, not a tree of its own.
            tree = cast("nodes.File", engine.lark.parse(source.text))
        except UnexpectedInput as error:
            position = min(error.pos_in_stream or 0, len(source.text))
            return Parsed(tree=None, diagnostics=(unexpected(source.text[position:position + 1], source.span(position, position), ()),))
        return Parsed(tree=tree, diagnostics=tuple(engine.builder.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    lark: lark.Lark
    builder: Builder
    lock: threading.Lock


@functools.cache
def _engine() -> _Engine:
    builder = Builder()
    saved = TABLES.read_bytes() if TABLES.is_file() else b""
    header = _header()
    if saved.startswith(header):
        # `load` takes no transformer, `_load` is what lark's own cache calls.
        parser = lark.Lark.__new__(lark.Lark)._load(io.BytesIO(saved[len(header) :]), transformer=builder)
    else:
        # Another version of lark is installed: its tables may differ, and building them takes half a second.
        parser = _compile(strict=False, transformer=builder)
    return _Engine(lark=parser, builder=builder, lock=threading.Lock())


def _compile(*, strict: bool, transformer: Builder | None = None) -> lark.Lark:
    grammar = GRAMMAR.read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", lexer="basic", start="file", strict=strict, transformer=transformer, maybe_placeholders=True
    )


def _header() -> bytes:
    digest = hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()
    return f"lark {lark.__version__} {digest}\n".encode()
