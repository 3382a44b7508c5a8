"""What holds of all rules: who is reached, the gravest finding, what is not asked, renames told once."""

from pathlib import Path

import pytest

from svcidl.compat import Category, compare
from svcidl.diagnostics import Diagnostic
from svcidl.ir import dump, load
from svcidl.model import Model
from svcidl.pipeline import check
from svcidl.report import concise


def models(folder: Path, old: str, new: str) -> tuple[Model, Model]:
    made = []
    for name, text in (("old.idl", old), ("new.idl", new)):
        path = folder / name
        path.write_text(f"package a.v1\n{text}\n")
        checked = check([path])
        assert checked.model is not None, concise(checked.diagnostics)
        made.append(checked.model)
    return made[0], made[1]


def codes(found: tuple[Diagnostic, ...]) -> list[str]:
    return [each.code for each in found]


WIRE_AND_ROUTE = (
    'service S { rpc m(a: int, b: int?) -> int\n  http GET "/m" }',
    'service S { rpc m(a: str) -> str\n  http GET "/n" }',
)


def test_of_several_findings_about_one_thing_the_gravest_is_told(tmp_path: Path) -> None:
    old, new = models(tmp_path, *WIRE_AND_ROUTE)
    # The parameter `a`, the parameter `b`, the path and the result are four things.
    assert [(each.code, each.category) for each in compare(old, new)] == [
        ("B0104", "ROUTE"), ("B0108", "WIRE"), ("B0108", "WIRE"), ("B0153", "ROUTE"),
    ]  # fmt: skip


def test_what_is_left_out_gives_way_to_the_next_grave_one(tmp_path: Path) -> None:
    old, new = models(tmp_path, *WIRE_AND_ROUTE)
    assert codes(compare(old, new, categories=[Category.SOURCE])) == ["B0102"]
    assert codes(compare(old, new, categories=[Category.ROUTE])) == ["B0104", "B0153"]
    assert codes(compare(old, new, categories=[])) == []
    assert codes(compare(old, new, ignored=["B0108", "http-path-changed"])) == ["B0104"]
    assert codes(compare(old, new, ignored=["B0104"])) == ["B0102", "B0108", "B0108", "B0153"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "struct A { x: int }\nservice S { rpc m() -> int }",
            "struct A { x: str, y: int }\nservice S { rpc m() -> int }",
        ),
        ("enum E { a }\nservice S { rpc m() -> int }", "service S { rpc m() -> int }"),
        ("error F(404) { x: int }\nservice S { rpc m() }", "error F(409) { y: str }\nservice S { rpc m() }"),
        # A new method may use an old type as it likes: nobody calls it yet.
        (
            "struct A { x: int }\nservice S { rpc m() -> A }",
            "struct A { x: int, y: int }\nservice S { rpc m() -> A\n  rpc n(a: A) }",
        ),
    ],
)
def test_what_nothing_old_reaches_gives_nothing(old: str, new: str, tmp_path: Path) -> None:
    assert compare(*models(tmp_path, old, new)) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("service S { rpc m() }", "service S { rpc m()\n  rpc n(a: int) }"),
        ("service S { rpc m(a: int = 1) }", "service S { rpc m(a: int = 2) }"),
        ("error E(404)\nservice S { rpc m() throws E }", "error E(404)\nservice S { rpc m() }"),
        ("service S { rpc m(a: int, b: str) }", "service S { rpc m(b: str, a: int) }"),
        (
            "alias A = str(..5)\nservice S { rpc m(a: A) -> list<str(..5)> }",
            "alias B = str(..5)\nalias A = B\nservice S { rpc m(a: str(..5)) -> list<B> }",
        ),
        ("enum E { a, b }\nservice S { rpc m(e: E) -> E }", "enum E { c, b, a }\nservice S { rpc m(e: E) -> E }"),
        (
            "struct A {}\nunion U = A\nservice S { rpc m(u: U) -> U }",
            "struct A {}\nstruct B {}\nunion U = B | A\nservice S { rpc m(u: U) -> U }",
        ),
        (
            'service S { rpc m(id: int)\n  http PUT "/a/{id}" }',
            '/// Doc\n@owner("me") service S { @timeout(1s) rpc m(id: int) http PUT "/a/{id}" status 204 }',
        ),
        (
            "event E { a: int }\nservice S { rpc m() }",
            "event E { a: int }\nservice S { rpc m()\n  subscribes E as e\n  publishes E }",
        ),
    ],
)
def test_what_breaks_nobody_gives_nothing(old: str, new: str, tmp_path: Path) -> None:
    assert concise(compare(*models(tmp_path, old, new))) == ""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (
            "struct A { x: int, y: str }\nservice S { rpc m(a: A) -> list<A> }",
            "struct B { x: int, y: str }\nservice S { rpc m(a: B) -> list<B> }",
            "B0129",
        ),
        (
            "struct A { x: A?, y: list<A> }\nservice S { rpc m() -> A }",
            "struct B { x: B?, y: list<B> }\nservice S { rpc m() -> B }",
            "B0129",
        ),
        (
            "struct A { x: int }\nunion U = A\nservice S { rpc m() -> U }",
            "struct B { x: int }\nunion U = B\nservice S { rpc m() -> U }",
            "B0125",
        ),
        (
            "event A { x: int }\nservice S { publishes A\n  subscribes A as a }",
            "event B { x: int }\nservice S { publishes B\n  subscribes B as a }",
            "B0134",
        ),
        ("service S { rpc m(a: int) -> str\n  rpc n() }", "service S { rpc o(a: int) -> str\n  rpc n() }", "B0141"),
        (
            "struct A { x: int, y: str }\nservice S { rpc m(a: A) }",
            "struct A { z: int, y: str }\nservice S { rpc m(a: A) }",
            "B0112",
        ),
        (
            "struct A { x: int, y: str }\nservice S { rpc m(a: A) }",
            'struct A { @renamed("x") z: int, y: str }\nservice S { rpc m(a: A) }',
            "B0111",
        ),
    ],
)
def test_a_rename_is_told_once(old: str, new: str, code: str, tmp_path: Path) -> None:
    assert codes(compare(*models(tmp_path, old, new))) == [code]


