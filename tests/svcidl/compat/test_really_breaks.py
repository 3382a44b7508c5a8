"""What a finding says is what the runtime does: values of one version, read by the code generated for the other one.

Every change of one field into another of the list below is compared, and tried with every value of a pool.
"""

import importlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from svcgen.pipeline import compile_files
from svcidl.compat import Category, compare
from svcidl.model import Model
from svcidl.pipeline import check
from svcrt.codec import Codec, codec
from svcrt.errors import InvalidValue

FIELDS = [
    "", "a: int", "a: int = 3", "a: int?", "a: int(0..5)", "a: int(3..9)", "a: int(..9)?", "a: float",
    "a: float(..4.5)", "a: bool", "a: str", "a: str(2..)", "a: str(..3)", 'a: str(pattern: "^[a-z]+$")',
    'a: str(format: "email")',
    "a: decimal(4, 2)", "a: decimal(5, 2)", "a: decimal(5, 3)", "a: decimal(4, 2, 0..5)", "a: uuid", "a: date",
    "a: list<int>", "a: list<int>(..2)", "a: list<int?>", "a: list<int(0..5)>?", "a: set<int>", "a: map<str, int>",
    "a: map<str(..2), int>", "a: map<str, int?>(1..)", "a: Open", "a: Closed", "a: Inner", "a: Inner?", "a: any",
    '@renamed("a") b: int',
]  # fmt: skip
POOL: list[Any] = [
    None, 0, 3, 9, 10, -1, 4.5, 5.25, True, "", "a", "abc", "abcd", "A", "a@b.ch", "1.00", "9.99", "-1.00", "123.45",
    "1.125", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "2024-01-31", [], [3], [3, 9], [1, 2, 3], [None], {}, {"x": 3},
    {"abc": 3}, {"x": None}, "left", "right", "middle", {"x": 3, "y": 4},
]  # fmt: skip
DOCUMENTS = [{}, *({"a": value} for value in POOL), {"b": 3}]
TYPES = "enum Open { left, right }\nclosed enum Closed { left, right }\nstruct Inner { x: int }\n"
PAIRS = [(old, new) for old in range(len(FIELDS)) for new in range(len(FIELDS)) if old != new]


@pytest.fixture(scope="module")
def codecs(tmp_path_factory: pytest.TempPathFactory) -> list[Codec[Any]]:
    """The codec of a generated struct with each field."""
    folder = tmp_path_factory.mktemp("generated")
    structs = "\n".join(f"struct S{number} {{ {field} }}" for number, field in enumerate(FIELDS))
    (folder / "all.idl").write_text(f"package compat_fields.v1\n{TYPES}{structs}\n")
    compiled = compile_files([folder / "all.idl"], out=folder)
    assert compiled.changes is not None, compiled.diagnostics
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        module = importlib.import_module("compat_fields.v1.types")
        return [codec(getattr(module, f"S{number}")) for number in range(len(FIELDS))]


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int, int]]:
    """Which changes are told to break a message: the way it travels, the old field, the new field."""
    folder = tmp_path_factory.mktemp("compared")
    old, new = (_model(folder / f"{side}.idl", side) for side in (0, 1))
    found = compare(old, new, categories=[Category.WIRE])
    assert found
    lines = {side: (folder / f"{side}.idl").read_text().split("\n") for side in (0, 1)}
    told = set()
    for each in found:
        # `struct Ask3to7 { … }` stands on one line.
        name = lines[1][each.span.line - 1].split()[1]
        way, before, after = name[:3], *map(int, name[3:].split("to"))
        told.add((way, before, after))
    return told


def _model(path: Path, side: int) -> Model:
    structs, members = [], []
    for pair in PAIRS:
        name = f"{pair[0]}to{pair[1]}"
        structs += [f"struct {way}{name} {{ {FIELDS[pair[side]]} }}" for way in ("Ask", "Ans")]
        members += [f"  rpc ask{name}(it: Ask{name})", f"  rpc ans{name}() -> Ans{name}"]
    path.write_text("\n".join([f"package a.v1\n{TYPES}", *structs, "service S {", *members, "}", ""]))
    checked = check([path])
    assert checked.model is not None, checked.diagnostics
    return checked.model


def accepted(reader: Codec[Any], document: Any) -> bool:
    try:
        reader.decode(json.dumps(document).encode())
    except InvalidValue:
        return False
    return True


def is_of_contract(writer: Codec[Any], document: Any) -> bool:
    """Tell whether a client of the contract may send the document: without fields that it does not know."""
    try:
        writer.decode_strict(json.dumps(document).encode())
    except InvalidValue:
        return False
    return True


def written(writer: Codec[Any]) -> list[Any]:
    """Return what a writer can write: all documents that its contract allows, with every field."""
    return [
        json.loads(writer.encode(writer.decode(json.dumps(document).encode())))
        for document in DOCUMENTS
        if accepted(writer, document)
    ]


def refusals(writer: list[Any], reader: Codec[Any]) -> list[Any]:
    return [document for document in writer if not accepted(reader, document)]


def test_every_request_of_an_old_client_that_is_refused_is_told(
    codecs: list[Codec[Any]], findings: set[tuple[str, int, int]]
) -> None:
    requests = [list(filter(partial(is_of_contract, each), DOCUMENTS)) for each in codecs]
    missed = [
        (FIELDS[old], FIELDS[new], refused[0])
        for old, new in PAIRS
        if (refused := refusals(requests[old], codecs[new])) and ("Ask", old, new) not in findings
    ]
    assert missed == []


