from pathlib import Path

import pytest

from svcgen.pipeline import check_files, compile_files, generate
from svcidl.pipeline import check

HERE = Path(__file__).parent
SAMPLES = [HERE / "golden" / "orders.idl", HERE / "corpus" / "hostile"]


def idl(tmp_path: Path, text: str, name: str = "a.idl") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_four_mistakes_give_four_messages_and_no_file(tmp_path: Path) -> None:
    source = idl(
        tmp_path,
        """package acme.v1
struct A { x: Foo, y: int(9..1) }
error E(200)
service S { rpc get(id: uuid) -> A http GET "/a/{ident}" }
""",
    )
    compiled = compile_files([source], out=tmp_path / "out")
    assert compiled.changes is None
    assert len({found.span.start for found in compiled.diagnostics}) == len(compiled.diagnostics) == 4
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("struct A { class: int, class_: int }", "`class` and `class_` are both `class_`"),
        ("enum A { inStock, in_stock }", "`inStock` and `in_stock` are both `IN_STOCK`"),
        ("struct types { a: int }\nstruct types_ { a: int }", "`types` and `types_` are both `types_`"),
        ("service S { rpc a(self: int, self_: int) }", "`self` and `self_` are both `self_`"),
        ("service S { rpc list() \n rpc list_() }", "`list` and `list_` are both `list_`"),
        (
            'struct A { x: int }\nservice S { socket a "/a" (socket: int?, socket_: int?) receives A sends A }',
            "`socket` and `socket_` are both `socket_`",
        ),
        (
            "service Orders { rpc a() }\nservice OrdersAsync { rpc a() }",
            "`Orders` and `OrdersAsync` are both `OrdersAsyncClient`",
        ),
        ("service class { rpc a() }\nservice class_ { rpc a() }", "`class` and `class_` are both `class_Base`"),
    ],
)
def test_two_names_that_meet_in_python_are_an_error_with_both_places(tmp_path: Path, text: str, names: str) -> None:
    checked = check_files([idl(tmp_path, f"package acme.v1\n{text}\n")])
    assert checked.model is None
    (found,) = checked.diagnostics
    assert found.code == "E0213"
    assert names in found.message
    assert found.notes[0].span.start < found.span.start


def test_a_package_and_a_module_of_another_package_that_meet_are_an_error(tmp_path: Path) -> None:
    outer = idl(tmp_path, "package acme.v1\nstruct A { x: int }\n", "a.idl")
    inner = idl(tmp_path, "package acme.v1.types\nstruct A { x: int }\n", "b.idl")
    (found,) = check_files([outer, inner]).diagnostics
    assert (found.code, "the generated module `types`" in found.message) == ("E0213", True)


def test_imported_packages_are_written_too(tmp_path: Path) -> None:
    idl(tmp_path, "package common.v1\nalias Money = int\n", "common.idl")
    source = idl(tmp_path, 'package acme.v1\nimport "common.idl" { Money }\nstruct A { x: Money }\n')
    compiled = compile_files([source], out=tmp_path / "out")
    assert compiled.changes is not None
    assert "common/v1/types.py" in compiled.changes.written


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = check(SAMPLES).model
    assert first is not None
    monkeypatch.chdir(HERE / "golden")
    again = check(["orders.idl", "../corpus/hostile"]).model
    assert again is not None
    assert list(generate(first).items()) == list(generate(again).items())


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    compile_files(SAMPLES, out=tmp_path)
    changes = compile_files(SAMPLES, out=tmp_path, dry_run=True).changes
    assert changes is not None
    assert changes.is_fresh
