"""A file with an error costs a multiple of its length: counted in calls, which are the same on every machine."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from svcidl.parser import parse
from svcidl.source import SourceFile


def _calls(text: str) -> int:
    """Return how many calls, of Python and of C, parsing `text` makes; it must have an error."""
    count = 0

    def count_call(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(count_call)
    try:
        parsed = parse(SourceFile("t.idl", "t.idl", text))
    finally:
        sys.setprofile(previous)
    assert parsed.diagnostics
    return count


def _one_error(times: int) -> str:
    body = "struct A { a: int }\nservice S {\n  rpc get(id: uuid) -> int\n}\n"
    return "package t.v1\n" + body * times + "struct B { b int }\n"


def _one_body(times: int) -> str:
    return "package t.v1\nstruct A {\n  x int\n" + "  a: list<str>(1..5)\n" * times + "}\n"


def _open_body(times: int) -> str:
    return "package t.v1\nstruct A {\n" + "  a: int\n" * times


def _one_line(times: int) -> str:
    return "package t.v1 struct A { b int } " + "struct A { a: int } " * times


def _documentation(times: int) -> str:
    return "package t.v1\n" + "/// More.\n" * times + "struct A { b int }\n"


def _nested(times: int) -> str:
    return "package t.v1\nstruct A { a: " + "list<" * times + "}\n"


def _braces(times: int) -> str:
    return "package t.v1\nstruct A {\n" + "{ }\n" * times


def _open_arguments(times: int) -> str:
    return "package t.v1\n" + "@a(1, \n" * times


SHAPES = [_one_error, _one_body, _open_body, _one_line, _documentation, _nested, _braces, _open_arguments]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_cost_grows_with_the_length(shape: Callable[[int], str]) -> None:
    parse(SourceFile("t.idl", "t.idl", "package"))  # what is made once is not counted
    assert _calls(shape(400)) < 4.4 * _calls(shape(100))
