"""A whole file: what stands at its top level, and the empty lines between."""

from collections.abc import Callable, Iterator, Sequence

from svcidl.fmt.declarations import declaration, import_, is_import, package
from svcidl.fmt.document import Doc, render
from svcidl.fmt.reader import Reader
from svcidl.fmt.tokens import Token


def lay_out(tokens: Sequence[Token]) -> str:
    """Return the text of the file with the tokens `tokens`, lines ended by LF.

    An empty line stands after the package, after the imports, and before a declaration that is documented or takes
    several lines; others stand where the author left one or more.
    """
    return "".join(_pieces(Reader(tokens)))


def _pieces(reader: Reader) -> Iterator[str]:
    yield from _piece(reader, package, is_apart=False)
    is_first = True
    while is_import(reader):
        yield from _piece(reader, import_, is_apart=is_first)
        is_first = False
    is_first = True
    while reader.next.text:
        yield from _piece(reader, declaration, is_apart=is_first)
        is_first = False
    yield from _comments(reader.next)


def _piece(reader: Reader, read: Callable[[Reader], Doc], *, is_apart: bool) -> Iterator[str]:
    """Yield what comes next, its comments, and the empty line before it if it has or needs one (`is_apart`)."""
    token = reader.next
    before = "".join(_comments(token))
    has_blank = token.has_blank
    is_documented = any(comment.is_doc for comment in token.comments)
    token.comments = []
    text = render([read(reader), *reader.flush()])
    is_tall = read is declaration and (is_documented or text.count("\n") > 1)
    if not has_blank and (is_apart or is_tall):
        yield "\n"
    yield before
    yield text


def _comments(token: Token) -> Iterator[str]:
    """Yield the comments before `token`, and the empty lines among and after them."""
    for comment in token.comments:
        yield "\n" if comment.blank else ""
        yield f"{comment.text}\n"
    if token.blank and token.text:
        yield "\n"
