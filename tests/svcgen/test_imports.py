from svcgen.imports import Imports


def test_a_name_is_imported_once() -> None:
    imports = Imports(())
    assert imports.name("uuid", "UUID") == imports.name("uuid", "UUID") == "UUID"
    assert imports.lines(future=False) == "from uuid import UUID"


def test_a_name_that_the_module_binds_is_aliased() -> None:
    imports = Imports({"UUID", "UUID_"})
    assert imports.name("uuid", "UUID") == "UUID__"
    assert imports.lines(future=False) == "from uuid import UUID as UUID__"


def test_two_imports_of_one_name_do_not_meet() -> None:
    imports = Imports(())
    assert imports.name("a.types", "Money") == "Money"
    assert imports.name("b.types", "Money") == "Money_"


def test_order_is_that_of_isort() -> None:
    imports = Imports({"Event"})
    for module, name in [
        ("svcrt.generated", "Rpc"),
        ("svcrt.generated", "Event"),
        ("svcrt.generated", "field"),
        ("svcrt.generated", "INT64_MAX"),
        ("acme.v10.types", "A"),
        ("acme.v9.types", "A10"),
        ("acme.v9.types", "A9"),
        ("typing", "Final"),
    ]:
        imports.name(module, name)
    assert imports.lines().split("\n") == [
        "from __future__ import annotations",
        "",
        "from typing import Final",
        "",
        "from acme.v9.types import A9, A10",
        "from acme.v10.types import A",
        "from svcrt.generated import INT64_MAX, Rpc, field",
        "from svcrt.generated import Event as Event_",
    ]
