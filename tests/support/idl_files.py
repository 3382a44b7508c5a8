"""Random IDL files that parse, for properties that hold of every file: rules of the grammar, drawn by hypothesis."""

from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

NAMES = (
    "id",
    "status",
    "Order",
    "key",
    "body",
    "http",
    "event",
    "reserved",
    "a_longer_name_than_most_others_have",
    "x",
)
TYPES = ("int", "str", "Order", "billing.Payment", "any", "timestamp", "AnotherNameThatIsRatherLong")
STRINGS = ('""', '"/orders/{id}"', '"a, b // no comment"', '"\\"quoted\\" \\\\ { ( [ <"')
SCALARS = ("0", "-12", "0.5", "30s", *STRINGS)

ENTRY = "<a comma or a new line>"
LINE = "<a new line>"


class Pieces:
    """Writes one file as a list of tokens, `ENTRY` and `LINE` where the layout wants a separator."""

    def __init__(self, random: Random, *, most: int = 6) -> None:
        self._random = random
        self._most = most
        self.pieces: list[str] = []

    def file(self) -> list[str]:
        """Return the pieces of a file."""
        self._docs()
        self._add("package", "acme", ".", "orders")
        self._times(3, self._import)
        self._times(self._most, self._declaration)
        return self.pieces

    def _add(self, *pieces: str) -> None:
        self.pieces += pieces

    def _maybe(self, part: Callable[[], None]) -> None:
        if self._random.random() < 0.4:
            part()

    def _times(self, most: int, part: Callable[[], None]) -> None:
        for _ in range(self._random.randint(0, most)):
            part()

    def _listed(self, part: Callable[[], None], *, least: int = 0, most: int = 4, spare: bool = True) -> None:
        number = self._random.randint(least, most)
        for index in range(number):
            part()
            if index < number - 1 or (spare and self._random.random() < 0.3):
                self._add(",")

    def _name(self) -> None:
        self._add(self._random.choice(NAMES))

    def _docs(self) -> None:
        self._times(2, lambda: self._add(self._random.choice(("/// Some text.", "///", "///more"))))

    def _annotations(self) -> None:
        self._docs()
        self._times(2, self._annotation)

    def _annotation(self) -> None:
        self._add("@")
        self._name()
        self._maybe(self._arguments)

    def _arguments(self) -> None:
        self._add("(")
        self._listed(self._argument)
        self._add(")")

    def _argument(self) -> None:
        self._maybe(lambda: self._add(self._random.choice(("pattern", "backoff", "reserved")), ":"))
        if self._random.random() < 0.5:
            self._literal()
            return
        self._maybe(self._scalar)
        self._add("..")
        self._maybe(self._scalar)

    def _scalar(self) -> None:
        self._add(self._random.choice(SCALARS))

    def _literal(self) -> None:
        kind = self._random.randint(0, 3)
        if kind == 0:
            self._add("[")
            self._listed(lambda: self._add(self._random.choice((*SCALARS, *NAMES))))
            self._add("]")
        elif kind == 1:
            self._add("{", "}")
        else:
            self._add(self._random.choice((*SCALARS, *NAMES)))

    def _ref(self) -> None:
        first, *rest = self._random.choice(TYPES).split(".")
        self._add(first, *(piece for name in rest for piece in (".", name)))

    def _type(self, depth: int = 0) -> None:
        self._ref()
        if depth < 3 and self._random.random() < 0.3:
            self._add("<")
            self._listed(lambda: self._type(depth + 1), least=1, most=2, spare=False)
            self._add(">")
        self._maybe(self._arguments)
        self._maybe(lambda: self._add("?"))

    def _field(self) -> None:
        self._annotations()
        self._name()
        self._add(":")
        self._type()
        if self._random.random() < 0.3:
            self._add("=")
            self._literal()

    def _reserved(self) -> None:
        self._add("reserved", "(")
        self._listed(self._name, least=1)
        self._add(")")

    def _body(self, entry: Callable[[], None], separator: str = ENTRY) -> None:
        self._add("{")
        number = self._random.randint(0, 4)
        for index in range(number):
            self._random.choice((entry, entry, entry, self._reserved))()
            if index < number - 1:
                self._add(separator)
        self._add("}")

    def _value(self) -> None:
        self._annotations()
        self._name()
        self._maybe(lambda: self._add("=", self._random.choice(STRINGS)))

    def _import(self) -> None:
        self._add(LINE, "import", '"common.idl"')
        if self._random.random() < 0.5:
            self._add("as")
            self._name()
            return
        self._add("{")
        self._listed(self._pick, least=1)
        self._add("}")

    def _pick(self) -> None:
        self._name()
        self._maybe(lambda: self._add("as", self._random.choice(NAMES)))

    def _declaration(self) -> None:
        self._add(LINE)
        self._annotations()
        kind = self._random.choice(("alias", "enum", "struct", "union", "error", "event", "service"))
        if kind in ("enum", "union"):
            self._maybe(lambda: self._add("closed"))
        self._add(kind)
        self._name()
        if kind == "alias":
            self._add("=")
            self._type()
        elif kind == "union":
            self._union()
        elif kind == "error":
            self._add("(", "404", ")")
            self._maybe(lambda: self._add('"no {id}"'))
            self._maybe(lambda: self._body(self._field))
        elif kind == "service":
            self._body(self._member, LINE)
        else:
            self._body(self._value if kind == "enum" else self._field)

    def _union(self) -> None:
        self._add("=")
        self._ref()
        for _ in range(self._random.randint(0, 4)):
            self._add("|")
            self._ref()
        self._maybe(self._reserved)

    def _parameters(self) -> None:
        self._add("(")
        self._listed(self._field)
        self._add(")")

    def _member(self) -> None:
        self._annotations()
        kind = self._random.choice(("rpc", "oneway", "publishes", "subscribes", "uses", "route", "socket", "timer"))
        self._add(kind)
        if kind == "publishes":
            self._listed(self._ref, least=1, spare=False)
        elif kind in ("subscribes", "uses"):
            self._ref()
            if kind == "subscribes" or self._random.random() < 0.5:
                self._add("as")
                self._name()
        else:
            self._name()
            self._named_member(kind)

    def _named_member(self, kind: str) -> None:
        if kind in ("rpc", "oneway"):
            self._parameters()
            if kind == "rpc":
                self._maybe(self._result)
                self._maybe(self._throws)
            self._maybe(self._http)
        elif kind == "route":
            self._add("GET", '"/orders"')
            self._maybe(self._parameters)
        elif kind == "socket":
            self._add('"/live"')
            self._maybe(self._parameters)
            self._add("receives")
            self._type()
            self._add("sends")
            self._type()
        elif self._random.random() < 0.5:
            self._add("every", self._random.choice(("30s", "5")))
        else:
            self._add("cron", '"0 2 * * *"')
            self._maybe(lambda: self._add("tz", '"Europe/Paris"'))

    def _result(self) -> None:
        self._add("->")
        self._maybe(lambda: self._add("stream"))
        self._type()

    def _throws(self) -> None:
        self._add("throws")
        self._listed(self._ref, least=1, spare=False)

    def _http(self) -> None:
        self._add("http", "POST", '"/orders"')
        self._maybe(lambda: self._add("body", "order"))
        self._maybe(lambda: self._add("status", "201"))


