"""Reads the tokens before a place of a text, which may be broken: what is open there, and what was begun."""

import re
from dataclasses import dataclass, field

DECLARATIONS = ("alias", "enum", "closed", "struct", "union", "error", "event", "service")
MEMBERS = ("rpc", "oneway", "publishes", "subscribes", "uses", "route", "socket", "timer")
BODIES = frozenset(("enum", "struct", "error", "event", "service"))
_TOKEN = re.compile(
    r'(?P<comment>//[^\r\n]*)|(?P<string>"(?:[^"\\\r\n]|\\[^\r\n])*(?P<closed>"?))'
    r"|(?P<number>-?[0-9]+(?:\.[0-9]+|[A-Za-z_]\w*)?)|(?P<name>[A-Za-z_]\w*)|(?P<mark>->|\.\.|[^\s\w])",
    re.ASCII,
)
_OPEN, _CLOSE = "({<[", ")}>]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One token; kinds are string, open (a string that is not closed), number, name, mark, group (brackets)."""

    kind: str
    text: str
    start: int
    first: bool
    """It begins its line."""


@dataclass(slots=True)
class Level:
    """One thing that is open: `role` says what the bracket belongs to, `run` what was read of the entry at hand."""

    role: str
    run: list[Token] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)
    """The names with a colon behind them in each closed bracket of the run: parameters."""
    names: list[str] = field(default_factory=list)


def tokens_before(text: str, offset: int) -> list[Token] | None:
    """Return the tokens before `offset`, None inside a comment; a string that it stands in is the last, `open`."""
    found: list[Token] = []
    end = 0
    for each in _TOKEN.finditer(text, 0, offset):
        first = not found or "\n" in text[end : each.start()]
        end = each.end()
        kind = each.lastgroup or ""
        if each["comment"] is not None:
            if end == offset and "\n" not in text[each.start() : offset]:
                return None
            continue
        if each["string"] is not None:
            kind = "open" if end == offset and not _is_closed(each.group()) else "string"
        found.append(Token(kind=kind, text=each.group(), start=each.start(), first=first))
    return found


def _is_closed(string: str) -> bool:
    return len(string) > 1 and string.endswith('"') and (len(string) - len(string.rstrip("\\"))) % 2 == 0


# --- reading what is open ---------------------------------------------------------


def read(tokens: list[Token]) -> list[Level]:
    """Return what is open behind the tokens, the file itself first."""
    stack = [Level("file")]
    for token in tokens:
        _resynchronise(stack, token)
        level = stack[-1]
        if token.kind == "mark" and token.text in _OPEN and _opens(level, token):
            stack.append(Level(_role(level, token)))
            continue
        if token.kind == "mark" and token.text in _CLOSE:
            _close(stack, token)
            continue
        if token.text == "," and token.kind == "mark":
            _comma(level, token)
            continue
        _begin_entry(level, token)
        level.run.append(token)
        if token.text == ":" and len(level.run) > 1:
            level.names.append(level.run[-2].text)
    return stack


def _opens(level: Level, token: Token) -> bool:
    return token.text != "<" or bool(level.run)


def _resynchronise(stack: list[Level], token: Token) -> None:
    """Leave what was never closed: a keyword at the margin begins a declaration, a member's keyword a member."""
    if token.kind != "name" or not token.first or len(stack) == 1:
        return
    roles = [level.role for level in stack]
    if token.text in MEMBERS and "service" in roles and stack[-1].role != "service":
        last = stack[-1].run
        if last and last[-1].text != ",":
            del stack[roles.index("service") + 1 :]


def _role(level: Level, token: Token) -> str:
    run = level.run
    words = [each.text for each in bare(run)]
    if token.text == "{":
        if level.role == "file" and words:
            head = words[1] if words[0] == "closed" and len(words) > 1 else words[0]
            return head if head in BODIES or head == "import" else "other"
        return "other"
    if token.text == "<":
        return "arguments"
    if token.text == "[":
        return "list"
    if len(run) > 1 and run[-2].text == "@":
        return f"@{run[-1].text}"
    if run and run[-1].text == "reserved":
        return "reserved"
    if level.role == "service" and words and words[0] in ("rpc", "oneway", "route", "socket"):
        if len(words) == 2 or (words[0] in ("route", "socket") and run[-1].kind == "string"):
            return "parameters"
    elif level.role == "file" and words and words[0] == "error" and len(words) == 2:
        return "status"
    return f"constraints:{run[-1].text if run else ''}"


def _close(stack: list[Level], token: Token) -> None:
    opened = _OPEN[_CLOSE.index(token.text)]
    if len(stack) == 1:
        return
    closed = stack.pop()
    if opened == "{" and closed.role not in (*BODIES, "import", "other"):
        # A parenthesis or `<` that was never closed ends with the body around it.
        while len(stack) > 1 and closed.role not in (*BODIES, "import", "other"):
            closed = stack.pop()
    level = stack[-1]
    if closed.role in (*BODIES, "import"):
        level.run.clear()
        level.names.clear()
        level.groups.clear()
        return
    level.groups.append(closed.names)
    level.run.append(Token(kind="group", text=opened, start=token.start, first=token.first))


def _comma(level: Level, token: Token) -> None:
    if level.role == "service" or level.role == "file":
        level.run.append(token)
    else:
        level.run.clear()


def _begin_entry(level: Level, token: Token) -> None:
    """Forget the entry at hand where `token` begins the next one."""
    if not token.first or not level.run:
        return
    last = level.run[-1]
    in_lead = not bare(level.run)
    if level.role == "file":
        begins = token.text in (*DECLARATIONS, "import", "package", "@") and last.text not in ("closed", "=")
    elif level.role == "service":
        begins = token.text in (*MEMBERS, "@", "reserved") and last.text not in (",", "->", "throws")
    elif level.role in BODIES:
        begins = last.text not in (":", "=", "@")
    else:
        return
    if begins and not in_lead:
        level.run.clear()
        level.groups.clear()


def bare(run: list[Token]) -> list[Token]:
    """Return a run without the annotations at its beginning."""
    position = 0
    while position + 1 < len(run) and run[position].text == "@":
        position += 2
        if position < len(run) and run[position].kind == "group" and run[position].text == "(":
            position += 1
    return run[position:]
