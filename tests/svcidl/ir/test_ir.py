"""The JSON model is whole: what is read back is the same model, and makes the same generated code."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from svcgen.pipeline import generate
from svcidl.ir import ModelFormatError, dump, load, published_schema
from svcidl.ir.schema import make_schema
from svcidl.model import Alias, Enum, Field, Model, Named, Struct
from svcidl.pipeline import check

ROOT = Path(__file__).parents[3]
CONTRACTS = [
    "generated_examples/shop",
    "generated_examples/tour",
    "generated_examples/chat",
    "tests/svcgen/corpus/hostile",
    "tests/svcgen/golden/orders.idl",
    "tests/svcidl/example",
    "tests/support/desk.idl",
]
SCHEMA = Draft202012Validator(json.loads(published_schema()))

DEFAULTS = """/// Everything that can be a default.
package defaults.v1
alias Colour = Shade
enum Shade { red, green = "g" }
struct All {
  a: bool = true, b: int = -5, c: float = 1.0, d: decimal(4, 2) = 1.50, e: str = "é\\u2028", f: bytes = "AAEC"
  g: uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8", h: timestamp = "2024-01-31T12:00:00Z", i: duration = 5m
  j: list<Colour> = [red, green], k: map<str, int> = {}, l: Colour? = green, m: list<bytes> = ["AA=="]
  n: set<int> = [], @deprecated("old") @sensitive @renamed("o_old") o: int?
}
struct Other { shade: Shade }
error Bad(400) "{{a}} of {b}" { b: int, reserved(z, y) }
"""


def model(*paths: Path) -> Model:
    checked = check(paths)
    assert checked.model is not None, checked.diagnostics
    return checked.model


@pytest.fixture
def defaults(tmp_path: Path) -> Model:
    (tmp_path / "defaults.idl").write_text(DEFAULTS)
    return model(tmp_path / "defaults.idl")


def alike(left: Any, right: Any, seen: set[tuple[int, int]]) -> bool:
    """Tell whether two objects of two models are equal in every attribute, through all references."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and all(alike(*pair, seen) for pair in zip(left, right, strict=True))
    if not dataclasses.is_dataclass(left):
        return bool(left == right)
    if (id(left), id(right)) in seen:
        return True
    seen.add((id(left), id(right)))
    return all(
        # What has no order is sorted.
        sorted(getattr(left, each.name)) == list(getattr(right, each.name))
        if each.name == "reserved"
        else alike(getattr(left, each.name), getattr(right, each.name), seen)
        for each in dataclasses.fields(left)
    )


@pytest.mark.parametrize("path", CONTRACTS)
def test_what_is_read_back_is_the_model(path: str) -> None:
    first = model(ROOT / path)
    text = dump(first)
    second = load(text)
    SCHEMA.validate(json.loads(text))
    assert dump(second) == text
    assert generate(second) == generate(first)
    by_name = Model(packages=tuple(sorted(first.packages, key=lambda package: package.name)))
    for package, other in zip(by_name.packages, second.packages, strict=True):
        # What has no order is sorted.
        assert sorted(package.imports) == list(other.imports)
        for declaration, read in zip(package.declarations, other.declarations, strict=True):
            assert alike(declaration, read, set())


def test_every_default_is_read_back(defaults: Model) -> None:
    text = dump(defaults)
    SCHEMA.validate(json.loads(text))
    read = load(text)
    assert dump(read) == text
    before, after = (each.package("defaults.v1").declarations[2] for each in (defaults, read))
    assert isinstance(after, Struct)
    assert alike(before, after, set())
    shade, colours = read.package("defaults.v1").declarations[1], after.fields[9].default
    assert isinstance(shade, Enum)
    assert colours == shade.values


def test_references_are_the_declarations_themselves(defaults: Model) -> None:
    read = load(dump(defaults))
    alias, shade = read.packages[0].declarations[:2]
    assert isinstance(alias, Alias)
    assert isinstance(alias.type, Named)
    assert alias.type.target is shade


def test_the_order_of_the_files_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "generated_examples" / "shop")
    paths = sorted(Path().glob("*.idl"))
    assert dump(model(*paths)) == dump(model(*reversed(paths)))


def test_paths_are_written_and_read_as_asked(defaults: Model) -> None:
    text = dump(defaults, path=lambda path: Path(path).name)
    assert json.loads(text)["packages"][0]["path"] == "defaults.idl"
    (package,) = load(text, path=lambda path: f"main:{path}").packages
    assert {package.path, package.span.file, package.declarations[2].span.file} == {"main:defaults.idl"}


def test_the_published_schema_is_fresh_and_valid() -> None:
    assert published_schema() == make_schema(), "run: python -m svcidl.ir > idl/svcidl/ir/schema.json"
    Draft202012Validator.check_schema(json.loads(published_schema()))


