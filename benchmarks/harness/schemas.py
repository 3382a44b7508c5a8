"""One schema in the languages of all compilers: types, errors, events and services, as many lines as are wanted."""

from collections.abc import Callable, Iterator


def idl(lines: int) -> str:
    """Return it in svcgen's language."""
    return _until(lines, ["package bench.big.v1", ""], _idl_piece)


def proto(lines: int) -> str:
    """Return it for protoc."""
    return _until(lines, ['syntax = "proto3";', "package bench.big.v1;", ""], _proto_piece)


def thrift(lines: int) -> str:
    """Return it for thriftpy2."""
    return _until(lines, ["namespace py bench", ""], _thrift_piece)


def _until(lines: int, head: list[str], piece: Callable[[int], Iterator[str]]) -> str:
    text = list(head)
    number = 0
    while len(text) < lines:
        text += piece(number)
        number += 1
    return "\n".join(text) + "\n"


def _idl_piece(number: int) -> Iterator[str]:
    before = max(0, number - 1)
    yield from (f"/// Type {number}.", f"struct Thing{number} {{", "  id: uuid", "  name: str(1..40)")
    yield from ("  price: decimal(12, 2)", "  count: int(0..999) = 1", "  tags: list<str> = []", "  at: timestamp?")
    yield from ("  /// Another.", f"  other: Thing{before}?", "}")
    if number % 4 == 0:
        yield f"enum Kind{number} {{ one, two, three }}"
        yield f'error Missing{number}(404) "no {{id}}" {{ id: uuid }}'
        yield f"event Happened{number} {{ thing: Thing{number}, kind: Kind{number} }}"
    if number % 8 == 7:
        first = number - 7
        yield from (f"/// Service {number}.", f"service Things{number} {{", f"  publishes Happened{first}")
        yield from (
            "  /// Get it.",
            f"  rpc get(id: uuid, kind: Kind{first} = one) -> Thing{number} throws Missing{first}",
        )
        yield f'    http GET "/things{number}/{{id}}"'
        yield f"  rpc list(limit: int(1..100) = 20) -> list<Thing{number}>"
        yield from ("  oneway rebuild(since: date)", "  timer sweep every 30s", "}")


def _proto_piece(number: int) -> Iterator[str]:
    before = max(0, number - 1)
    yield from (f"// Type {number}.", f"message Thing{number} {{", "  string id = 1;", "  string name = 2;")
    yield from ("  string price = 3;", "  int64 count = 4;", "  repeated string tags = 5;", "  optional int64 at = 6;")
    yield from ("  // Another.", f"  optional Thing{before} other = 7;", "}")
    if number % 4 == 0:
        yield f"enum Kind{number} {{ ONE{number} = 0; TWO{number} = 1; THREE{number} = 2; }}"
        yield f"message Missing{number} {{ string id = 1; }}"
        yield f"message Happened{number} {{ Thing{number} thing = 1; Kind{number} kind = 2; }}"
    if number % 8 == 7:
        yield f"message Get{number} {{ string id = 1; Kind{number - 7} kind = 2; }}"
        yield f"message List{number} {{ int64 limit = 1; }}"
        yield f"message Listed{number} {{ repeated Thing{number} things = 1; }}"
        yield f"message Rebuild{number} {{ int64 since = 1; }}"
        yield from (f"// Service {number}.", f"service Things{number} {{")
        yield f"  rpc Get(Get{number}) returns (Thing{number});"
        yield f"  rpc List(List{number}) returns (Listed{number});"
        yield from (f"  rpc Rebuild(Rebuild{number}) returns (Listed{number});", "}")


def _thrift_piece(number: int) -> Iterator[str]:
    before = max(0, number - 1)
    yield from (f"// Type {number}.", f"struct Thing{number} {{", "  1: string id,", "  2: string name,")
    yield from ("  3: string price,", "  4: i64 count = 1,", "  5: list<string> tags,", "  6: optional i64 at,")
    yield from ("  // Another.", f"  7: optional Thing{before} other", "}")
    if number % 4 == 0:
        yield f"enum Kind{number} {{ ONE = 0, TWO = 1, THREE = 2 }}"
        yield f"exception Missing{number} {{ 1: string id }}"
        yield f"struct Happened{number} {{ 1: Thing{number} thing, 2: Kind{number} kind }}"
    if number % 8 == 7:
        first = number - 7
        yield from (f"// Service {number}.", f"service Things{number} {{")
        yield f"  Thing{number} get(1: string id, 2: Kind{first} kind) throws (1: Missing{first} missing)"
        yield f"  list<Thing{number}> listed(1: i64 limit)"
        yield from ("  oneway void rebuild(1: i64 since)", "}")
