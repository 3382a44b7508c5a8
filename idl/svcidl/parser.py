"""From text to nodes. The only module that knows lark."""

import functools
import hashlib
import io
import threading
from dataclasses import dataclass
from typing import cast

import lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput
from lark.lexer import LexerState
from lark.utils import TextSlice

from svcidl import nodes
from svcidl.automaton import Action, Automaton
from svcidl.builder import Builder
from svcidl.diagnostics import Diagnostic
from svcidl.grammar import GRAMMAR, TABLES
from svcidl.recovery import MAX_ERRORS, mend
from svcidl.source import SourceFile
from svcidl.syntax_errors import unreadable
from svcidl.tokens import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What parsing one file gave.

    Attributes:
        tree: the nodes; None if nothing could be made of the file. With syntax errors, what could be saved of it.
        diagnostics: in the order of the text.
        lost: names that stand in what was given up: a later stage must not call them unknown.
        guessed: lines of what was mended: what a later stage finds there may follow from the repair.
    """

    tree: nodes.File | None
    diagnostics: tuple[Diagnostic, ...] = ()
    lost: frozenset[str] = frozenset()
    guessed: frozenset[int] = frozenset()


def build_tables() -> bytes:
    """Build the parse tables from the grammar, strictly; raises lark's GrammarError on a conflict."""
    saved = io.BytesIO()
    _compile(strict=True).save(saved)
    return _header() + saved.getvalue()


def parse(source: SourceFile, *, damaged: bool = False) -> Parsed:
    """Parse one file; every syntax error of it is in the result.

    Args:
        source: the file.
        damaged: whether text that was not UTF-8 was replaced by U+FFFD and reported, so that it is not reported again.
    """
    engine = _engine()
    with engine.lock:
        engine.builder.start(source)
        try:
            # With a transformer lark returns what the start rule's method built, not a tree of its own.
            tree = cast("nodes.File", engine.lark.parse(source.text))
        except UnexpectedInput:
            return _parse_damaged(engine, source, damaged)
        return Parsed(tree=tree, diagnostics=tuple(engine.builder.problems))


def _parse_damaged(engine: "_Engine", source: SourceFile, damaged: bool) -> Parsed:
    """Find every syntax error of a file that does not parse, then parse what could be mended of it."""
    tokens, faults = _tokens(engine.lark, source, damaged)
    if len(faults) >= MAX_ERRORS:
        return Parsed(tree=None, diagnostics=tuple(faults))
    mended = mend(_automaton(), source, tokens, frozenset(fault.span.line for fault in faults))
    tree = None
    engine.builder.start(source)
    if mended.tokens is not None:
        reader = engine.lark.parse_interactive("")
        for token in mended.tokens:
            reader.feed_token(_lark_token(token))
        tree = cast("nodes.File", reader.feed_token(lark.Token("$END", "")))
    diagnostics = (*faults, *mended.diagnostics, *engine.builder.problems)
    return Parsed(tree=tree, diagnostics=diagnostics, lost=mended.lost, guessed=mended.guessed)


def _lark_token(token: Token) -> lark.Token:
    length = token.end - token.start
    return lark.Token(
        token.kind,
        token.text,
        start_pos=token.start,
        line=token.line,
        column=token.column,
        end_line=token.line,
        end_column=token.column + length,
        end_pos=token.end,
    )


def _tokens(parser: lark.Lark, source: SourceFile, damaged: bool) -> tuple[list[Token], list[Diagnostic]]:
    """Return the tokens of a text that may hold anything, and what no token matched."""
    lexer = parser.parser.lexer
    state = LexerState(TextSlice.cast_from(source.text))
    tokens: list[Token] = []
    faults: list[Diagnostic] = []
    line = 0

    def add(kind: str, text: str, start: int, end: int, faulty: bool) -> None:
        nonlocal line
        place, column = source.place(start)
        tokens.append(
            Token(
                kind=kind,
                text=text,
                start=start,
                end=end,
                line=place,
                column=column,
                first=place != line,
                faulty=faulty,
            )
        )
        line = place

    while len(faults) < MAX_ERRORS:
        try:
            token = lexer.next_token(state, None)
        except EOFError:
            break
        except UnexpectedCharacters as error:
            start = cast("int", error.pos_in_stream)
            end, kind, fault = unreadable(source, start, damaged=damaged)
            text = source.text[start:end]
            if fault is not None:
                faults.append(fault)
            if kind is not None:
                closed = text if fault is None or fault.code != "E0104" else f'{text}"'
                add(kind, closed.lstrip("+"), start, end, fault is not None and fault.code == "E0104")
            state.line_ctr.feed(text)
            continue
        add(token.type, str(token), token.start_pos or 0, token.end_pos or 0, False)
    end = len(source.text)
    tokens.append(Token(kind="$END", text="", start=end, end=end, line=source.place(end)[0], column=1, first=True))
    return tokens, faults


@functools.cache
def _automaton() -> Automaton:
    table = _engine().lark.parser.parser._parse_table
    actions: dict[int, dict[str, Action]] = {
        state: {
            kind: argument if isinstance(argument, int) else (len(argument.expansion), str(argument.origin.name))
            for kind, (_, argument) in row.items()
        }
        for state, row in table.states.items()
    }
    return Automaton(actions=actions, start=table.start_states["file"], end=table.end_states["file"])


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
        grammar,
        parser="lalr",
        lexer="basic",
        start="file",
        strict=strict,
        transformer=transformer,
        maybe_placeholders=True,
    )


def _header() -> bytes:
    digest = hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()
    return f"lark {lark.__version__} {digest}\n".encode()
