"""Every name that Python, its libraries or generated code use, in every place of a contract: it compiles and works."""

import importlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hostile_names import declarable, words, write_all, write_packages
from svcgen.pipeline import compile_files
from svcrt.codec import codec
from svcrt.errors import DeclaredError

RUNTIME = Path(__file__).parents[2] / "runtime"
PLACES = ("Methods", "Jobs", "Streams", "Handlers", "Web", "Sockets")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """All of it, compiled, where it can be imported from."""
    sources, folder = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("generated")
    compiled = compile_files([*write_all(sources), *write_packages(sources)], out=folder)
    assert compiled.changes is not None, compiled.diagnostics
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def classes(module: Any, base: type) -> list[Any]:
    """Return the classes that a module defines."""
    every = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, base)]
    return [each for each in every if each.__module__ == module.__name__]


def wire(value: Any) -> Any:
    """Return the JSON of a value, which must come back as the same."""
    text = codec(type(value)).encode(value)
    assert codec(type(value)).decode(text) == value
    return json.loads(text)


def test_the_list_is_long() -> None:
    assert {"class", "match", "None", "property", "self", "Struct", "futures", "TYPE_CHECKING", "int"} <= {*words()}
    assert len(declarable()) > 400


def test_every_module_can_be_imported_and_gives_what_it_promises(folder: Path) -> None:
    paths = sorted(path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py"))
    assert len(paths) > 100
    for path in paths:
        module = importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
        for exported in getattr(module, "__all__", ()):
            getattr(module, exported)


def test_structs_of_every_name_hold_themselves(folder: Path) -> None:
    types = importlib.import_module("hostile.structs.v1.types")
    found = set()
    for each in classes(types, msgspec.Struct):
        if each is not types.AllOfThem:
            own, other = each.__struct_fields__
            keys = set(wire(each(**{own: each(), other: [each()]}))) - {"other"}
            # The tag of a variant.
            found |= keys - {"type"} if len(keys) == 2 else keys
    assert {*declarable()} <= found


def test_errors_of_every_name_carry_their_field(folder: Path) -> None:
    found = set()
    for each in classes(importlib.import_module("hostile.errors.v1.types"), DeclaredError):
        (field,) = each.fields_type.__struct_fields__
        error = each(**{field: "said"})
        assert str(error) == getattr(error, field) == "said"
        name = each.wire_name.rpartition(".")[2]
        assert wire(each.fields_type(**{field: "said"})) == {name: "said"}
        found.add(name)
    assert found == {*declarable()}


def test_members_of_every_name_are_found_by_it(folder: Path) -> None:
    """Fields, enum values, parameters, methods, jobs, streams, timers, routes, sockets: in tables and on the wire."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in sorted((folder / "hostile").glob("members*")):
        types = importlib.import_module(f"hostile.{each.name}.v1.types")
        service = importlib.import_module(f"hostile.{each.name}.v1.service")
        fields = wire(types.Fields())
        assert all(name == value for name, value in fields.items())
        found["fields"] |= set(fields)
        for enum in (types.Open, types.Closed):
            found[enum.__name__] |= {value.value for value in enum}
        assert types.Open("news").is_unknown
        for place in PLACES:
            stub = getattr(service, f"{place}Base")
            members = (*stub.contract.rpcs, *stub.contract.oneways, *stub.contract.streams, *stub.contract.timers)
            names = [member.name for member in (*members, *stub.contract.routes, *stub.contract.sockets)]
            assert len(names) == len(stub.__abstractmethods__)
            found[place] |= {*names}
            # What a user writes can be made.
            type("Made", (stub,), dict.fromkeys(stub.__abstractmethods__, print))()
        (everything,) = service.ParametersBase.contract.rpcs
        found["parameters"] |= set(wire(everything.arguments()))
    assert len(found) == len(PLACES) + 4
    assert {place: {*words()} - names for place, names in found.items() if not names >= {*words()}} == {}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_it_is_formatted_and_clean_under_both_type_checkers(folder: Path) -> None:
    assert tool(folder, "ruff", "format", "--isolated", "--line-length=88", "--check", "--quiet", ".") == ""
    config = f"src=[{json.dumps(str(folder))}, {json.dumps(str(RUNTIME))}]"
    assert tool(folder, "ruff", "check", "--isolated", "--select=I,F", "--config", config, "--quiet", ".") == ""
    flags = ["--strict", "--explicit-package-bases", "--namespace-packages", f"--cache-dir={folder / '.mypy'}"]
    assert tool(folder, "mypy", *flags, "--no-error-summary", ".") == ""
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(RUNTIME)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    report = json.loads(tool(folder, "pyright", "--pythonpath", sys.executable, "--outputjson", "."))
    assert report["generalDiagnostics"] == []
    assert report["summary"]["filesAnalyzed"] > 100


def tool(folder: Path, *arguments: str) -> str:
    """Run a Python tool over the generated code; return what it says."""
    environment = {**os.environ, "MYPYPATH": f"{folder}:{RUNTIME}"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout
