"""Generated code as its users have it: formatted, importable, clean under both type checkers, and helpful to them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from svcgen.pipeline import compile_files

HERE = Path(__file__).parent
MISTAKES = HERE / "mistakes.py.txt"
RUNTIME = HERE.parents[1] / "runtime"

Found = dict[str, list[tuple[int, str]]]
"""Line and message of every complaint, by file relative to the folder."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden package, hostile ones and a user's code, compiled into one folder: type checkers are slow to start."""
    folder = tmp_path_factory.mktemp("generated")
    compiled = compile_files([HERE / "golden" / "orders.idl", HERE / "corpus" / "hostile"], out=folder)
    assert compiled.changes is not None, compiled.diagnostics
    (folder / "mistakes.py").write_text(MISTAKES.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def tool(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "MYPYPATH": f"{folder}:{RUNTIME}", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def mypy(folder: Path) -> Found:
    flags = ["--strict", "--explicit-package-bases", "--namespace-packages", f"--cache-dir={folder / '.mypy'}"]
    output = tool(folder, "-m", "mypy", *flags, "--no-error-summary", ".")
    found: Found = {}
    for file, line, message in re.findall(r"^(.+?):(\d+): error: (.*)$", output, re.MULTILINE):
        found.setdefault(file, []).append((int(line), message))
    return found


def pyright(folder: Path) -> Found:
    settings = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(RUNTIME)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    report = json.loads(tool(folder, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", "."))
    assert report["summary"]["filesAnalyzed"] > 10
    found: Found = {}
    for each in report["generalDiagnostics"]:
        file = Path(each["file"]).relative_to(folder.resolve()).as_posix()
        found.setdefault(file, []).append((each["range"]["start"]["line"] + 1, each["message"]))
    return found


def blocks(text: str) -> dict[str, range]:
    """Return the lines under each `# mistake:` and `# fine:` comment."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, 1) if re.match(r"# (mistake|fine): ", line)]
    return {lines[start - 1]: range(start, end) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_type_checkers_find_the_mistakes_of_a_user_and_nothing_else(
    folder: Path, checker: Callable[[Path], Found]
) -> None:
    found = checker(folder)
    complaints = found.pop("mistakes.py")
    assert found == {}, "generated code must be clean"
    wanted = blocks(MISTAKES.read_text(encoding="utf-8"))
    hit = {title for title, lines in wanted.items() for line, _ in complaints if line in lines}
    assert hit == {title for title in wanted if title.startswith("# mistake")}, complaints


def test_it_is_formatted(folder: Path) -> None:
    """For the line length of black and ruff, the default that most projects have."""
    output = tool(
        folder, "-m", "ruff", "format", "--isolated", "--line-length=88", "--diff", "--exclude=mistakes.py", "."
    )
    assert output == ""


def test_imports_are_sorted_and_used(folder: Path) -> None:
    config = f"src=[{json.dumps(str(folder))}, {json.dumps(str(RUNTIME))}]"
    flags = ["--isolated", "--select=I,F", "--config", config, "--exclude=mistakes.py", "--output-format=concise"]
    assert tool(folder, "-m", "ruff", "check", "--quiet", *flags, ".") == ""


def test_every_package_can_be_imported_first_and_gives_all_its_names(folder: Path) -> None:
    """Packages use each other in a circle: whichever a program imports first, it must work."""
    modules = sorted(
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for path in folder.rglob("*.py")
        if path.name != "mistakes.py"
    )
    script = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.split(".")[0] in ("acme", "email_")]:
        del sys.modules[loaded]
    module = importlib.import_module(name)
    for exported in getattr(module, "__all__", ()):
        getattr(module, exported)
    assert set(getattr(module, "__all__", ())) <= set(dir(module))
print(len(sys.argv) - 1, "modules")
"""
    assert len(modules) > 10
    assert tool(folder, "-W", "error", "-c", script, *modules) == f"{len(modules)} modules\n"


def test_the_codec_takes_every_hostile_struct(folder: Path) -> None:
    """Python names do not reach the wire, and annotations resolve whatever the fields of their class are called."""
    script = """
import msgspec
from acme.class_.import_ import types as t
node = t.Node(other=t.Node2(node=t.Node()))
assert msgspec.json.decode(msgspec.json.encode(node), type=t.Node) == node
assert node.children == [] and node.tags == {"a"} and node.shades == [t.Color.RED]
value = t.Exception_(class_="x")
assert msgspec.json.encode(value) == b'{"class":"x","from":-3,"import":"sh\\\\"op\\'"}'
for each in vars(t).values():
    if isinstance(each, type) and issubclass(each, msgspec.Struct) and each.__module__ == t.__name__:
        msgspec.json.Decoder(each)
error = t.Error(class_="a", super_=1, status_=2)
assert str(error) == "{braces} a \\"quoted\\" 'single' 1 ['a']", str(error)
assert error.args_ == ["a"] and error.args_ is not t.Error(class_="a", super_=1, status_=2).args_
assert t.None_.CLASS == "class" and t.Final.OLD == "old" and t.Final("olde") is t.Final.OLD
print("fine")
"""
    assert tool(folder, "-W", "error", "-c", script) == "fine\n"


def test_a_plain_client_loads_no_service_and_no_web_framework(folder: Path) -> None:
    script = """
import sys
from acme.orders.v1 import OrdersClient
unwanted = {"acme.orders.v1.service", "eventlet", "werkzeug", "lark", "jinja2", "svcidl", "svcgen"}
print(sorted(unwanted & set(sys.modules)))
"""
    assert tool(folder, "-c", script) == "[]\n"


def test_streams_and_sockets_are_in_the_tables_with_their_types(folder: Path) -> None:
    script = """
from acme.async_.stream.socket import contract as c, types as t
from svcrt.codec import codec
from svcrt.generated import DEFAULT_TIMEOUT, UnknownVariant
service = c.STREAMS
assert [each.name for each in service.sockets] == ["Socket", "socket", "open"]
assert [each.name for each in service.rpcs] == ["await", "async", "ServiceAsyncClient"]
streams = {each.name: each for each in service.streams}
assert all(service.by_name[name] is each for name, each in streams.items()) and len(streams) == 11
assert (streams["iter"].timeout, streams["iter"].concurrency, streams["iter"].auth) == (2.0, 2, "bearer")
assert (streams["iter"].http.path, streams["post"].http.method, streams["stream"].http) == ("/iter", "POST", None)
assert streams["Stream"].errors == (t.StreamInterrupted,) and streams["Stream"].timeout == DEFAULT_TIMEOUT
def both_ways(item, value, text):
    assert (codec(item).encode(value), codec(item).decode(text)) == (text, value)
both_ways(streams["stream"].item, t.Stream(stream="a", item=1),
    b'{"type":"Stream","Stream":null,"stream":"a","item":1}')
both_ways(streams["Iterator"].item, None, b"null")
both_ways(streams["next"].item, 5, b"5")
both_ways(streams["iter"].item, {"a": t.Socket(Socket_="b")},
    b'{"a":{"type":"Socket","Socket":"b","socket":null,"close":false}}')
socket = service.sockets[0]
assert (socket.service, socket.stub, socket.auth, socket.http.status) == (service.name, "Socket", "bearer", 101)
assert [(each.name, each.source.value) for each in socket.http.parameters] == [
    ("socket", "path"), ("self", "query"), ("timeout", "query"), ("Socket", "query"), ("q", "query")]
assert socket.arguments.__struct_fields__ == ("socket_", "self_", "timeout_", "Socket", "q")
both_ways(socket.receives, UnknownVariant("New", {"type": "New", "x": 1}), b'{"type":"New","x":1}')
both_ways(socket.sends, t.AsyncStream(aiter="a"), b'{"type":"AsyncStream","AsyncStream":[],"aiter":"a"}')
print("fine")
"""
    assert tool(folder, "-W", "error", "-c", script) == "fine\n"
