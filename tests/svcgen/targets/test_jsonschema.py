import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from svcgen.pipeline import check_files, compile_files
from svcgen.targets.jsonschema import generate
from svcrt.codec import codec
from svcrt.errors import InvalidValue

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "generated_examples"
GOOD: dict[str, Any] = {
    "flag": True,
    "whole": 5,
    "any_whole": -1,
    "real": 0.5,
    "money": "1.50",
    "text": "abc",
    "code": "AB",
    "mail": "a@example.org",
    "data": "AAE=",
    "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "at": "2024-01-31T12:00:00Z",
    "day": "2024-01-31",
    "clock": "12:30:00",
    "span": "P1DT5400S",
    "anything": [{"x": None}],
    "numbers": [1],
    "tags": ["a", "b"],
    "by_number": {"1": "AB"},
    "colour": "red",
    "size": "small",
}
TAKEN = [
    {},
    {"colour": "violet"},
    {"colour": "navy-blue"},
    {"note": None},
    {"note": "x", "count": 1},
    {"new_field": 1},
    {"shape": {"type": "Circle", "radius": 1.0}},
    {"shape": {"type": "box", "side": 1.0}},
    {"shape": {"type": "Triangle", "angle": 3}},
    {"one": {"type": "box", "side": 2.5}},
    {"other": GOOD},
    {"money": "-999.99"},
    {"money": "1.5000"},
    {"anything": None},
    {"by_number": {}},
    {"real": 1},
]
REFUSED = [
    {"flag": "true"},
    {"whole": 0},
    {"whole": 10},
    {"whole": 1.5},
    {"any_whole": "1"},
    {"real": 1.5},
    {"money": 1.5},
    {"money": "1000.00"},
    {"money": "1.555"},
    {"money": "1E+1"},
    {"text": ""},
    {"text": "abcd"},
    {"code": "ab"},
    {"code": "A"},
    {"mail": "nobody"},
    {"data": "AAEAAAE="},
    {"id": "6ba7b810"},
    {"day": "2024-02-30"},
    {"clock": "noon"},
    {"numbers": []},
    {"numbers": [1, 2, 3, 4]},
    {"tags": ["a", "a"]},
    {"by_number": {"x": "AB"}},
    {"by_number": {"1": "A"}},
    {"by_number": {"1": "AB", "2": "AB", "3": "AB"}},
    {"colour": 3},
    {"size": "huge"},
    {"note": 1},
    {"count": None},
    {"shape": {"type": "box"}},
    {"shape": {"side": 1.0}},
    {"one": {"type": "Triangle"}},
    {"other": {}},
]


def documents(*paths: Path) -> dict[str, Any]:
    model = check_files(paths).model
    assert model is not None
    return {name: json.loads(text) for name, text in generate(model).items()}


@pytest.fixture(scope="module")
def valid() -> Callable[[Any], bool]:
    """Whether the schema of `Everything` takes a value."""
    document = documents(HERE / "wide.idl")["wide.v1.schema.json"]
    schema = {"$ref": "#/$defs/Everything", "$defs": document["$defs"]}
    return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Any], bool]]:
    """Whether generated code takes a value."""
    folder = tmp_path_factory.mktemp("wide")
    assert compile_files([HERE / "wide.idl"], out=folder).changes is not None
    sys.path.insert(0, str(folder))
    everything = importlib.import_module("wide.v1.types").Everything

    def read(value: Any) -> bool:
        try:
            codec(everything).decode(json.dumps(value).encode())
        except InvalidValue:
            return False
        return True

    yield read
    sys.path.remove(str(folder))


@pytest.mark.parametrize("place", ["shop", "intake", "chat", "tour", HERE / "wide.idl"])
def test_the_schemas_are_valid(place: str | Path) -> None:
    found = documents(EXAMPLES / place)
    assert found
    for name, document in found.items():
        Draft202012Validator.check_schema(document)
        assert document["$id"] == name


@pytest.mark.parametrize("change", TAKEN, ids=str)
def test_what_generated_code_takes_the_schema_takes(
    valid: Callable[[Any], bool], readable: Callable[[Any], bool], change: dict[str, Any]
) -> None:
    assert readable(GOOD | change)
    assert valid(GOOD | change)


@pytest.mark.parametrize("change", REFUSED, ids=str)
def test_what_generated_code_refuses_the_schema_refuses(
    valid: Callable[[Any], bool], readable: Callable[[Any], bool], change: dict[str, Any]
) -> None:
    assert not readable(GOOD | change)
    assert not valid(GOOD | change)


@pytest.mark.parametrize("missing", ["flag", "id", "anything", "numbers"])
def test_what_is_required_is_required(valid: Callable[[Any], bool], missing: str) -> None:
    assert not valid({key: value for key, value in GOOD.items() if key != missing})


def test_other_packages_are_referred_to_by_their_file() -> None:
    found = documents(EXAMPLES / "shop")
    lines = found["shop.orders.v1.schema.json"]["$defs"]["Draft"]["properties"]["lines"]
    assert lines["items"] == {"$ref": "shop.common.v1.schema.json#/$defs/Line"}
    assert "Line" in found["shop.common.v1.schema.json"]["$defs"]
