"""The rules of docs/formatting.md, each by an example."""

import pytest

from svcidl.fmt import format_text

HEAD = "package t.v1\n\n"

CASES = {
    "spaces": (
        "struct  A{a:int( 1 .. 40 )=1,b:list < str > ?,c:decimal(12,2) }",
        "struct A { a: int(1..40) = 1, b: list<str>?, c: decimal(12, 2) }",
    ),
    "dots_and_marks": (
        'union U=a . B|C reserved( D ,E,)\nalias F = map<str,billing . Money>\n@ tag ( "x" )\nstruct G {}',
        'union U = a.B | C reserved(D, E)\nalias F = map<str, billing.Money>\n\n@tag("x")\nstruct G {}',
    ),
    "empty_bodies": ("struct A {\n}\nservice S {\n\n}\nenum E { }", "struct A {}\nservice S {}\nenum E {}"),
    "a_body_that_begins_on_its_line_is_joined": (
        "struct A { a: int,\n  b: int\n}",
        "struct A { a: int, b: int }",
    ),
    "a_body_that_begins_on_the_next_line_stays_broken": (
        "struct A {\n a: int, b: int }",
        "struct A {\n  a: int\n  b: int\n}",
    ),
    "a_body_that_does_not_fit_is_broken": (
        f"event {'A' * 60} {{ first_of_them: int, second_of_them: int }}",
        f"event {'A' * 60} {{\n  first_of_them: int\n  second_of_them: int\n}}",
    ),
    "values_of_a_broken_enum_go_on_to_share_lines": (
        "enum E {\n a,b,\n c\n @deprecated(\"x\") d, e\n reserved(f)\n}",
        "enum E {\n  a, b\n  c\n  @deprecated(\"x\") d, e\n  reserved(f)\n}",
    ),
    "an_enum_that_does_not_fit_has_a_line_for_each_value": (
        f"enum E {{ {'a' * 50}, {'b' * 50}, c }}",
        f"enum E {{\n  {'a' * 50}\n  {'b' * 50}\n  c\n}}",
    ),
    "members": (
        "service S { rpc a() }\nservice T { rpc a()\nrpc b() }",
        "service S { rpc a() }\n\nservice T {\n  rpc a()\n  rpc b()\n}",
    ),
    "http_stands_on_its_own_line": (
        'service S { rpc a( x:int )->str http  POST "/a"\nbody x\nstatus 201 }',
        'service S {\n  rpc a(x: int) -> str\n    http POST "/a" body x status 201\n}',
    ),
    "throws_breaks_before_parameters_do": (
        f"service S {{\n rpc {'a' * 40}(first: int) -> list<int> throws {'B' * 20}, {'C' * 20}\n}}",
        f"service S {{\n  rpc {'a' * 40}(first: int) -> list<int>\n    throws {'B' * 20}, {'C' * 20}\n}}",
    ),
    "long_throws": (
        f"service S {{\n rpc a() throws {'B' * 50}, {'C' * 50}\n}}",
        f"service S {{\n  rpc a()\n    throws\n      {'B' * 50},\n      {'C' * 50}\n}}",
    ),
    "long_parameters": (
        f"service S {{\n rpc a({'b' * 50}: int, {'c' * 50}: int = 5) -> int\n}}",
        f"service S {{\n  rpc a(\n    {'b' * 50}: int,\n    {'c' * 50}: int = 5,\n  ) -> int\n}}",
    ),
    "parameters_that_begin_on_the_next_line": (
        "service S {\n rpc a(\n b: int, c: int)\n}",
        "service S {\n  rpc a(\n    b: int,\n    c: int,\n  )\n}",
    ),
    "long_union": (
        f"union U = {'A' * 40} | {'B' * 40} | C reserved(D)",
        f"union U =\n  {'A' * 40}\n  | {'B' * 40}\n  | C\n  reserved(D)",
    ),
    "long_publishes": (
        f"service S {{\n publishes {'A' * 50}, {'B' * 50}\n}}",
        f"service S {{\n  publishes\n    {'A' * 50},\n    {'B' * 50}\n}}",
    ),
    "long_socket": (
        f'service S {{\n socket a "/a" (b: int) receives {"A" * 40} sends {"B" * 40}\n}}',
        f'service S {{\n  socket a "/a" (b: int)\n    receives {"A" * 40}\n    sends {"B" * 40}\n}}',
    ),
    "long_type_arguments": (
        f"struct S {{\n a: map<{'A' * 50}, {'B' * 50}>\n}}",
        f"struct S {{\n  a: map<\n    {'A' * 50},\n    {'B' * 50}\n  >\n}}",
    ),
    "long_default": (
        f'struct S {{\n a: list<str> = ["{"a" * 50}", "{"b" * 50}"]\n}}',
        f'struct S {{\n  a: list<str> = [\n    "{"a" * 50}",\n    "{"b" * 50}",\n  ]\n}}',
    ),
    "annotations_stay_on_their_lines": (
        "@owner(\"a\") @auth(none)\n\nservice S { @timeout(5s)\nrpc a()\n@idempotent rpc b() }",
        "@owner(\"a\") @auth(none)\nservice S {\n  @timeout(5s)\n  rpc a()\n  @idempotent rpc b()\n}",
    ),
    "blank_lines_between_members": (
        "service S {\n\n\n rpc a()\n\n\n rpc b()\n rpc c()\n\n}",
        "service S {\n  rpc a()\n\n  rpc b()\n  rpc c()\n}",
    ),
    "blank_lines_between_declarations": (
        "alias A = int\n\n\n\nalias B = int\n/// Doc.\n\nalias D = int\nstruct E {\n a: int\n}\nalias F = int",
        "alias A = int\n\nalias B = int\n\n/// Doc.\nalias D = int\n\nstruct E {\n  a: int\n}\nalias F = int",
    ),
}  # fmt: skip

