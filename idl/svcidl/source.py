"""Where a thing stands: source files and spans, the ground every later stage points back to."""

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open piece of one file, in code points counted without a byte order mark.

    `line` and `column` are 1-based, as diagnostics print them; `start` and `end` are 0-based offsets into the text.
    """

    file: str
    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as read.

    Attributes:
        path: the path as a user should see it (relative where it was given so); identity is `key`.
        key: the resolved absolute path: two ways to write one file are one file.
        text: the decoded text without a byte order mark.
    """

    path: str
    key: str
    text: str
    _starts: list[int] = field(init=False, repr=False, compare=False, default_factory=list)

    def __post_init__(self) -> None:
        """Index the line starts once; CR LF and LF both end a line."""
        self._starts.append(0)
        position = self.text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = self.text.find("\n", position + 1)

    def line(self, number: int) -> str:
        """Return the text of the 1-based line `number`, without its end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def line_start(self, number: int) -> int:
        """Return the offset at which the 1-based line `number` begins."""
        return self._starts[number - 1]

    def place(self, offset: int) -> tuple[int, int]:
        """Return the 1-based line and column of the 0-based `offset`."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """Return the span of the offsets `start` (inclusive) to `end` (exclusive)."""
        line, column = self.place(start)
        end_line, end_column = self.place(end)
        return Span(
            file=self.path, start=start, end=end, line=line, column=column, end_line=end_line, end_column=end_column
        )
