"""The head of a file that does not parse: the package declaration, which every file needs and recovery begins with."""

from dataclasses import replace

from svcidl import syntax_errors
from svcidl.diagnostics import Diagnostic
from svcidl.source import SourceFile
from svcidl.suggest import closest
from svcidl.tokens import Token, begins_declaration

_FAR = 64
"""Tokens among which a package declaration that is not first is looked for."""


def unknown_package() -> tuple[Token, Token]:
    """Return the package declaration that stands in for a missing one."""
    made_up = Token(kind="PACKAGE", text="package", start=0, end=0, line=1, column=1, first=False)
    return made_up, replace(made_up, kind="NAME", text="unknown")


def mend_head(tokens: list[Token], source: SourceFile) -> list[Diagnostic]:
    """Make `tokens`, which end with more than one `$END`, begin with a package declaration; return what was wrong."""
    index = 0
    while tokens[index].kind == "DOC":
        index += 1
    token, after, third = tokens[index : index + 3]
    if token.kind == "PACKAGE":
        return []
    span = source.span(token.start, token.end)
    late = _late_package(tokens, index)
    if late is not None and token.kind == "IMPORT":
        place = source.span(tokens[late].start, tokens[late].end)
        _move(tokens, late, index)
        return [syntax_errors.late_package(place)]
    unexpected = syntax_errors.unexpected(token.text, span, ("PACKAGE",))
    if late is not None:
        del tokens[index:late]
        return [unexpected]
    names_follow = after.named and (third.kind == "DOT" or third.first)
    stands_in = not after.first and not begins_declaration(tokens, index)
    if token.kind == "NAME" and after.named and closest(token.text, ("package", "namespace")):
        tokens[index] = replace(token, kind="PACKAGE")
        return [syntax_errors.misspelt(token.text, "package", span)]
    if token.named and names_follow and stands_in:
        tokens[index] = replace(token, kind="PACKAGE")
        return [unexpected]
    if token.named and (after.kind == "DOT" or (token.kind == "NAME" and after.first)):
        tokens.insert(index, replace(token, kind="PACKAGE", text="package", end=token.start))
    elif names_follow and not token.named and token.kind != "AT":
        tokens[index] = replace(token, kind="PACKAGE")
    else:
        # Documentation stays with what follows: the package that nobody wrote has none.
        tokens[:0] = unknown_package()
    return [syntax_errors.missing_package(span)]


def _late_package(tokens: list[Token], index: int) -> int | None:
    """Return where the package is declared, if something that begins nothing stands before it."""
    if begins_declaration(tokens, index):
        return None
    places = range(index + 1, min(index + _FAR, len(tokens) - 3))
    return next((at for at in places if tokens[at].kind == "PACKAGE" and tokens[at + 1].named), None)


def _move(tokens: list[Token], start: int, index: int) -> None:
    """Move the package declaration at `start` to `index`."""
    end = start + 2
    while tokens[end].kind == "DOT" and tokens[end + 1].named:
        end += 2
    statement = tokens[start:end]
    del tokens[start:end]
    tokens[index:index] = statement
