"""Places in a file, in the units that the client counts in: UTF-16 code units unless another encoding was agreed."""

from dataclasses import dataclass

from lsprotocol import types

from svcidl.source import SourceFile, Span

_BYTES = {types.PositionEncodingKind.Utf8: ("utf-8", 1), types.PositionEncodingKind.Utf16: ("utf-16-le", 2)}


@dataclass(frozen=True, slots=True)
class Positions:
    """Converts between offsets in code points and positions of the protocol."""

    encoding: str = types.PositionEncodingKind.Utf16

    def offset(self, source: SourceFile, position: types.Position) -> int:
        """Return the offset of a position; one behind the end of its line or of the file is that end.

        A position in the middle of a character is the place before it.
        """
        if position.line >= source.text.count("\n") + 1:
            return len(source.text)
        line = source.line(position.line + 1)
        start = source.line_start(position.line + 1)
        used = 0
        for column, character in enumerate(line):
            used += self._units(character)
            if used > position.character:
                return start + column
        return start + len(line)

    def position(self, source: SourceFile, offset: int) -> types.Position:
        """Return the position of an offset."""
        line, column = source.place(offset)
        return types.Position(line=line - 1, character=self._units(source.text[offset - column + 1 : offset]))

    def range(self, source: SourceFile, span: Span) -> types.Range:
        """Return the range of a span."""
        return types.Range(start=self.position(source, span.start), end=self.position(source, span.end))

    def _units(self, text: str) -> int:
        if text.isascii() or self.encoding not in _BYTES:
            return len(text)
        name, size = _BYTES[types.PositionEncodingKind(self.encoding)]
        return len(text.encode(name, errors="surrogatepass")) // size
