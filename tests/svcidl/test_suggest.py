"""Who writes what other languages have is told what stands for it here."""

from pathlib import Path

import pytest

from svcidl.pipeline import check
from svcidl.suggest import closest


def remedies(folder: Path, text: str) -> list[str]:
    (folder / "a.idl").write_text(f"package a.v1\n{text}\n", encoding="utf-8")
    return [line for diagnostic in check([str(folder / "a.idl")]).diagnostics for line in diagnostic.help]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("string", "str"),
        ("integer", "int"),
        ("datetime", "timestamp"),
        ("timedelta", "duration"),
        ("dict", "map"),
        ("Array", "list"),
        ("JSON", "any"),
        ("Optional", "T?"),
    ],
)
def test_a_type_of_another_language(tmp_path: Path, written: str, meant: str) -> None:
    assert remedies(tmp_path, f"struct S {{ field: {written} }}") == [f"did you mean `{meant}`?"]


def test_a_type_of_ones_own_is_nearer_than_one_of_another_language(tmp_path: Path) -> None:
    (said,) = remedies(tmp_path, "struct Text { content: str }\nstruct S { field: text }")
    assert said.startswith("did you mean `Text`? (")


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("rpc all() -> Page[]", "a list is written `list<T>`, a map `map<K, V>`"),
        ("rpc all(pages: list[Page]) -> Page", "a list is written `list<T>`, a map `map<K, V>`"),
        ("rpc all() -> None", "a method without a result has no `-> None`"),
        ("rpc all(): Page", "the result of a method is written `-> T`"),
        ("rpc all() -> Page\n    http GET /pages", 'a path stands in double quotes: `http GET "/books/{id}"`'),
        (
            "rpc all(of: int | bool)",
            "a value that may be missing is `T?`, one of several structs is declared as a `union`",
        ),
        (
            "subscribes Turned",
            'write what it is called: `import "…" as name`, `subscribes Event as on_event`',
        ),
    ],
)
def test_a_mark_of_another_language(tmp_path: Path, written: str, remedy: str) -> None:
    assert remedies(tmp_path, f"struct Page {{ number: int }}\nservice S {{\n  {written}\n}}") == [remedy]


def test_an_import_without_a_name_is_blamed_itself(tmp_path: Path) -> None:
    (said,) = remedies(tmp_path, 'import "other.idl"\nimport "a.idl" as another')
    assert said.startswith("write what it is called")


def test_a_declaration_without_a_body(tmp_path: Path) -> None:
    assert remedies(tmp_path, "event Turned\nstruct Page {}") == ["a declaration has a body, which may be empty: `{}`"]


def test_of_many_names_the_nearest_is_found_as_of_few() -> None:
    names = [f"Order{number}Placed" for number in range(1_500)]
    assert closest("Order77Placd", names) == "Order77Placed"
    assert closest("order77placed", names) == "Order77Placed"
    assert closest("Xyzzy", names) is None
    assert closest("", names) is None