COMMENTS = {
    "in_an_empty_body": ("struct A {\n\n// c\n\n}", "struct A {\n  // c\n}"),
    "behind_an_opening_brace": ("struct A { // c\n a: int }", "struct A { // c\n  a: int\n}"),
    "behind_a_body": ("struct A { a: int } // c\nstruct B {}", "struct A { a: int } // c\nstruct B {}"),
    "behind_a_field": ("struct A { a: int, // c\nb: int // d\n}", "struct A {\n  a: int // c\n  b: int // d\n}"),
    "before_a_comma": ("struct A {\n a: int // c\n , b: int }", "struct A {\n  a: int // c\n  b: int\n}"),
    "between_annotations": (
        "@owner(\"a\") // c\n// d\n@auth(none)\nservice S {}",
        "@owner(\"a\") // c\n// d\n@auth(none)\nservice S {}",
    ),
    "in_parameters": (
        "service S { rpc a(b: int, // c\n// d\nc: int // e\n// f\n) }",
        "service S {\n  rpc a(\n    b: int, // c\n    // d\n    c: int, // e\n    // f\n  )\n}",
    ),
    "in_arguments_and_lists": (
        "struct A { a: list<int>( // c\n 1..5) = [1, // d\n 2] }",
        "struct A {\n  a: list<int>( // c\n    1..5,\n  ) = [\n    1, // d\n    2,\n  ]\n}",
    ),
    "in_a_union": ("union U = A // c\n // d\n | B // e", "union U =\n  A // c\n  // d\n  | B // e"),
    "before_clauses": (
        'service S {\n rpc a() // c\n // d\n throws E // e\n // f\n http GET "/a" // g\n // h\n}',
        'service S {\n  rpc a() // c\n    // d\n    throws E // e\n    // f\n    http GET "/a" // g\n  // h\n}',
    ),
    "before_an_opening_brace": ("struct A\n// c\n{ a: int }", "struct A {\n  // c\n  a: int\n}"),
    "in_the_midst_of_a_thing": ("alias A = // c\nint", "alias A = int // c"),
    "of_a_section": (
        "alias A = int\n// Section.\n\n// Of B.\nalias B = int\n\n\n// The end.",
        "alias A = int\n// Section.\n\n// Of B.\nalias B = int\n\n// The end.",
    ),
    "with_four_slashes": ("//// c  \nalias A = int", "//// c\nalias A = int"),
    "documentation_behind_a_brace": ("struct A { /// Doc.\n a: int }", "struct A {\n  /// Doc.\n  a: int\n}"),
    "documentation_at_the_end": ("struct A { a: int\n/// Stray.\n}", "struct A {\n  a: int\n  /// Stray.\n}"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [*CASES.values(), *COMMENTS.values()], ids=[*CASES, *COMMENTS])
def test_layout(text: str, expected: str) -> None:
    assert format_text(HEAD + text, "t.idl") == HEAD + expected + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "package t.v1\nalias A = // c\nint /// Of B.\nalias B = int\n",
        'package // c\nt.v1 ///\n\n// d\nimport "a.idl" as a\n',
        "package t.v1\nerror // c\nE(404 /// Stray.\n) {}\n",
    ],
)
def test_documentation_behind_something_settles_at_once(text: str) -> None:
    result = format_text(text, "t.idl")
    assert format_text(result, "t.idl") == result


def test_the_head_of_a_file() -> None:
    text = (
        '\n\n// Licence.\n\n/// Doc.\n\npackage t.v1\nimport "a.idl" as a\nimport "b.idl" {\nB,C as D }\nalias A = int'
    )
    expected = (
        "// Licence.\n\n/// Doc.\npackage t.v1\n\n"
        'import "a.idl" as a\nimport "b.idl" {\n  B,\n  C as D,\n}\n\nalias A = int\n'
    )
    assert format_text(text, "t.idl") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("package t.v1\r\nalias A = int\r\n", "package t.v1\r\n\r\nalias A = int\r\n"),
        ("package t.v1\nalias A = int\r\n", "package t.v1\n\nalias A = int\n"),
        ("package t.v1", "package t.v1\n"),
        ("\ufeffpackage t.v1\n", "package t.v1\n"),
        ("package t.v1\n\n\n  \n", "package t.v1\n"),
        ("package t.v1 // c  \t", "package t.v1 // c\n"),
    ],
)
def test_ends_of_lines_and_of_the_file(text: str, expected: str) -> None:
    assert format_text(text, "t.idl") == expected
