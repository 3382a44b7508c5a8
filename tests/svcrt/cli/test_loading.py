"""`module:Class`: every mistake is one sentence with its place."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_project import write_project
from svcrt.cli.loading import add_to_path, load_middleware, load_services
from svcrt.errors import StartError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    add_to_path(tmp_path)
    yield write_project(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refusal(*names: str) -> str:
    with pytest.raises(StartError) as caught:
        load_services(names)
    return str(caught.value)


@pytest.mark.usefixtures("project")
def test_services_load_in_order() -> None:
    (cls,) = load_services(["greeter:Greeter"])
    assert (cls.__module__, cls.__name__) == ("greeter", "Greeter")


def test_no_such_module(project: Path) -> None:
    assert refusal("greter:Greeter") == (
        f"cannot run `greter:Greeter`: there is no module `greter` in {project} or among what is installed"
    )


@pytest.mark.usefixtures("project")
def test_no_such_class() -> None:
    assert refusal("greeter:Greter") == (
        "cannot run `greeter:Greter`: `greeter` has no class `Greter`; did you mean `Greeter`?"
    )


@pytest.mark.usefixtures("project")
def test_not_a_service() -> None:
    assert refusal("greeter:Path").startswith("cannot run `greeter:Path`: `Path` is no service")


def test_a_class_without_a_method(project: Path) -> None:
    (project / "half.py").write_text(
        "from acme.greeter.v1.service import GreeterBase\n\nclass Half(GreeterBase):\n    def hello(self): ...\n",
        encoding="utf-8",
    )
    sentence = refusal("half:Half")
    assert sentence.startswith("cannot run `half:Half`: ")
    assert "`note`, `on_greeted`, `repeat`, `slow`, `whoami`" in sentence
    assert "acme.greeter.v1.Greeter" in sentence


def test_a_module_that_hides_the_generated_package(project: Path) -> None:
    (project / "shelf").mkdir()
    (project / "shelf.py").write_text("from shelf.v1 import ShelfBase\n", encoding="utf-8")
    assert refusal("shelf:Shelf") == (
        "cannot run `shelf:Shelf`: the module `shelf` hides the package `shelf.v1`, which it imports; "
        "call the module otherwise, such as `shelf_service`"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os\n\nfoo\n", "failed at broken.py:3: NameError: name 'foo' is not defined"),
        ("def f(:\n", "failed at broken.py:1: SyntaxError: invalid syntax"),
        ("\nimport absent_library\n", "failed at broken.py:2: ModuleNotFoundError: No module named 'absent_library'"),
        ("import json\njson.loads('{')\n", "failed at broken.py:2: JSONDecodeError: Expecting property name"),
        ("raise SystemExit(3)\n", "failed at broken.py:1: SystemExit: 3"),
        ("import sys\nsys.exit()\n", "failed at broken.py:2: SystemExit"),
    ],
)
def test_a_module_that_fails_is_told_with_file_and_line(project: Path, text: str, said: str) -> None:
    (project / "broken.py").write_text(text, encoding="utf-8")
    sentence = refusal("broken:Service")
    assert sentence.startswith("cannot run `broken:Service`: importing `broken` ")
    assert said in sentence
    assert "\n" not in sentence


def test_two_classes_for_one_contract(project: Path) -> None:
    (project / "other.py").write_text("from greeter import Greeter\n\nclass Other(Greeter): ...\n", encoding="utf-8")
    assert refusal("greeter:Greeter", "other:Other") == (
        "`greeter:Greeter` and `other:Other` both serve `acme.greeter.v1.Greeter`; run one of them"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("raise BaseException('no')", "BaseException: no"),
        ("raise ValueError('\\x1b[2J\\x9bm')", r"ValueError: \x1b[2J\x9bm"),
        (
            "class Odd(Exception):\n    def __str__(self): raise OSError\nraise Odd",
            "Odd: its `__str__` raises OSError",
        ),
    ],
)
def test_whatever_a_module_raises_is_one_sentence(project: Path, text: str, said: str) -> None:
    (project / "odd.py").write_text(text, encoding="utf-8")
    assert f": {said} (--log-level debug" in refusal("odd:Odd")


def test_a_module_whose_getattr_fails(project: Path) -> None:
    (project / "odd.py").write_text("def __getattr__(name): raise ValueError('no')", encoding="utf-8")
    assert refusal("odd:Odd") == "cannot run `odd:Odd`: `odd` fails at odd.py:1: ValueError: no"


def test_middleware_loads_in_order(project: Path) -> None:
    (project / "layers.py").write_text("def one(c, p): ...\ndef two(c, p): ...\nthree = 3\n", encoding="utf-8")
    assert [layer.__name__ for layer in load_middleware(["layers:two", "layers:one"])] == ["two", "one"]
    with pytest.raises(StartError, match=r"^cannot use the middleware `layers:on`: `layers` has no callable `on`; did"):
        load_middleware(["layers:on"])
    with pytest.raises(StartError, match=r"`layers:three`: it is no callable; it takes `\(context, proceed\)`"):
        load_middleware(["layers:three"])
