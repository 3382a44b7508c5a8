from pathlib import Path

import pytest

from svcidl.index import Index, build_index
from svcidl.pipeline import check

COMMON = "package a.common\n\nstruct Money { amount: int }\nenum Colour { red, green }\n"
ORDERS = """package a.orders
import "common.idl" { Money as Cash, Colour }
import "common.idl" as common

struct Order { id: uuid, total: Cash, other: common.Money, colours: list<Colour> = [red] }
error Gone(404) "no {id}, {{id}}" { id: uuid }
service Orders {
  rpc put(id: uuid, order: Order) http PUT "/orders/{id}" body order
  uses Orders as me
}
"""


@pytest.fixture
def index(tmp_path: Path) -> Index:
    (tmp_path / "common.idl").write_text(COMMON)
    (tmp_path / "orders.idl").write_text(ORDERS)
    program = check([tmp_path / "orders.idl"], keep_program=True).program
    assert program is not None
    return build_index(program)


def places(index: Index, kind: str, name: str) -> list[str]:
    (found,) = [each for each in index.definitions if (each.kind, each.name) == (kind, name)]
    texts = {"common.idl": COMMON, "orders.idl": ORDERS}
    pieces = []
    for each in index.occurrences(found):
        text = texts[Path(each.span.file).name]
        assert index.at(each.span.file, each.span.start) == each
        assert index.at(each.span.file, each.span.end) == each
        pieces.append(f"{text[each.span.start : each.span.end]}:{each.span.line}")
    return pieces


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("struct", "Money", ["Money:3", "Money:2", "Money:5"]),
        ("import", "Cash", ["Cash:2", "Cash:5"]),
        ("import", "common", ["common:3", "common:5"]),
        ("enum", "Colour", ["Colour:4", "Colour:2", "Colour:5"]),
        ("value", "red", ["red:4", "red:5"]),
        ("parameter", "id", ["id:8", "id:8"]),
        ("parameter", "order", ["order:8", "order:8"]),
        ("service", "Orders", ["Orders:7", "Orders:9"]),
        ("uses", "me", ["me:9"]),
    ],
)
def test_every_place_of_a_name(index: Index, kind: str, name: str, expected: list[str]) -> None:
    assert places(index, kind, name) == expected


def test_a_template_uses_fields_but_not_in_doubled_braces(index: Index) -> None:
    (field,) = [each for each in index.definitions if each.name == "id" and each.owner and each.owner.name == "Gone"]
    assert len(index.occurrences(field)) == 2


def test_nothing_stands_between_names(index: Index) -> None:
    path = index.definitions[0].name_span.file
    assert index.at(path, ORDERS.index("{ id: uuid")) is None
    assert index.at("elsewhere.idl", 3) is None