@pytest.mark.parametrize("closed", ["", "closed "])
def test_a_value_that_went_and_one_that_came_in_its_place_are_one(closed: str, tmp_path: Path) -> None:
    use = "service S { rpc m(e: E) -> E }"
    old = f"{closed}enum E {{ a, b, c }}\n{use}"
    assert codes(compare(*models(tmp_path, old, f"{closed}enum E {{ a, x, c }}\n{use}"))) == ["B0119"]
    found = codes(compare(*models(tmp_path, old, f"{closed}enum E {{ a, x, c, reserved(b) }}\n{use}")))
    assert found == (["B0116", "B0115"] if closed else [])


def test_what_moved_to_another_package_is_told_once(tmp_path: Path) -> None:
    money, event = "struct Money { cents: int, currency: str }", "event Paid { order: int }"
    for folder, shop, common in (("old", f"{money}\n{event}", ""), ("new", "", f"{money}\n{event}")):
        (tmp_path / folder).mkdir()
        imports = "" if shop else 'import "common.idl" { Money, Paid }\n'
        use = "struct Bill { total: Money, parts: list<Money> }\nservice S { rpc pay(b: Bill)\n  publishes Paid }"
        (tmp_path / folder / "shop.idl").write_text(f"package shop.v1\n{imports}{shop}\n{use}\n")
        (tmp_path / folder / "common.idl").write_text(f"package common.v1\nstruct Other {{ x: int }}\n{common}\n")
    old, new = (check([tmp_path / folder]).model for folder in ("old", "new"))
    assert old is not None
    assert new is not None
    assert [found.message for found in compare(old, new)] == [
        "the struct `shop.v1.Money` is called `common.v1.Money` now: code that imports the old name no longer runs",
        "the event `shop.v1.Paid` is called `common.v1.Paid` now: old subscribers wait for the old name in vain",
    ]


def test_types_of_a_removed_method_are_not_told_too(tmp_path: Path) -> None:
    old = "struct A { x: int }\nservice S { rpc m() -> A\n  rpc n() }"
    assert codes(compare(*models(tmp_path, old, "service S { rpc n() }"))) == ["B0140"]


def test_one_alias_is_told_once_however_often_it_is_used(tmp_path: Path) -> None:
    use = "struct A { a: T, b: list<T>, c: map<str, T> }\nservice S { rpc m(a: A, b: T) -> T }"
    old, new = models(tmp_path, f"alias T = int(0..9)\n{use}", f"alias T = int(1..9)\n{use}")
    assert [each.message for each in compare(old, new)] == [
        "`T` takes less than before: `int(0..9)` became `int(1..9)`: requests of old clients are refused"
    ]


ROOT = Path(__file__).parents[3]
CONTRACTS = [
    "generated_examples/shop",
    "generated_examples/tour",
    "tests/svcgen/corpus/hostile",
    "tests/svcidl/example",
]


@pytest.mark.parametrize("path", CONTRACTS)
def test_a_contract_against_itself_and_against_its_json_gives_nothing(path: str) -> None:
    first, second = check([ROOT / path]).model, check([ROOT / path]).model
    assert first is not None
    assert second is not None
    assert compare(first, second) == ()
    assert compare(load(dump(first)), second) == ()
