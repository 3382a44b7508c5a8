"""A document that can be laid out in more than one way, and its printer.

After Philip Wadler, "A prettier printer" (2003), with what prettier adds to it: groups that must break, and comments.
"""

from typing import Final, TypeAlias

WIDTH: Final = 100
"""Columns that a line may have if there is a place to break it."""
INDENT: Final = 2


class Hard:
    """A new line in every layout; `blank` leaves one line empty before what follows."""

    __slots__ = ("blank",)
    hard = True

    def __init__(self, *, blank: bool = False) -> None:
        self.blank = blank


class Line:
    """A new line in a broken group, `flat` in one that stays on its line."""

    __slots__ = ("flat",)
    hard = False

    def __init__(self, flat: str) -> None:
        self.flat = flat


class Choice:
    """One text in a broken group, another in one that stays on its line."""

    __slots__ = ("broken", "flat")
    hard = False

    def __init__(self, *, broken: str, flat: str) -> None:
        self.broken = broken
        self.flat = flat


class Own:
    """A comment on a line of its own."""

    __slots__ = ("text",)
    hard = True

    def __init__(self, text: str) -> None:
        self.text = text


class Trailing:
    """A comment that ends the line on which it is met; marks that are printed later stand before it."""

    __slots__ = ("text",)
    hard = True

    def __init__(self, text: str) -> None:
        self.text = text


class Indent:
    """What its new lines begin deeper."""

    __slots__ = ("content", "hard")

    def __init__(self, content: "Doc") -> None:
        self.content = content
        self.hard = is_hard(content)


class Group:
    """What stays on one line if it fits there, and else breaks at every `Line` that is in no inner group."""

    __slots__ = ("content", "hard")

    def __init__(self, content: "Doc", *, broken: bool = False) -> None:
        self.content = content
        self.hard = broken or is_hard(content)


Doc: TypeAlias = "str | list[Doc] | Hard | Line | Choice | Own | Trailing | Indent | Group"

HARD: Final = Hard()
BLANK: Final = Hard(blank=True)
LINE: Final = Line(" ")
SOFT: Final = Line("")
COMMA: Final = Choice(broken=",", flat="")
"""The comma that only a broken list has after its last item."""
SPARE_COMMA: Final = Choice(broken="", flat=",")
"""The comma that a broken body does without."""


def is_hard(doc: Doc) -> bool:
    """Tell whether `doc` holds a new line in every layout."""
    if isinstance(doc, str):
        return False
    if isinstance(doc, list):
        return any(map(is_hard, doc))
    return doc.hard


def render(doc: Doc) -> str:
    """Return `doc` laid out, each line that it begins at the margin with its end; "" for nothing."""
    printer = _Printer()
    printer.run(doc)
    return printer.end()


_Command: TypeAlias = "tuple[int, bool, Doc]"
"""Depth of the indentation, whether to break, what to print."""


class _Printer:
    def __init__(self) -> None:
        self._out: list[str] = []
        self._column = 0
        self._waiting = 0
        """Line ends owed before the next text: several new lines in a row are one."""
        self._depth = 0
        self._trailing = ""

    def run(self, doc: Doc) -> None:
        stack: list[_Command] = [(0, True, doc)]
        while stack:
            depth, breaks, item = stack.pop()
            if isinstance(item, str):
                self._text(item)
            elif isinstance(item, list):
                stack += [(depth, breaks, part) for part in reversed(item)]
            elif isinstance(item, Group):
                flat = not item.hard and (not breaks or _fits(WIDTH - self._at(), item.content, stack))
                stack.append((depth, not flat, item.content))
            elif isinstance(item, Indent):
                stack.append((depth + INDENT, breaks, item.content))
            elif isinstance(item, Line) and not breaks:
                self._text(item.flat)
            elif isinstance(item, Choice):
                self._text(item.broken if breaks else item.flat)
            else:
                self._new_line(depth, item)

    def end(self) -> str:
        if self._trailing or (self._out and not self._waiting):
            self._end_line()
        return "".join(self._out) + "\n" if self._out else ""

    def _new_line(self, depth: int, item: "Hard | Line | Own | Trailing") -> None:
        if isinstance(item, Trailing) and not self._trailing and not self._waiting:
            self._trailing = item.text
            return
        self._end_line()
        self._depth = depth
        if isinstance(item, Own | Trailing):
            self._text(item.text)
            self._end_line()
        elif isinstance(item, Hard) and item.blank:
            self._waiting = 2

    def _end_line(self) -> None:
        if self._trailing:
            text, self._trailing = self._trailing, ""
            self._text(f" {text}")
        self._waiting = max(self._waiting, 1)

    def _text(self, text: str) -> None:
        if not self._waiting:
            self._out.append(text)
            self._column += len(text)
        elif text and text != " ":
            if self._out:
                self._out[-1] = self._out[-1].rstrip(" ")
                self._out.append("\n" * self._waiting)
            self._out.append(" " * self._depth + text)
            self._column = self._depth + len(text)
            self._waiting = 0

    def _at(self) -> int:
        return self._depth if self._waiting else self._column


def _fits(room: int, content: Doc, rest: list[_Command]) -> bool:
    """Tell whether `content` on one line, and what follows up to the next place to break, fits into `room` columns."""
    following = len(rest)
    stack: list[tuple[bool, Doc]] = [(False, content)]
    while room >= 0:
        if not stack:
            if not following:
                return True
            following -= 1
            _, breaks, item = rest[following]
            stack.append((breaks, item))
            continue
        breaks, item = stack.pop()
        if isinstance(item, str):
            room -= len(item)
        elif isinstance(item, list):
            stack += [(breaks, part) for part in reversed(item)]
        elif isinstance(item, Group | Indent):
            stack.append((breaks or item.hard, item.content))
        elif isinstance(item, Choice):
            room -= len(item.broken if breaks else item.flat)
        elif isinstance(item, Line) and not breaks:
            room -= len(item.flat)
        elif not isinstance(item, Trailing):
            # A new line. No line is broken for a comment that trails it.
            return True
    return False