def test_the_schema_refuses_what_the_reader_refuses(defaults: Model) -> None:
    document = json.loads(dump(defaults))
    document["packages"][0]["declarations"][0]["colour"] = "red"
    assert not SCHEMA.is_valid(document)
    with pytest.raises(ModelFormatError):
        load(json.dumps(document))


def damaged(text: str, *path: Any, value: Any) -> str:
    document = json.loads(text)
    target = document
    for key in path[:-1]:
        target = target[key]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return json.dumps(document)


STRUCT = ("packages", 0, "declarations", 2)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "its `schema` is 2; this svcgen reads 1"),
        (("schema",), None, "it is no model: `svcgen ir` writes an object with `schema` and `packages`"),
        (("packages",), {}, "$.packages must be a list, and is {}"),
        (("packages", 0), 5, "$.packages[0] must be an object, and is 5"),
        (("packages", 0, "name"), None, "$.packages[0].name must be text, and is null"),
        (("packages", 0, "requested"), 1, "$.packages[0].requested must be true or false, and is 1"),
        (
            (*STRUCT, "kind"),
            "record",
            '$.packages[0].declarations[2].kind is "record", which is no kind of declaration',
        ),
        ((*STRUCT, "name"), "Shade", "$.packages[0].declarations[2]: `defaults.v1.Shade` stands there twice"),
        ((*STRUCT, "fields"), None, "$.packages[0].declarations[2] lacks `fields`"),
        ((*STRUCT, "wings"), 2, "$.packages[0].declarations[2] has the unknown key `wings`"),
        ((*STRUCT, "place"), {}, "$.packages[0].declarations[2].place.start must be a whole number, and is null"),
        (
            (*STRUCT, "fields", 0, "type", "kind"),
            "tuple",
            '$.packages[0].declarations[2].fields[0].type.kind is "tuple"; it must be one of scalar, list',
        ),
        (
            (*STRUCT, "fields", 0, "type", "primitive"),
            "i32",
            '$.packages[0].declarations[2].fields[0].type.primitive is "i32"; it must be one of bool, int',
        ),
        (
            ("packages", 0, "declarations", 3, "fields", 0, "type", "target"),
            "a.B",
            "$.packages[0].declarations[3].fields[0].type.target names `a.B`, which is no alias or enum",
        ),
        (
            (*STRUCT, "fields", 9, "default", 0, "value"),
            "blue",
            "$.packages[0].declarations[2].fields[9].default[0] is no default of its type",
        ),
        (
            (*STRUCT, "fields", 5, "default", "bytes"),
            "!",
            '$.packages[0].declarations[2].fields[5].default must be base64, and is "!"',
        ),
        (
            ("packages", 0, "declarations", 4, "template", 1),
            {"field": "q"},
            '$.packages[0].declarations[4].template[1] must be text, and is {"field": "q"}',
        ),
    ],
)
def test_a_damaged_file_is_told_with_its_place(
    defaults: Model, path: tuple[Any, ...], value: Any, message: str
) -> None:
    with pytest.raises(ModelFormatError) as caught:
        load(damaged(dump(defaults), *path, value=value))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no JSON: Expecting value at line 1, column 1"),
        ('{"schema": 1,', "it is no JSON: "),
        ("[]", "it is no model: "),
        ('{"openapi": "3.1.0"}', "it is no model: "),
        ("[" * 100_000, "it nests too deeply"),
    ],
)
def test_a_foreign_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelFormatError) as caught:
        load(text)
    assert str(caught.value).startswith(message)


def test_no_damage_ends_otherwise(defaults: Model) -> None:
    """Every value of the file is replaced by every kind of JSON value: it is refused, or read."""
    document = json.loads(dump(defaults))
    places: list[tuple[Any, ...]] = []

    def walk(item: Any, at: tuple[Any, ...]) -> None:
        for key, value in item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ():
            places.append((*at, key))
            walk(value, (*at, key))

    walk(document, ())
    text = json.dumps(document)
    refused = 0
    for place in places[::7]:
        for value in (7, "x", [], {}, [[1]], {"a": 1}, True, 1.5, None):
            try:
                load(damaged(text, *place, value=value))
            except ModelFormatError:
                refused += 1
    assert refused > len(places)


def test_fields_have_all_their_attributes(defaults: Model) -> None:
    struct = load(dump(defaults)).packages[0].declarations[2]
    assert isinstance(struct, Struct)
    last = struct.fields[-1]
    assert isinstance(last, Field)
    assert (last.deprecated, last.sensitive, last.renamed, last.has_default) == ("old", True, "o_old", False)
