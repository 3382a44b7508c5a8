"""`|` marks the cursor."""

import pytest

from svcidl.cursor import METHODS, Place, Want, place_at

HEAD = 'package a.b\nimport "common.idl" { Money }\n\n'


def at(text: str) -> Place | None:
    before, _, after = (HEAD + text).partition("|")
    return place_at(before + after, len(before))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("struct A { x: | }", Want.TYPE),
        ("struct A { x: in|\n y: int }", Want.TYPE),
        ("struct A { x: list<|", Want.TYPE),
        ("struct A { x: map<str, | }", Want.TYPE),
        ("struct A {\n  a: str\n  b: |\n}", Want.TYPE),
        ("alias A = |", Want.TYPE),
        ("service S { rpc get(id: |) }", Want.TYPE),
        ("service S {\n  rpc get(\n    id: uuid,\n    to: |\n", Want.TYPE),
        ("service S { rpc get(id: uuid) -> |\n}", Want.TYPE),
        ("service S { rpc get() -> stream |\n}", Want.TYPE),
        ('service S { socket live "/l" receives |', Want.TYPE),
        ("service S { rpc get() -> A throws |\n}", Want.ERROR),
        ("service S { rpc get() -> A throws E, |\n}", Want.ERROR),
        ("service S { publishes | }", Want.EVENT),
        ("service S { subscribes Or| as x }", Want.EVENT),
        ("service S {\n  uses |\n}", Want.SERVICE),
        ("struct A { @| x: int }", Want.ANNOTATION),
        ("struct A { x: Colour = | }", Want.DEFAULT),
        ("union U = A | |", None),
        ('import "|', Want.PATH),
        ('import "x.idl" { | }', Want.PICK),
        ('error E(404) "no {|" { id: uuid }', Want.HOLE),
        ('service S { rpc get(id: uuid) http GET "/a/{|" }', Want.HOLE),
        ('service S { rpc put(a: A) http POST "/a" body | }', Want.BODY),
    ],
)
def test_a_place_asks_for_one_kind_of_thing(text: str, want: Want | None) -> None:
    found = at(text.replace("A | |", "A | \x00")) if want is None else at(text)
    if want is None:
        before = HEAD + text[: text.rindex("|")]
        found = place_at(before, len(before))
        want = Want.VARIANT
    assert found is not None
    assert found.want is want


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cl|", {"closed", "struct", "service", "import"}),
        ("closed |", {"enum", "union"}),
        ("struct A { x: int }\n\n|", {"struct", "service"}),
        ("service S {\n  rpc get()\n  |\n}", {"->", "throws", "http", "rpc", "timer"}),
        ("service S {\n  rpc get() |\n}", {"->", "throws", "http"}),
        ("service S {\n  rpc get() http |\n}", set(METHODS)),
        ('service S {\n  rpc get() http GET "/" |\n}', {"body", "status"}),
        ("service S {\n  timer tick |\n}", {"every", "cron"}),
        ('service S {\n  timer tick cron "0 2 * * *" |\n}', {"tz"}),
        ('service S {\n  socket live "/l" |\n}', {"receives"}),
        ('service S {\n  socket live "/l" receives A |\n}', {"sends"}),
        ("service S {\n  subscribes E |\n}", {"as"}),
        ("service S {\n  @delivery(|)\n  subscribes E as e\n}", {"pool", "broadcast", "singleton"}),
        ("struct A {\n  x: int\n  |\n}", {"reserved"}),
        ('struct A { x: str(format: "|") }', {"email", "uri", "hostname"}),
        ("struct A { x: str(|) }", {"pattern", "format"}),
    ],
)
def test_words_go_by_the_place(text: str, words: set[str]) -> None:
    found = at(text)
    assert found is not None
    assert found.want is Want.WORD
    assert words <= set(found.words)


def test_clauses_that_are_written_are_not_offered_again() -> None:
    found = at("service S {\n  rpc get() -> A throws E |\n}")
    assert found is not None
    assert found.words == ("http",)


@pytest.mark.parametrize(
    "text",
    ["// a str|", "/// a str|", "struct |", "struct A { na| }", 'struct A { x: str = "a|" }', "service S { rpc |"],
)
def test_where_only_the_author_knows_nothing_is_offered_but_reserved(text: str) -> None:
    found = at(text)
    assert found is None or found.words == ("reserved",)


def test_annotations_know_where_they_stand() -> None:
    for text, places in {
        "struct A { @| x: int }": ("field",),
        "enum A { @| x }": ("value",),
        "service S { rpc a(@|": ("parameter",),
        "service S {\n  @|\n  timer t every 3s\n}": ("timer",),
        "service S {\n  @ti|\n  /// text\n  @idempotent\n  rpc a()\n}": ("rpc",),
        "@|\nstruct A {}": ("struct",),
    }.items():
        found = at(text)
        assert found is not None
        assert (found.want, found.places) == (Want.ANNOTATION, places), text


def test_names_in_reach() -> None:
    for text, names in {
        'service S { rpc get(id: uuid, @query limit: int(1..9) = 3) http GET "/a/{|"': ("id", "limit"),
        'service S { rpc put(id: uuid, a: A) http PUT "/a/{id}" body |': ("id", "a"),
        'service S { route export GET "/a/{|}" (id: uuid, to: date?) }': ("id", "to"),
        'error E(404) "no {|}" { id: uuid }': ("id",),
        "struct A { x: billing.Colour = | }": ("billing", "Colour"),
        'import "x/y.idl" { A, | }': ("x/y.idl",),
    }.items():
        found = at(text)
        assert found is not None, text
        assert found.names == names, text


def test_behind_a_dot_stands_a_name_of_the_module() -> None:
    found = at("service S { uses billing.Bi| }")
    assert found is not None
    assert (found.want, found.module) == (Want.SERVICE, "billing")
    assert found.start == len(HEAD + "service S { uses billing.")
