"""What can be written at a place of a text, which may be broken: read from the tokens before it, not from a tree."""

import enum
import re
from dataclasses import dataclass

from svcidl.cursor.reading import DECLARATIONS, MEMBERS, Level, Token, bare, read, tokens_before

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
FORMATS = ("email", "uri", "hostname")


class Want(enum.Enum):
    """What a place asks for."""

    WORD = "one of a few words"
    TYPE = "a type"
    VARIANT = "a struct of this file"
    ERROR = "an error"
    EVENT = "an event"
    SERVICE = "a service"
    ANNOTATION = "the name of an annotation"
    DEFAULT = "a default of a field"
    HOLE = "a field or parameter, in braces"
    BODY = "a parameter"
    PICK = "a name of an imported file"
    PATH = "the path of a file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What can be written at an offset.

    Attributes:
        want: what the place asks for.
        start: where the word or path begins that the offset ends; it is to be replaced.
        words: keywords and other fixed words that can stand there, too.
        module: what stands before a dot, `billing` in `billing.`; empty without.
        places: where an annotation would stand, in the words of the table of annotations.
        names: the fields or parameters in reach of a hole or `body`; the type's name and its dots, of a default; the
            path of the import, of a pick.
    """

    want: Want
    start: int
    words: tuple[str, ...] = ()
    module: str = ""
    places: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def place_at(text: str, offset: int) -> Place | None:
    """Return what can be written at `offset` (code points), None where only the author knows: a new name, a comment."""
    tokens = tokens_before(text, offset)
    if tokens is None:
        return None
    start = offset
    if tokens and tokens[-1].kind == "name" and tokens[-1].start + len(tokens[-1].text) == offset:
        start = tokens.pop().start
    inside = tokens.pop() if tokens and tokens[-1].kind == "open" else None
    stack = read(tokens)
    if inside is not None:
        return _in_string(stack, inside, text, offset)
    newline = "\n" in text[tokens[-1].start + len(tokens[-1].text) : start] if tokens else True
    return _Chooser(stack, start, newline, text, offset).choose()


# --- choosing -----------------------------------------------------------------------


def _in_string(stack: list[Level], string: Token, text: str, offset: int) -> Place | None:
    level = stack[-1]
    run = [each.text for each in bare(level.run)]
    inside = string.start + 1
    if level.role == "file" and run[:1] == ["import"] and len(run) == 1:
        return Place(want=Want.PATH, start=inside)
    if level.role.startswith("constraints:str") and level.run and [each.text for each in level.run] == ["format", ":"]:
        return Place(want=Want.WORD, start=inside, words=FORMATS)
    hole = re.search(r"\{([A-Za-z_]\w*)?$", text[inside:offset], re.ASCII)
    if hole is None:
        return None
    start = offset - len(hole[1] or "")
    if level.role == "service" and run[:1] in (["rpc"], ["oneway"]) and "http" in run and level.groups:
        return Place(want=Want.HOLE, start=start, names=tuple(level.groups[-1]))
    is_path = level.role == "service" and run[:1] in (["route"], ["socket"])
    if is_path or (level.role == "file" and run[:1] == ["error"]):
        return Place(want=Want.HOLE, start=start, names=_names_behind(text, offset))
    return None


def _names_behind(text: str, offset: int) -> tuple[str, ...]:
    """Return what stands before a colon in the brackets that follow the string around `offset`."""
    end = text.find("\n", offset)
    quote = text.find('"', offset, end if end >= 0 else len(text))
    body = (
        re.compile(r"\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\)|\{([^{}]*)\})").match(text, quote + 1)
        if quote >= 0
        else None
    )
    if body is None:
        return ()
    return tuple(re.findall(r"([A-Za-z_]\w*)\s*:(?!\s*\")", body[1] or body[2] or "", re.ASCII))


@dataclass(slots=True)
class _Chooser:
    stack: list[Level]
    start: int
    newline: bool
    text: str
    offset: int

    def choose(self) -> Place | None:
        level = self.stack[-1]
        run = level.run
        if run and run[-1].text == "@":
            return Place(want=Want.ANNOTATION, start=self.start, places=self._places(level))
        if len(run) > 1 and run[-1].text == "." and run[-2].kind == "name":
            level.run = run[:-2]
            found = self._choose(level)
            if found is None or found.want in (Want.WORD, Want.VARIANT):
                return None
            return Place(want=found.want, start=self.start, module=run[-2].text)
        return self._choose(level)

    def _choose(self, level: Level) -> Place | None:
        role = level.role
        if role == "file":
            return self._in_file(level)
        if role == "service":
            return self._in_service(level)
        if role == "arguments":
            return Place(want=Want.TYPE, start=self.start) if not level.run else None
        if role == "import":
            return self._in_import(level)
        if role in ("struct", "error", "event", "parameters"):
            return self._in_fields(level)
        if role == "enum":
            return self._words("reserved") if not bare(level.run) or self.newline else None
        if role == "list" and len(self.stack) > 1:
            return self._default(bare(self.stack[-2].run)[:-1])
        return self._in_arguments(level)

    def _words(self, *words: str) -> Place | None:
        return Place(want=Want.WORD, start=self.start, words=words) if words else None

    def _want(self, want: Want, *words: str) -> Place:
        return Place(want=want, start=self.start, words=words)

    def _in_arguments(self, level: Level) -> Place | None:
        if level.run:
            return None
        if level.role == "@delivery":
            return self._words("pool", "broadcast", "singleton")
        if level.role == "@auth":
            return self._words("none")
        if level.role == "@retry":
            return self._words("backoff")
        return self._words("pattern", "format") if level.role == "constraints:str" else None

    def _in_import(self, level: Level) -> Place | None:
        if level.run:
            return self._words("as") if len(level.run) == 1 else None
        path = next((each.text for each in reversed(self.stack[-2].run) if each.kind == "string"), '""')
        return Place(want=Want.PICK, start=self.start, names=(path[1:-1],))

    def _in_fields(self, level: Level) -> Place | None:
        run = bare(level.run)
        if not run or (self.newline and run[-1].text not in (":", "=") and level.role != "parameters"):
            return self._words("reserved") if level.role != "parameters" else None
        if run[-1].text == ":":
            return self._want(Want.TYPE)
        return self._default(run) if run[-1].text == "=" else None

    def _default(self, run: list[Token]) -> Place:
        words = [each.text for each in run]
        colon = words.index(":") if ":" in words else len(words)
        names = [each.text for each in run[colon + 1 :] if each.kind == "name"]
        if run[-2:] and run[-2].kind == "group" and run[-2].text == "<":
            names = []
        return Place(want=Want.DEFAULT, start=self.start, names=tuple(names))

    def _in_file(self, level: Level) -> Place | None:
        run = bare(level.run)
        words = [each.text for each in run]
        if not words:
            heads = DECLARATIONS if level.run else ("package", "import", *DECLARATIONS)
            return self._words(*heads)
        last = words[-1]
        if words[0] == "alias" and last == "=":
            return self._want(Want.TYPE)
        if "union" in words[:2] and last in ("=", "|"):
            return self._want(Want.VARIANT)
        if words == ["closed"]:
            return self._words("enum", "union")
        if words[0] == "import" and len(words) == 2 and run[1].kind == "string":
            return self._words("as")
        complete = len(words) > 1 and last not in (".", "=", "as", "|")
        return self._words("import", *DECLARATIONS) if self.newline and complete else None

    def _in_service(self, level: Level) -> Place | None:
        run = bare(level.run)
        words = [each.text for each in run]
        if not words:
            return self._words(*MEMBERS, "reserved")
        wanted = self._reference(words)
        if wanted is not None:
            return wanted
        if words[-1] == "body" and "http" in words:
            names = tuple(level.groups[0]) if level.groups else ()
            return Place(want=Want.BODY, start=self.start, names=names)
        clauses = _clauses(run)
        if self.newline and len(words) > 1:
            clauses = (*clauses, *MEMBERS, "reserved")
        return self._words(*clauses)

    def _reference(self, words: list[str]) -> Place | None:
        head, last = words[0], words[-1]
        if last in ("->", "stream") and "->" in words:
            return self._want(Want.TYPE, *(["stream"] if last == "->" else []))
        if head == "socket" and len(words) > 2 and last in ("receives", "sends"):
            return self._want(Want.TYPE)
        if head == "rpc" and "throws" in words and "http" not in words and last in ("throws", ","):
            return self._want(Want.ERROR)
        if head in ("publishes", "subscribes") and (last == "," or len(words) == 1):
            return self._want(Want.EVENT)
        return self._want(Want.SERVICE) if words == ["uses"] else None

    def _places(self, level: Level) -> tuple[str, ...]:
        """Return where the annotation would stand: what follows says it, or else what may follow."""
        if level.role in ("struct", "error", "event"):
            return ("field",)
        if level.role == "parameters":
            return ("parameter",)
        if level.role == "enum":
            return ("value",)
        every = DECLARATIONS if level.role == "file" else MEMBERS
        behind = re.compile(
            r"\w*(?:\([^()\n]*\))?\s*(?:(?:@\w+(?:\([^()\n]*\))?|//[^\n]*)\s*)*(?:closed\s+)?(\w+)", re.ASCII
        )
        found = behind.match(self.text, self.offset)
        return (found[1],) if found is not None and found[1] in every else every


def _clauses(run: list[Token]) -> tuple[str, ...]:
    """Return the words that can go on with a member."""
    words = [each.text for each in run]
    head, last = words[0], words[-1]
    if head in ("rpc", "oneway") and any(each.kind == "group" for each in run):
        if "http" in words:
            after = run[words.index("http") + 1 :]
            if len(after) < 2:
                return METHODS if not after else ()
            rest = [each for each in ("body", "status") if each not in words]
            return tuple(rest) if last not in ("status",) else ()
        if head == "oneway" or "throws" in words:
            return ("http",)
        return ("throws", "http") if "->" in words else ("->", "throws", "http")
    if head == "route":
        return METHODS if len(words) == 2 else ()
    if head == "socket" and len(words) > 2:
        return tuple(each for each in ("receives", "sends") if each not in words)[:1]
    if head == "timer":
        if len(words) == 2:
            return ("every", "cron")
        return ("tz",) if "cron" in words and run[-1].kind == "string" and "tz" not in words else ()
    return ("as",) if head in ("subscribes", "uses") and len(words) > 1 and "as" not in words else ()
