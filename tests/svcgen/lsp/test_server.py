"""The language server as an editor meets it: a process, spoken to by pygls' client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from editor import Editor

COMMON = """/// Shared things.
package acme.common

/// An amount 💶 of money.
struct Money { amount: decimal(12, 2), currency: str(3) }
enum Colour { red, green }
"""
ORDERS = """package acme.orders

import "common.idl" { Money }
import "common.idl" as common

/// One 🛒 order.
struct Order { /// 💶
  id: uuid, total: Money
  colour: common.Colour = red
}
error Gone(404) "no {id} here" { id: uuid }
event Placed { order: Order }
service Orders {
  publishes Placed
  /// Fetch one.
  @idempotent
  rpc get(id: uuid) -> Order throws Gone
    http GET "/orders/{id}"
}
"""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "common.idl").write_text(COMMON, encoding="utf-8")
    (folder / "orders.idl").write_text(ORDERS, encoding="utf-8")
    editor = Editor(folder)
    yield editor
    assert editor.close() == 0


@pytest.fixture(autouse=True)
def _as_on_disk(editor: Editor) -> None:
    editor.open("common.idl", COMMON)
    editor.open("orders.idl", ORDERS)


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [each.code for each in found]


def at(
    editor: Editor, needle: str, name: str = "orders.idl", text: str = ORDERS
) -> tuple[types.TextDocumentIdentifier, types.Position]:
    """The place of `|` in a piece of the file that stands there once without it."""
    plain = needle.replace("|", "")
    assert text.count(plain) == 1
    return editor.place(name, text.replace(plain, needle))


def spelt(text: str, range: types.Range) -> str:
    """What stands in a range of UTF-16 units."""
    lines = text.split("\n")
    assert range.start.line == range.end.line
    line = lines[range.start.line].encode("utf-16-le")
    return line[range.start.character * 2 : range.end.character * 2].decode("utf-16-le")


def edited(text: str, edits: list[types.TextEdit]) -> str:
    def offset(position: types.Position) -> int:
        lines = text.split("\n")[: position.line + 1]
        last = lines[-1].encode("utf-16-le")[: position.character * 2].decode("utf-16-le")
        return sum(len(line) + 1 for line in lines[:-1]) + len(last)

    for each in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        text = text[: offset(each.range.start)] + each.new_text + text[offset(each.range.end) :]
    return text


def labels(editor: Editor, marked: str, name: str = "orders.idl") -> list[str]:
    document, position = editor.place(name, marked)
    params = types.CompletionParams(text_document=document, position=position)
    found = editor.run(editor.client.text_document_completion_async(params))
    assert isinstance(found, list)
    return [each.label for each in found]


# --- findings ------------------------------------------------------------------------


def test_mistakes_are_shown_with_remedies_at_places_in_utf_16(editor: Editor) -> None:
    text = ORDERS.replace("total: Money", "total: Mony")
    (found,) = editor.open("orders.idl", text)
    assert (found.code, found.source, found.severity) == ("E0201", "svcgen", types.DiagnosticSeverity.Error)
    assert "did you mean `Money`?" in found.message
    assert spelt(text, found.range) == "Mony"


def test_a_broken_file_is_checked_as_far_as_it_can_be_read(editor: Editor) -> None:
    found = editor.open(
        "orders.idl", ORDERS.replace("id: uuid, total", "id uuid, total").replace("throws Gone", "throws Gon")
    )
    assert codes(found) == ["E0102", "E0201"]
    assert editor.open("orders.idl", ORDERS) == []


def test_what_imports_the_edited_file_is_checked_with_its_unsaved_text(editor: Editor) -> None:
    editor.open("common.idl", COMMON.replace("struct Money", "struct Cash"))
    editor.until("orders.idl", ["E0207"])
    editor.open("common.idl", COMMON)
    editor.until("orders.idl", [])


def test_a_file_that_was_never_saved_is_checked_and_can_be_imported(editor: Editor) -> None:
    assert editor.open("new.idl", "package acme.new\n\nstruct New { x: int }\n") is not None
    text = 'package acme.user\n\nimport "new.idl" { New }\n\nstruct User { new: New, other: Nix }\n'
    assert codes(editor.open("user.idl", text)) == ["E0201"]


def test_lint_findings_are_warnings(editor: Editor) -> None:
    found = editor.open("orders.idl", ORDERS.replace("{ Money }", "{ Money, Colour }"))
    assert [each.severity for each in found] == [types.DiagnosticSeverity.Warning]
    assert list(found[0].tags or ()) == [types.DiagnosticTag.Unnecessary]


# --- reading ----------------------------------------------------------------------------


def test_hover_shows_declaration_and_documentation(editor: Editor) -> None:
    for needle, parts in {
        "total: Mo|ney": ["struct `acme.common.Money`", "struct Money { amount", "An amount 💶 of money."],
        "common.Co|lour": ["enum `acme.common.Colour`", "enum Colour { red, green }"],
        "= r|ed": ["value `Colour.red`"],
        "rpc g|et": ["rpc `Orders.get`", "@idempotent\nrpc get(id: uuid) -> Order throws Gone", "Fetch one."],
        "/orders/{i|d}": ["parameter `get.id`", "id: uuid"],
        "id: u|uid, total": ["`uuid.UUID`"],
    }.items():
        document, position = at(editor, needle)
        params = types.HoverParams(text_document=document, position=position)
        found = editor.run(editor.client.text_document_hover_async(params))
        assert found is not None, needle
        assert isinstance(found.contents, types.MarkupContent)
        assert all(part in found.contents.value for part in parts), found.contents.value


def test_definition_leads_to_the_declaration_in_any_file(editor: Editor) -> None:
    for needle, name, text, target in [
        ("total: Mo|ney", "common.idl", COMMON, "Money"),
        ("= r|ed", "common.idl", COMMON, "red"),
        ("throws Go|ne", "orders.idl", ORDERS, "Gone"),
        ("no {i|d} here", "orders.idl", ORDERS, "id"),
        ('import "com|mon.idl" {', "common.idl", COMMON, "acme.common"),
    ]:
        document, position = at(editor, needle)
        params = types.DefinitionParams(text_document=document, position=position)
        found = editor.run(editor.client.text_document_definition_async(params))
        assert isinstance(found, types.Location), needle
        assert found.uri == editor.uri(name)
        assert spelt(text, found.range) == target


def test_references_are_found_in_all_files(editor: Editor) -> None:
    document, position = at(editor, "struct Mo|ney", "common.idl", COMMON)
    context = types.ReferenceContext(include_declaration=True)
    params = types.ReferenceParams(text_document=document, position=position, context=context)
    found = editor.run(editor.client.text_document_references_async(params))
    assert found is not None
    texts = {editor.uri("common.idl"): COMMON, editor.uri("orders.idl"): ORDERS}
    assert [each.uri for each in found] == [editor.uri("common.idl"), *[editor.uri("orders.idl")] * 2]
    assert {spelt(texts[each.uri], each.range) for each in found} == {"Money"}


def test_outline_and_workspace_symbols(editor: Editor) -> None:
    document = types.TextDocumentIdentifier(uri=editor.uri("orders.idl"))
    outline = editor.run(
        editor.client.text_document_document_symbol_async(types.DocumentSymbolParams(text_document=document))
    )
    assert outline is not None
    assert [each.name for each in outline] == ["Order", "Gone", "Placed", "Orders"]
    first = outline[0]
    assert isinstance(first, types.DocumentSymbol)
    assert [each.name for each in first.children or ()] == ["id", "total", "colour"]
    found = editor.run(editor.client.workspace_symbol_async(types.WorkspaceSymbolParams(query="mny")))
    assert [each.name for each in found or ()] == ["Money"]


# --- changing -----------------------------------------------------------------------------


def rename(
    editor: Editor, needle: str, new_name: str, name: str = "orders.idl", text: str = ORDERS
) -> types.WorkspaceEdit | None:
    document, position = at(editor, needle, name, text)
    params = types.RenameParams(text_document=document, position=position, new_name=new_name)
    return editor.run(editor.client.text_document_rename_async(params))


def test_rename_changes_all_files_and_they_stay_sound(editor: Editor) -> None:
    edit = rename(editor, "struct Mo|ney", "Cash", "common.idl", COMMON)
    assert edit is not None
    assert edit.changes is not None
    common = edited(COMMON, list(edit.changes[editor.uri("common.idl")]))
    orders = edited(ORDERS, list(edit.changes[editor.uri("orders.idl")]))
    assert "struct Cash {" in common
    assert "{ Cash }" in orders
    editor.open("common.idl", common)
    assert editor.open("orders.idl", orders) == []


@pytest.mark.parametrize(
    ("new_name", "reason"),
    [
        ("Gone", "twice"),
        ("1x", "no name"),
        ("str", "belongs to the language"),
        ("__x", "underscores"),
        ("a b", "no name"),
    ],
)
def test_rename_refuses_what_would_be_a_mistake(editor: Editor, new_name: str, reason: str) -> None:
    with pytest.raises(JsonRpcException, match=reason):
        rename(editor, "struct Or|der", new_name)


def test_a_renamed_field_can_keep_its_former_name_on_the_wire(editor: Editor) -> None:
    edit = rename(editor, "to|tal: Money", "sum")
    assert edit is not None
    assert edit.document_changes is not None
    (document,) = edit.document_changes
    assert isinstance(document, types.TextDocumentEdit)
    annotated = [each for each in document.edits if isinstance(each, types.AnnotatedTextEdit)]
    assert [each.new_text for each in annotated] == ['@renamed("total") ']
    assert edit.change_annotations is not None
    assert all(each.needs_confirmation for each in edit.change_annotations.values())


def test_a_parameter_is_renamed_in_its_path(editor: Editor) -> None:
    edit = rename(editor, "/orders/{i|d}", "order_id")
    assert edit is not None
    assert edit.document_changes is not None
    (document,) = edit.document_changes
    assert isinstance(document, types.TextDocumentEdit)
    assert [each.new_text for each in document.edits if isinstance(each, types.TextEdit)].count("order_id") == 2


def test_formatting_gives_edits_that_make_the_canonical_layout(editor: Editor) -> None:
    from svcidl.fmt import format_text

    for messy in (
        ORDERS.replace("  id: uuid, total", "id:uuid,total"),
        ORDERS + "\n\n\n",
        ORDERS.rstrip(),
        "\n\n" + ORDERS,
    ):
        document, _ = editor.place("orders.idl", messy)
        options = types.FormattingOptions(tab_size=2, insert_spaces=True)
        params = types.DocumentFormattingParams(text_document=document, options=options)
        edits = editor.run(editor.client.text_document_formatting_async(params))
        assert edits is not None
        assert edited(messy, list(edits)) == format_text(messy, "orders.idl")


def test_a_broken_file_is_not_formatted(editor: Editor) -> None:
    document, _ = editor.place("orders.idl", ORDERS + "struct {")
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    params = types.DocumentFormattingParams(text_document=document, options=options)
    assert editor.run(editor.client.text_document_formatting_async(params)) is None


def actions(editor: Editor, text: str, only: list[types.CodeActionKind | str] | None = None) -> list[types.CodeAction]:
    (found,) = editor.open("orders.idl", text)
    params = types.CodeActionParams(
        text_document=types.TextDocumentIdentifier(uri=editor.uri("orders.idl")),
        range=found.range,
        context=types.CodeActionContext(diagnostics=[found], only=only),
    )
    made = editor.run(editor.client.text_document_code_action_async(params))
    return [each for each in made or () if isinstance(each, types.CodeAction)]


@pytest.mark.parametrize(
    "text",
    [
        ORDERS.replace("total: Money", "total: Mony"),
        ORDERS.replace('import "common.idl" { Money }\nimport "common.idl" as common\n', "").replace(
            "  colour: common.Colour = red\n", ""
        ),
        ORDERS.replace("{ Money }", "{ Money, Colour }"),
    ],
    ids=["did you mean", "add import", "lint"],
)
def test_an_action_removes_the_finding(editor: Editor, text: str) -> None:
    action = actions(editor, text)[0]
    assert action.is_preferred
    assert action.edit is not None
    assert action.edit.changes is not None
    assert editor.open("orders.idl", edited(text, list(action.edit.changes[editor.uri("orders.idl")]))) == []


def test_all_safe_fixes_are_made_at_once_where_asked_for(editor: Editor) -> None:
    text = ORDERS.replace("{ Money }", "{ Money, Colour }")
    (action,) = actions(editor, text, [types.CodeActionKind.SourceFixAll])
    assert action.kind == "source.fixAll.svcgen"


# --- completion ---------------------------------------------------------------------------


def test_completion_of_types_in_a_file_that_is_broken_behind_it(editor: Editor) -> None:
    found = labels(editor, ORDERS.replace("total: Money", "total: |"))
    assert {"uuid", "list", "Money", "Order", "common"} <= set(found)
    assert not {"Gone", "Placed", "Orders"} & set(found)
    assert labels(editor, ORDERS + "struct A { x: common.|") == ["Money", "Colour"]


def test_completion_of_names_by_kind(editor: Editor) -> None:
    assert labels(editor, ORDERS.replace("throws Gone", "throws |")) == ["Gone"]
    assert labels(editor, ORDERS.replace("publishes Placed", "publishes |")) == ["Placed"]
    assert labels(editor, ORDERS.replace("= red", "= |")) == ["red", "green"]
    assert labels(editor, ORDERS.replace("/orders/{id}", "/orders/{|")) == ["id"]
    assert labels(editor, ORDERS.replace("{ Money }", "{ | }")) == ["Money", "Colour"]
    assert "common.idl" in labels(editor, ORDERS.replace('"common.idl" {', '"| {'))
    assert labels(editor, ORDERS.replace("@idempotent", "@|")) == [
        "timeout",
        "idempotent",
        "concurrency",
        "auth",
        "deprecated",
    ]
    assert "oneway" in labels(editor, ORDERS.replace("  publishes", "  |\n  publishes"))


def test_choosing_a_type_of_another_file_imports_it(editor: Editor) -> None:
    text = "package acme.third\n\nstruct Third { price: |"
    document, position = editor.place("third.idl", text)
    params = types.CompletionParams(text_document=document, position=position)
    found = editor.run(editor.client.text_document_completion_async(params))
    assert isinstance(found, list)
    (money,) = [each for each in found if each.label == "Money"]
    assert [each.new_text for each in money.additional_text_edits or ()] == ['\n\nimport "common.idl" { Money }']


# --- the whole ------------------------------------------------------------------------------


def test_the_server_says_what_it_can(editor: Editor) -> None:
    can = editor.server.capabilities
    assert can.position_encoding == types.PositionEncodingKind.Utf16
    assert can.rename_provider
    assert can.document_formatting_provider


def test_places_are_in_the_encoding_that_the_client_prefers(tmp_path: Path) -> None:
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8])
    editor = Editor(tmp_path, types.ClientCapabilities(general=general))
    assert editor.server.capabilities.position_encoding == types.PositionEncodingKind.Utf8
    line = 'struct A { x: str = "💶", y: Nix }'
    (found,) = editor.open("a.idl", f"package a.b\n\n{line}\n")
    start, end = found.range.start.character, found.range.end.character
    assert line.encode()[start:end] == b"Nix"
    assert editor.close() == 0
