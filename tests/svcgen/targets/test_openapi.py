import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from svcgen.pipeline import check_files
from svcgen.targets.openapi import FILE, generate

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "generated_examples"


def documents(*paths: Path) -> dict[str, str]:
    model = check_files(paths).model
    assert model is not None
    return generate(model)


@pytest.fixture(scope="module")
def wide() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(documents(HERE / "wide.idl")[FILE])
    return document


@pytest.fixture(scope="module")
def operation(wide: dict[str, Any]) -> Callable[[str, str], dict[str, Any]]:
    """Find an operation."""

    def find(method: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = wide["paths"][path][method]
        return found

    return find


@pytest.mark.parametrize("place", ["hello", "shop", "intake", "chat", "tour", HERE / "wide.idl"])
def test_the_document_is_valid(place: str | Path) -> None:
    (text,) = documents(EXAMPLES / place).values()
    OpenAPIV31SpecValidator(json.loads(text)).validate()


def test_the_same_model_gives_the_same_text() -> None:
    assert documents(HERE / "wide.idl") == documents(HERE / "wide.idl")


def test_what_http_does_not_reach_is_not_in_it(tmp_path: Path, wide: dict[str, Any]) -> None:
    assert "hidden" not in json.dumps(wide)
    (tmp_path / "a.idl").write_text("package a.v1\nservice S { rpc m() }\n")
    assert documents(tmp_path / "a.idl") == {}


def test_what_the_document_says_of_itself(wide: dict[str, Any]) -> None:
    assert wide["openapi"] == "3.1.0"
    assert wide["info"]["title"] == "wide.v1"
    assert wide["info"]["version"] == "v1"
    assert wide["info"]["description"].startswith("A contract with one of everything")


def test_parameters_say_where_they_stand_and_whether_they_must(operation: Callable[..., Any]) -> None:
    found = operation("get", "/things/{id}")
    assert found["summary"] == "Look one up."
    assert found["description"] == "Look one up.\n\nIt takes its time."
    assert found["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
        {
            "name": "colours",
            "in": "query",
            "style": "form",
            "explode": True,
            "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Colour"}, "default": []},
        },
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
    ]


def test_a_body_is_one_parameter_or_an_object_of_several(operation: Callable[..., Any]) -> None:
    whole = operation("put", "/things")["requestBody"]
    assert whole == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Everything"}}},
        "required": True,
    }
    several = operation("patch", "/things/{id}")
    schema = several["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["secret"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["secret"] == {"type": "string", "x-sensitive": True}
    assert [each["name"] for each in several["parameters"]] == ["id", "mode"]
    assert several["deprecated"] is True


def test_errors_of_one_status_are_told_apart_by_their_type(operation: Callable[..., Any]) -> None:
    responses = operation("get", "/things/{id}")["responses"]
    assert set(responses) == {"200", "404", "409", "422", "401", "403", "default"}
    schemas = responses["404"]["content"]["application/problem+json"]["schema"]["oneOf"]
    assert [each["properties"]["type"]["const"] for each in schemas] == [
        "urn:svc:wide.v1.Gone",
        "urn:svc:wide.v1.AlsoGone",
    ]
    assert schemas[1]["properties"]["retryable"] == {"const": True}
    assert "fields" in schemas[0]["required"]
    assert "fields" not in schemas[1]["properties"]


def test_every_kind_of_member_has_its_answers(operation: Callable[..., Any]) -> None:
    assert "content" not in operation("put", "/things")["responses"]["204"]
    assert operation("post", "/rebuild")["responses"]["202"]["description"].startswith("The job is kept")
    stream = operation("get", "/things/{id}/colours")["responses"]["200"]["content"]
    assert set(stream) == {"text/event-stream", "application/x-ndjson"}
    assert operation("get", "/things.csv")["responses"] == {"default": {"description": "Whatever the method answers."}}
    socket = operation("get", "/live")
    assert {"101", "426"} <= set(socket["responses"])
    assert socket["x-web-socket"]["sends"] == {"$ref": "#/components/schemas/Shape"}


def test_who_may_call_is_said(wide: dict[str, Any], operation: Callable[..., Any]) -> None:
    assert wide["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert operation("get", "/things/{id}")["security"] == [{"bearer": []}]
    assert operation("put", "/things")["security"] == []


def test_types_of_one_name_in_two_packages_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "b.idl").write_text("package b.v1\nstruct T { x: int }\n")
    (tmp_path / "a.idl").write_text(
        'package a.v1\nimport "b.idl" as b\nstruct T { y: b.T }\nservice S { rpc m() -> T\n  http GET "/t"\n}\n'
    )
    (text,) = documents(tmp_path / "a.idl").values()
    assert set(json.loads(text)["components"]["schemas"]) == {"a.v1.T", "b.v1.T"}