def write(pieces: list[str], random: Random, *, comments: float = 0.0, breaks: float = 0.1) -> str:
    """Write `pieces` with random white space.

    Args:
        pieces: what `Pieces.file` gives.
        random: decides.
        comments: how often a comment stands in a gap between tokens, 0 to 1. Each has a number of its own.
        breaks: how often a gap has a line break that it does not need, 0 to 1.
    """
    parts: list[str] = []
    number = 0

    def comment() -> str:
        nonlocal number
        number += 1
        return f"{random.choice(('//', '// ', '////', '//  '))}c{number}."

    def gap() -> str:
        if random.random() < comments:
            lines = "".join(f"{comment()}{random.choice(_ENDS)}" for _ in range(random.randint(1, 2)))
            return random.choice((" ", "\n", "\n\n\n", "")) + lines
        return random.choice(_ENDS) if random.random() < breaks else " "

    for piece in pieces:
        if piece == ENTRY:
            parts += [gap(), random.choice((",", "\n")), gap()]
        elif piece == LINE:
            parts += [gap(), "\n", gap()]
        else:
            parts += [gap(), piece, "\n" if piece.startswith("///") else ""]
    return "".join([*parts, gap(), "\n"])


_ENDS = ("\n", "\n\n", "\n   \n\n", "  \n\t")


@st.composite
def idl_files(draw: st.DrawFn, *, comments: float = 0.0, breaks: float = 0.1) -> str:
    """Draw a file without syntax errors, not without others: names are anything.

    Drawing every choice from hypothesis would take a tenth of a second a file. It draws the number of declarations,
    which is what shrinks, and a seed.
    """
    most = draw(st.integers(0, 6))
    random = draw(st.randoms(use_true_random=True))
    return write(Pieces(random, most=most).file(), random, comments=comments, breaks=breaks)
