"""Random contracts without any mistake: what the whole tool chain must take, drawn from one `Random`."""

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

_STEMS = (
    "order",
    "class",
    "None",
    "id",
    "self",
    "status",
    "key",
    "stream",
    "import",
    "x",
    "Type",
    "list",
    "event",
    "_a",
)
_SCALARS = (
    ("bool", ("true", "false")),
    ("int", ("0", "-7", "9223372036854775807")),
    ("int(1..10)", ("3",)),
    ("int(..5)", ("-2",)),
    ("float", ("0.5", "-3")),
    ("str", ('""', '"a \\"b\\" \\\\ \\u00e9"', '"{braces}"')),
    ("str(2..9)", ('"abc"',)),
    ('str(pattern: "^[a-z]+$")', ('"abc"',)),
    ('str(format: "email")', ('"a@example.org"',)),
    ("bytes", ('"AAEi"',)),
    ("decimal(9, 2)", ("1.25", "-3")),
    ("decimal(12, 2, 0..1000)", ("1.25",)),
    ("uuid", ('"00000000-0000-0000-0000-000000000000"',)),
    ("timestamp", ('"2024-01-31T13:30:00Z"',)),
    ("date", ('"2024-02-29"',)),
    ("time", ('"13:30:00"',)),
    ("duration", ("90s", "1h")),
)
_IN_PATHS = ("int", "str", "uuid", "date", "bool")


