"""The formatter: one layout for every file, with every comment of it."""

from svcidl.diagnostics import Diagnostic, has_errors
from svcidl.fmt.file import lay_out
from svcidl.fmt.tokens import content, is_documentation, tokenize
from svcidl.layout import check_layout
from svcidl.parser import parse
from svcidl.source import SourceFile

__all__ = ["Unformattable", "format_text"]


class Unformattable(Exception):
    """A text cannot be formatted, since it has syntax errors.

    Attributes:
        diagnostics: what is wrong with it, in the order of the text.
        source: the text that they point into.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], source: SourceFile) -> None:
        super().__init__(f"{source.path} has syntax errors")
        self.diagnostics = diagnostics
        self.source = source


def format_text(text: str, file: str) -> str:
    """Return `text` in the one layout that docs/formatting.md tells of; formatting the result again changes nothing.

    The result means the same, has every comment, and ends its lines as `text` ends its first one (LF or CR LF).

    Args:
        text: of one file, with or without a byte order mark.
        file: the path that diagnostics name.

    Raises:
        Unformattable: the text has syntax errors.
    """
    source = SourceFile(file, file, text.removeprefix("\ufeff"))
    strays = _checked(source)
    tokens = tokenize(source.text.replace("\r\n", "\n").replace("\r", "\n"))
    before = content(tokens)
    is_settled = not any(is_documentation(token.trailing) for token in tokens)
    result = lay_out(tokens)
    if not is_settled:
        # Documentation behind something on its line (a lint finding) may have come to stand before what it documents.
        result = lay_out(tokenize(result))
    if content(tokenize(result)) != before:
        # Never seen. But a contract that has lost something is worse than one that is not formatted.
        raise RuntimeError(f"formatting {file} would change what it says")
    if strays and _codes(parse(SourceFile(file, file, result)).diagnostics) != _codes(strays):
        # At the end of a body it stays what it is; in the midst of a thing it would document what comes next.
        raise Unformattable(strays, source)
    return result.replace("\n", "\r\n") if _ends_lines_with_crlf(text) else result


def _checked(source: SourceFile) -> tuple[Diagnostic, ...]:
    """Return the warnings of documentation that documents nothing; raises Unformattable for errors."""
    parsed = parse(source)
    problems = parsed.diagnostics
    if parsed.tree is not None and not has_errors(problems):
        problems += tuple(check_layout(parsed.tree, source))
    if parsed.tree is None or has_errors(problems):
        raise Unformattable(problems, source)
    return parsed.diagnostics


def _codes(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [found.code for found in diagnostics]


def _ends_lines_with_crlf(text: str) -> bool:
    return text.partition("\n")[0].endswith("\r")
