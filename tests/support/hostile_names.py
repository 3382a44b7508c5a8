"""IDL files in which every name is one that Python, the libraries or generated code use already, in every place."""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

import svcrt
from svcrt import bases, generated


def _words(text: str) -> list[str]:
    return text.split()


_OF_THE_LANGUAGE = ("stream", "true", "false")
_TYPES = ("any", "bool", "bytes", "date", "decimal", "duration", "float", "int", "list", "map", "set", "str", "time")
_MORE_TYPES = ("timestamp", "uuid")
_OF_GENERATED_CODE = _words(
    """
    self cls mro args kwargs name value timeout futures publish contract service client types call cluster caller
    close annotations fields_type wire_name status retryable super add_note with_traceback request socket response
    stub origin field default pattern tag type id UUID Decimal Annotated ClassVar Final Literal Optional Protocol
    Self TypeVar Any datetime timedelta timezone Mapping Sequence Iterator final override overload cast
    TYPE_CHECKING typing msgspec svcrt svcgen eventlet amqp asyncio logging CONTRACT METHODS EVENTS Base Client
    AsyncClient Futures Publisher Fields Struct Enum StrEnum ABC abstractmethod dataclass X is_unknown
    UnknownVariant _
    """
)


def _public(names: Iterable[str]) -> set[str]:
    return {name for name in names if re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) and not name.startswith("__")}


_ESCAPED = _words("enum_ property_ x_ x__ _x _0 _private")
"""What others of them become in Python, so that no two of these stand in one scope."""


def words() -> list[str]:
    """Return the names, in order; none that the language itself refuses."""
    found = _public(
        [
            *keyword.kwlist,
            *keyword.softkwlist,
            *dir(builtins),
            *dir(msgspec),
            *dir(msgspec.Struct),
            *svcrt.__all__,
            *generated.__all__,
            *(name for each in vars(bases).values() if isinstance(each, type) for name in dir(each)),
            *dir(str),
            *dir(Exception),
        ]
    )
    return sorted({*found, *_OF_GENERATED_CODE})


def declarable() -> list[str]:
    """Return those that may name a declaration: built-in types may not."""
    return [word for word in words() if word not in (*_TYPES, *_MORE_TYPES, *_OF_THE_LANGUAGE)]