class Contract:
    """Writes one contract; every name in it is used once, whatever its case."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._number = 0
        self._lines: list[str] = []
        self._structs: list[str] = []
        self._enums: list[tuple[str, str]] = []
        self._unions: list[str] = []
        self._errors: list[str] = []
        self._events: list[str] = []

    def text(self) -> str:
        """Return the text of the contract."""
        self._lines = [*self._docs(""), f"package fuzz.{self._name()}", ""]
        for part, most in (
            (self._enum, 3),
            (self._struct, 4),
            (self._union, 2),
            (self._error, 2),
            (self._event, 2),
            (self._service, 2),
        ):
            self._times(most, part)
        return "\n".join(self._lines) + "\n"

    def _times(self, most: int, part: Callable[[], None]) -> None:
        for _ in range(self._random.randint(0, most)):
            part()

    def _chance(self, share: float = 0.5) -> bool:
        return self._random.random() < share

    def _name(self) -> str:
        self._number += 1
        return f"{self._random.choice(_STEMS)}_{self._number}"

    def _docs(self, indent: str) -> list[str]:
        texts = ("/// What it is.", '/// With """quotes""" and a \\ backslash\\', "///", "// no documentation")
        return [f"{indent}{self._random.choice(texts)}" for _ in range(self._random.randint(0, 2))]

    def _add(self, head: str, entries: list[str]) -> None:
        self._lines += self._docs("")
        if self._chance(0.2):
            self._lines.append('@deprecated("use another")')
        if not entries or (self._chance(0.3) and not any("//" in entry for entry in entries)):
            self._lines.append(f"{head} {{ {', '.join(entries)} }}")
        else:
            self._lines += [f"{head} {{", *(f"  {entry}" for entry in entries), "}"]

    def _enum(self) -> None:
        name, values = self._name(), [self._name() for _ in range(self._random.randint(1, 4))]
        entries = [f'{value} = "w{value}"' if self._chance(0.3) else value for value in values]
        if self._chance(0.2):
            entries.append(f"reserved({self._name()})")
        self._add(f"{'closed ' if self._chance(0.3) else ''}enum {name}", entries)
        self._enums.append((name, values[0]))

    def _type(self, depth: int = 0) -> str:
        kind = self._random.randint(0, 6 if depth < 2 else 3)
        if kind == 4:
            return f"list<{self._type(depth + 1)}>{self._random.choice(('', '(1..20)', '(..5)'))}"
        if kind == 5:
            return f"map<{self._random.choice(('str', 'int', 'uuid'))}, {self._type(depth + 1)}>"
        if kind == 6:
            return f"set<{self._random.choice(('str', 'int', 'date'))}>"
        names = [*self._structs, *self._unions, *(name for name, _ in self._enums)]
        if kind == 3 and names:
            return self._random.choice(names)
        return self._random.choice(_SCALARS)[0]

    def _field(self) -> str:
        lead = self._random.choice(("", "", "", "@sensitive ", f'@renamed("was{self._number}") ', "/// Said.\n  "))
        if self._chance(0.3):
            kind, defaults = self._random.choice(_SCALARS)
            return f"{lead}{self._name()}: {kind} = {self._random.choice(defaults)}"
        if self._enums and self._chance(0.2):
            enum, value = self._random.choice(self._enums)
            return f"{lead}{self._name()}: {enum} = {value}"
        return f"{lead}{self._name()}: {self._type()}{'?' if self._chance(0.2) else ''}"

    def _fields(self, most: int = 5) -> list[str]:
        return [self._field() for _ in range(self._random.randint(0, most))]

    def _struct(self) -> None:
        name = self._name()
        self._add(f"struct {name}", self._fields())
        self._structs.append(name)

    def _union(self) -> None:
        variants = self._random.sample(self._structs, self._random.randint(0, len(self._structs)))
        if variants:
            name = self._name()
            self._lines.append(f"{'closed ' if self._chance() else ''}union {name} = {' | '.join(variants)}")
            self._unions.append(name)

    def _error(self) -> None:
        name, field = self._name(), self._name()
        status = self._random.choice((400, 404, 409, 503))
        self._lines.append(f'error {name}({status}) "no {{{field}}}" {{ {field}: str }}')
        self._errors.append(name)

    def _event(self) -> None:
        name = self._name()
        self._add(f"event {name}", self._fields())
        self._events.append(name)

    def _service(self) -> None:
        name = self._name()
        members = [self._member() for _ in range(self._random.randint(0, 6))]
        events, self._events = self._events, []
        members += [f"publishes {event}" for event in events]
        self._lines += [*self._docs(""), f"service {name} {{"]
        for member in members:
            self._lines += [*self._docs("  "), f"  {member}"]
        self._lines.append("}")

    def _member(self) -> str:
        make = self._random.choice((self._rpc, self._rpc, self._rpc, self._get, self._oneway, self._route, self._timer))
        return make()

    def _parameters(self) -> str:
        return ", ".join(field.replace("/// Said.\n  ", "") for field in self._fields(3))

    def _rpc(self) -> str:
        text = f"rpc {self._name()}({self._parameters()})"
        if self._chance(0.8):
            text += f" -> {'stream ' if self._chance(0.2) else ''}{self._type()}"
        if self._errors and self._chance(0.4):
            text += f" throws {self._random.choice(self._errors)}"
        return f"@timeout(5s)\n  {text}" if self._chance(0.2) else text

    def _get(self) -> str:
        name, field = self._name(), self._name()
        kind = self._random.choice(_IN_PATHS)
        return f'rpc {name}({field}: {kind}) -> {self._type()}\n    http GET "/{name}/{{{field}}}"'

    def _oneway(self) -> str:
        name = self._name()
        return f"@retry(3, backoff: 1s..1m)\n  oneway {name}({self._parameters()})"

    def _route(self) -> str:
        name = self._name()
        return f'route {name} GET "/{name}.csv" ({self._name()}: int?)'

    def _timer(self) -> str:
        when = self._random.choice(
            ("every 30s", "every 2h", 'cron "0 2 * * *"', 'cron "*/5 * * * 1-5" tz "Europe/Paris"')
        )
        return f"timer {self._name()} {when}"


@st.composite
def contracts(draw: st.DrawFn) -> str:
    """Draw a contract without any mistake."""
    return Contract(draw(st.randoms(use_true_random=False))).text()
