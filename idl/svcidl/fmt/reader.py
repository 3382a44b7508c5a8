"""Walks over the tokens and hands each out as a document, with its comments, exactly once."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from svcidl.fmt.document import BLANK, COMMA, HARD, LINE, SOFT, SPARE_COMMA, Doc, Group, Indent, Own, Trailing, is_hard
from svcidl.fmt.tokens import Comment, Token, is_documentation

CLOSERS = {"(": ")", "{": "}", "[": "]", "<": ">"}


class Reader:
    """The tokens of a file and the place reached in them.

    The comment that trails a token is held back until `flush`, or the next token: so it stands outside of the group
    that its token ends, and does not break it.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._held = ""

    @property
    def next(self) -> Token:
        """The token that is handed out next."""
        return self._tokens[self._index]

    @property
    def after(self) -> str:
        """The text of the token after the next one."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)].text

    def run(self, mark: str, start: int, *, step: int = 1) -> int:
        """Return how many of the tokens at `start`, `start + step`, … places from here are `mark` in a row."""
        number = 0
        while self._tokens[min(self._index + start + number * step, len(self._tokens) - 1)].text == mark:
            number += 1
        return number

    @property
    def last(self) -> Token:
        """The token handed out last."""
        return self._tokens[self._index - 1]

    @property
    def holds(self) -> bool:
        """Whether a comment is held back."""
        return bool(self._held)

    def take(self) -> Doc:
        """Return the next token, after the comments before it."""
        token = self.next
        before = self.lead()
        self._index += 1
        self._held = token.trailing
        return [*before, token.text] if before else token.text

    def lead(self) -> list[Doc]:
        """Return the comments before the next token, which may so stand outside of the group that it begins."""
        token = self.next
        if not token.comments and not self._held:
            return []
        parts = [*self.flush(), *comments(token.comments)]
        if token.blank and token.comments:
            parts.append(BLANK)
        token.comments = []
        return parts

    def words(self, number: int) -> list[Doc]:
        """Return that many tokens with spaces between them; comments among them go into brackets that follow."""
        self.push(number)
        parts = [self.take()]
        for _ in range(number - 1):
            parts += [" ", self.take()]
        return parts

    def glue(self, number: int) -> None:
        """Move the comments among the next token and the `number` of tokens after it to before them.

        For what ends a group and never breaks: a comment in its midst would break the group, be printed behind it, and
        not break it when the result is formatted again.
        """
        first, *rest = self._tokens[self._index : self._index + number + 1]
        first.comments += _gathered(first, rest)

    def push(self, number: int) -> None:
        """Move the comments among the next `number` of tokens into the brackets that follow, if any do.

        Else they would be printed behind the closing bracket of a short body, and so behind what is in it.
        """
        *tokens, opener = self._tokens[self._index : self._index + number + 1]
        if opener.text not in CLOSERS:
            return
        trailing = [token for token in tokens if token.trailing]
        own = [token for token in (*tokens[1:], opener) if token.comments]
        is_alone = len(trailing) == 1 and not own and not opener.trailing
        if is_alone and not is_documentation(trailing[0].trailing):
            opener.trailing, trailing[0].trailing = trailing[0].trailing, ""
        else:
            opener.comments = _gathered(tokens[0], (*tokens[1:], opener))

    def flush(self) -> list[Doc]:
        """Return the comment that is held back, if there is one."""
        if not self._held:
            return []
        comment, self._held = self._held, ""
        return [Trailing(comment)]

    # --- lists ----------------------------------------------------------------------

    def bracketed(self, item: Callable[["Reader"], Doc], *, comma: Doc = COMMA, space: Doc = SOFT) -> Doc:
        """Return a bracket and its items, each with a line of its own if the first one has or they do not fit.

        Args:
            item: reads one item.
            comma: what follows the last item.
            space: what stands inside the brackets.
        """
        closer = CLOSERS[self.next.text]
        head, parts, is_broken = self._open()
        while self.next.text != closer:
            parts += [*self.lead(), item(self)]
            if self.next.text != closer:
                parts += [",", *self.flush(), self._between()]
            else:
                parts += [comma, *self.flush()]
        return self._close(head, parts, space, is_broken)

    def body(self, entry: Callable[["Reader"], Doc], *, several: bool = False, lines: bool = False) -> Doc:
        """Return a body and its entries, each on a line of its own if the first one is or they do not fit.

        Args:
            entry: reads one entry.
            several: whether entries that share a line of a broken body go on to share it.
            lines: whether entries cannot share a line at all.
        """
        head, parts, is_broken = self._open()
        keeps = several and is_broken
        number = 0
        while self.next.text != "}":
            number += 1
            if number == 1:
                parts.append(entry(self))
            elif keeps and not self.next.first and not self.holds:
                parts.append(Group([SPARE_COMMA, LINE, entry(self)]))
            else:
                parts += [SPARE_COMMA, *self.flush(), self._between(), entry(self)]
        parts += self.flush()
        return self._close(head, parts, LINE, is_broken or (lines and number > 1))

    def separated(self, item: Callable[["Reader"], Doc]) -> Doc:
        """Return items with commas between them that no brackets enclose."""
        parts = [item(self)]
        while self.last.comma:
            parts += [",", *self.flush(), LINE, item(self)]
        return parts

    def _between(self) -> Doc:
        return BLANK if self.next.begins_with_blank else LINE

    def _open(self) -> tuple[list[Doc], list[Doc], bool]:
        """Take an opening bracket; the comments before it go inside.

        Returns:
            The bracket with the comment that trails it, the comments inside, whether the list has to be broken.
        """
        opener = self.next
        found = [*self.flush(), *comments(opener.comments), *([Trailing(opener.trailing)] if opener.trailing else ())]
        self._index += 1
        if found and isinstance(found[0], Trailing):
            return [opener.text, Indent(found)], [], True
        return [opener.text], found, self.next.first

    def _close(self, head: list[Doc], parts: list[Doc], space: Doc, is_broken: bool) -> Doc:
        closer = self.next
        self.glue(self.run("?", 1))
        self._index += 1
        self._held = closer.trailing
        if closer.comments:
            parts += [BLANK if parts and closer.begins_with_blank else HARD, *comments(closer.comments)]
        if not parts and not is_hard(head):
            return [*head, closer.text]
        return Group([*head, Indent([space, *parts]), space, closer.text], broken=is_broken)


def _gathered(first: Token, rest: Sequence[Token]) -> list[Comment]:
    """Take the comments between `first` and the last one of `rest` away, and return them in order."""
    found: list[Comment] = []
    for before, token in pairwise((first, *rest)):
        if before.trailing:
            found.append(Comment(before.trailing, blank=False))
            before.trailing = ""
        found += token.comments
        token.comments = []
    return found


def comments(found: Sequence[Comment]) -> list[Doc]:
    """Return comments on lines of their own, with the empty lines between them."""
    parts: list[Doc] = []
    for comment in found:
        parts += [BLANK if comment.blank and parts else HARD, Own(comment.text)]
    return parts