def apart(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield groups in which no two names meet in one Python name: neither as they are nor in capitals."""
    groups: list[dict[str, str]] = []
    for name in names:
        key = re.sub(r"[\W_]", "", name).lower()
        group = next((each for each in groups if key not in each), None)
        if group is None:
            groups.append(group := {})
        group[key] = name
    yield from (list(group.values()) for group in groups)


def write_all(folder: Path) -> list[Path]:
    """Write one file per place that a name can have; return them."""
    files = {"structs": _structs(), "errors": _errors(), "events": _events(), "services": _services()}
    for number, group in enumerate(apart([*words(), *_ESCAPED])):
        files[f"members{number}"] = _members(number, group)
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.idl")
        paths[-1].write_text(text, encoding="utf-8")
    return paths


def _structs() -> str:
    """Structs that hold a field of their own name and type, unions and maps of them."""
    names = declarable()
    lines = ["package hostile.structs.v1"]
    lines += [f"struct {name} {{ {name}: {name}?, other: list<{name}> = [] }}" for name in names]
    # The tag of a variant is its wire field `type`.
    variants = [name for name in names if name != "type"]
    lines += [f"union Union{number} = {' | '.join(group)}" for number, group in enumerate(_tens(variants))]
    every = "\n".join(f"  f{number}: map<str, {name}> = {{}}" for number, name in enumerate(names))
    return "\n".join([*lines, f"struct AllOfThem {{\n{every}\n}}", ""])


def _tens(names: list[str]) -> list[list[str]]:
    return [names[start : start + 10] for start in range(0, len(names), 10)]


def _errors() -> str:
    lines = ["package hostile.errors.v1"]
    lines += [f'error {name}(400) "{{{name}}}" {{ {name}: str }}' for name in declarable()]
    return "\n".join([*lines, ""])


def _events() -> str:
    """Events, and services that announce and hear them, with names apart in snake case."""
    lines = ["package hostile.events.v1"]
    lines += [f"event {name} {{ {name}: int }}" for name in declarable()]
    for number, group in enumerate(apart(declarable())):
        lines.append(f"service Talks{number} {{")
        lines += [f"  publishes {name}" for name in group]
        lines += [f"  subscribes {name} as on{position}" for position, name in enumerate(group)]
        lines.append("}")
    return "\n".join([*lines, ""])


def _services() -> str:
    """Services, each used by the next under its own name."""
    lines = ["package hostile.services.v1"]
    former = ""
    for name in declarable():
        uses = f"  uses {former}\n" if former else ""
        lines.append(f"service {name} {{\n{uses}  rpc {name}({name}: int) -> int\n}}")
        former = name
    return "\n".join([*lines, ""])


def _members(number: int, names: list[str]) -> str:
    """Everything inside of declarations: fields, values, parameters, methods, routes, sockets, timers."""
    fields = "\n".join(f"  {name}: str(1..99) = {name!r}".replace("'", '"') for name in names)
    parameters = ", ".join(f"{name}: int = 1" for name in names)
    return f"""package hostile.members{number}.v1
enum Open {{ {", ".join(names)} }}
closed enum Closed {{ {", ".join(names)} }}
struct Fields {{
{fields}
}}
struct Constants {{ open: Open = {names[0]}, closed: Closed = {names[-1]} }}
error Failed(400) "{" ".join(f"{{{name}}}" for name in names)}" {{
{fields}
}}
event Told {{ {parameters} }}
service Methods {{
{chr(10).join(f"  rpc {name}({name}: Fields) -> Fields throws Failed" for name in names)}
}}
service Jobs {{
{chr(10).join(f"  oneway {name}({name}: Closed)" for name in names)}
}}
service Streams {{
{chr(10).join(f"  rpc {name}({name}: Open) -> stream Open" for name in names)}
}}
service Handlers {{
{chr(10).join(f"  timer {name} every 1h" for name in names)}
}}
service Parameters {{
  rpc all({parameters}) -> int
}}
service Web {{
{chr(10).join(f'  route {name} GET "/m{number}/{name}/{{{name}}}" ({name}: str)' for name in names)}
}}
service Sockets {{
{chr(10).join(f'  socket {name} "/s{number}/{name}" ({name}: str?) receives Fields sends Fields' for name in names)}
}}
"""


def write_packages(folder: Path) -> list[Path]:
    """Write a small file per keyword as a segment of its package: parents that use their children, equal ends."""
    segments = [
        *keyword.kwlist,
        *keyword.softkwlist,
        "typing",
        "svcrt",
        "str",
        "types",
        "contract",
        "service",
        "client",
    ]
    segments = [each for each in segments if re.fullmatch(r"[A-Za-z]\w*", each)]
    paths, former = [], ""
    for number, segment in enumerate(segments):
        # The parent has modules of these names.
        above = "apart" if segment in ("types", "contract", "service", "client") else "nested"
        package = f"{above}.{segment}.{segment}"
        uses = f'import "p{number - 1}.idl" {{ Thing as Former }}\n' if former else ""
        field = ", former: Former?" if former else ""
        text = f"package {package}\n{uses}struct Thing {{ {segment}: int{field} }}\n"
        paths.append(folder / f"p{number}.idl")
        paths[-1].write_text(text, encoding="utf-8")
        former = package
    parent = folder / "parent.idl"
    parent.write_text(
        f'package nested\nimport "p0.idl" as child\nimport "p{len(segments) - 1}.idl" as last\n'
        "struct Thing { child: child.Thing?, last: last.Thing? }\n",
        encoding="utf-8",
    )
    return [*paths, parent]