def test_every_answer_that_an_old_client_refuses_is_told(
    codecs: list[Codec[Any]], findings: set[tuple[str, int, int]]
) -> None:
    answers = [written(each) for each in codecs]
    missed = [
        (FIELDS[old], FIELDS[new], refused[0])
        for old, new in PAIRS
        if (refused := refusals(answers[new], codecs[old])) and ("Ans", old, new) not in findings
    ]
    assert missed == []


SAME_TYPE = (
    "int",
    "float",
    "bool",
    "str",
    "decimal",
    "uuid",
    "date",
    "list",
    "set",
    "map",
    "Open",
    "Closed",
    "Inner",
    "any",
)


def _type(field: str) -> str:
    return next((name for name in SAME_TYPE if field.partition(": ")[2].startswith(name)), "")


def test_what_is_told_is_really_refused(codecs: list[Codec[Any]], findings: set[tuple[str, int, int]]) -> None:
    """Of changes within one type: another type is always told, even where values of both look alike."""
    # That every address has two characters is more than the rules know.
    implied = {"a: str(2..)", 'a: str(format: "email")'}
    requests = [list(filter(partial(is_of_contract, each), DOCUMENTS)) for each in codecs]
    answers = [written(each) for each in codecs]
    wrong = []
    for way, old, new in findings:
        if _type(FIELDS[old]) != _type(FIELDS[new]) or "@renamed" in FIELDS[old] + FIELDS[new]:
            continue
        if {FIELDS[old], FIELDS[new]} == implied:
            continue
        if not (refusals(requests[old], codecs[new]) if way == "Ask" else refusals(answers[new], codecs[old])):
            wrong.append((way, FIELDS[old], FIELDS[new]))
    assert wrong == []
    assert len(findings) > 500


UNION = "struct A {}\nstruct B {}\nstruct C {}\n"
DECLARED = [
    ("B0115", "ans", "closed enum T { a }", "closed enum T { a, b }", "b"),
    ("B0116", "ask", "closed enum T { a, b }", "closed enum T { a }", "b"),
    ("B0119", "ask", 'closed enum T { a, b = "bee" }', "closed enum T { a, b }", "bee"),
    ("B0119", "ans", 'closed enum T { a, b = "bee" }', "closed enum T { a, b }", "b"),
    ("B0118", "ans", "closed enum T { a, b }", 'closed enum T { a, @renamed("b") c }', "c"),
    ("B0121", "ask", "enum T { a }", "closed enum T { a }", "z"),
    ("B0122", "ans", "closed enum T { a }", "enum T { a }", "z"),
    ("B0123", "ans", f"{UNION}closed union T = A", f"{UNION}closed union T = A | B", {"type": "B"}),
    ("B0124", "ask", f"{UNION}closed union T = A | B", f"{UNION}closed union T = A", {"type": "B"}),
    ("B0125", "ask", "struct A {}\nclosed union T = A", '@tag("a") struct A {}\nclosed union T = A', {"type": "A"}),
    ("B0126", "ask", f"{UNION}union T = A", f"{UNION}closed union T = A", {"type": "Z"}),
    ("B0127", "ans", f"{UNION}closed union T = A", f"{UNION}union T = A", {"type": "Z"}),
    ("B0135", "ask", "struct T {}", "enum T { a }", {}),
    ("B0111", "ans", "struct T { a: int }", 'struct T { @renamed("a") b: int }', {"b": 1}),
    ("B0112", "ask", "struct T { a: int }", "struct T { b: int }", {"a": 1}),
    ("B0113", "ask", 'struct T { @renamed("a") b: int }', "struct T { b: int }", {"a": 1}),
    ("B0114", "ask", "struct T { reserved(a) }", "struct T { a: int? }", {"a": "x"}),
]


@pytest.mark.parametrize(("code", "way", "old", "new", "document"), DECLARED)
def test_a_change_of_a_declaration_is_told_and_refused(
    code: str, way: str, old: str, new: str, document: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    member = "rpc m(t: Box)" if way == "ask" else "rpc m() -> Box"
    codecs = {}
    models = []
    for side, text in (("old", old), ("new", new)):
        contract = f"{text}\nstruct Box {{ t: T }}\nservice S {{ {member} }}\n"
        # Both versions are imported side by side; compared they have one name.
        package = f"compat_{code.lower()}_{way}_{side}.v1"
        (tmp_path / "imported.idl").write_text(f"package {package}\n{contract}")
        assert compile_files([tmp_path / "imported.idl"], out=tmp_path).changes is not None
        codecs[side] = codec(importlib.import_module(f"{package}.types").Box)
        (tmp_path / f"{side}.idl").write_text(f"package a.v1\n{contract}")
        model = check([tmp_path / f"{side}.idl"]).model
        assert model is not None
        models.append(model)
    writer, reader = (codecs["old"], codecs["new"]) if way == "ask" else (codecs["new"], codecs["old"])
    assert accepted(writer, {"t": document})
    assert not accepted(reader, {"t": document})
    assert [found.code for found in compare(*models)] == [code]
