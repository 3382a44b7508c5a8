"""Inputs for the whole tool chain, from faultless to random, and one run of the chain over an input."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from idl_contracts import Contract
from svcgen.pipeline import check_files, generate
from svcidl.diagnostics import has_errors
from svcidl.report import as_json, concise, full, github
from token_damage import REPLACEMENTS, good_files, token_spans

_ALPHABET = "\"\\{}()<>[]:=,.@?|-/'#;\n\r\t \x00\x0c\ufeff\u00e9\u2028\U0001f600aZ_09"
_WORDS = ("package", "import", "struct", "enum", "service", "rpc", "union", "error", "event", "alias", "http", "///")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input; `is_valid` if no error may be told of it."""

    kind: str
    data: bytes
    is_valid: bool = False


def cases(seed: int) -> Iterator[Case]:
    """Give inputs without end, the same for the same seed."""
    random = Random(seed)
    files = [path.read_text(encoding="utf-8") for path in good_files()]
    while True:
        contract = Contract(random).text()
        yield Case(kind="contract", data=contract.encode(), is_valid=True)
        yield Case(kind="damaged contract", data=_damaged(contract, random).encode())
        yield Case(kind="damaged file", data=_damaged(random.choice(files), random).encode())
        yield Case(kind="shuffled tokens", data=_shuffled(random.choice(files), random).encode())
        yield Case(kind="random text", data=_text(random).encode())
        yield Case(kind="damaged bytes", data=_damaged_bytes(contract.encode(), random))
        yield Case(kind="deep", data=_deep(random).encode())


def run(case: Case, folder: Path) -> None:
    """Send one input through reading, checking, reporting and generating.

    Raises:
        AssertionError: a valid file has an error, a file without a model has none, or what was generated is no Python.
    """
    path = folder / "fuzz.idl"
    path.write_bytes(case.data)
    checked = check_files([path])
    for show in (concise, as_json, github):
        show(checked.diagnostics)
    full(checked.diagnostics, checked.sources)
    if case.is_valid:
        assert not has_errors(checked.diagnostics), full(checked.diagnostics, checked.sources)
    if checked.model is None:
        assert has_errors(checked.diagnostics), "no model, and nothing told"
        return
    for name, text in generate(checked.model).items():
        if name.endswith(".py"):
            compile(text, name, "exec")


def _damaged(text: str, random: Random) -> str:
    """Return `text` with a few tokens removed, doubled, replaced, moved or put in."""
    for _ in range(random.choice((1, 1, 2, 3, 8, 30))):
        spans = token_spans(text)
        if not spans:
            return text
        (start, end), (other, other_end) = random.choice(spans), random.choice(spans)
        piece = random.choice(
            ("", random.choice(REPLACEMENTS), text[other:other_end], f"{text[start:end]} {text[start:end]}")
        )
        text = text[:start] + piece + text[end if random.random() < 0.7 else start :]
    return text


def _shuffled(text: str, random: Random) -> str:
    tokens = [text[start:end] for start, end in token_spans(text)]
    begin = random.randrange(len(tokens))
    part = tokens[begin : begin + random.randint(2, 60)]
    random.shuffle(part)
    gaps = (" ", "\n", "\n  ", "")
    return "package a.b\n" + "".join(token + random.choice(gaps) for token in (*part, *tokens[: random.randint(0, 30)]))


def _text(random: Random) -> str:
    pieces = (
        random.choice((random.choice(_ALPHABET), random.choice(_WORDS), random.choice(REPLACEMENTS)))
        for _ in range(random.randint(0, 200))
    )
    return random.choice(("", "package a.b\n", "package a.b\nstruct S {\n")) + random.choice(("", " ")).join(pieces)


def _damaged_bytes(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 10)):
        place = random.randrange(len(changed) + 1)
        changed[place : place + random.randint(0, 2)] = random.randbytes(random.randint(0, 3))
    return bytes(changed)


def _deep(random: Random) -> str:
    """Return something nested, or repeated, many times over."""
    times = random.choice((1, 15, 17, 200, 2_000))
    piece = random.choice(
        ("list<", "(", "{", "[", "@a(", "map<str, ", "/// x\n", "}", "a: int\n", "struct S {\n", '"', "T?", ".a", ", ")
    )
    return f"package a.b\nstruct S {{\n  a: {piece * times}\n}}\n"
