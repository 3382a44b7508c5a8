"""Ties the requests of the protocol to what answers them."""

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from svcgen.lsp import actions, completion, formatting, hover, navigation, rename, symbols
from svcgen.lsp.server import SvcgenServer


def make_server(*, include: tuple[str, ...] = ()) -> SvcgenServer:
    """Return a server that looks imports up in these folders, too."""
    server = SvcgenServer(include=include)
    _add_documents(server)
    _add_reading(server)
    _add_changing(server)
    return server


def _add_documents(server: SvcgenServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.start(params.initialization_options)

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        _watch_files(server)
        server.check_all()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server.take(params.text_document.uri)
        server.check_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server.take(params.text_document.uri)
        server.check_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        server.drop(params.text_document.uri)
        server.check_soon(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def did_change_files(_params: types.DidChangeWatchedFilesParams) -> None:
        server.project.rescan()
        server.check_all()


def _watch_files(server: SvcgenServer) -> None:
    workspace = server.client_capabilities.workspace
    watched = workspace.did_change_watched_files if workspace is not None else None
    if watched is None or not watched.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions(
        watchers=[types.FileSystemWatcher(glob_pattern="**/*.idl")]
    )
    made = types.Registration(
        id="svcgen-files", method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES, register_options=options
    )
    server.client_register_capability(types.RegistrationParams(registrations=[made]))


def _add_reading(server: SvcgenServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def on_hover(params: types.HoverParams) -> types.Hover | None:
        return hover.hover(server.view(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def on_definition(params: types.DefinitionParams) -> types.Location | None:
        return navigation.definition(server.view(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def on_references(params: types.ReferenceParams) -> list[types.Location]:
        view = server.view(params.text_document.uri)
        return navigation.references(view, params.position, with_declaration=params.context.include_declaration)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def on_highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        return navigation.highlights(server.view(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_outline(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return symbols.outline(server.view(params.text_document.uri))

    @server.feature(types.WORKSPACE_SYMBOL)
    def on_symbols(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        views = (server.any_view(path) for path in list(server.project.groups()))
        return [each for view in views if view for each in symbols.workspace_symbols(view, params.query)]


def _add_changing(server: SvcgenServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(completion.TRIGGERS))
    )
    def on_completion(params: types.CompletionParams) -> list[types.CompletionItem]:
        view = server.typing_view(params.text_document.uri)
        return completion.completion(view, params.position, snippets=server.takes_snippets)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def on_prepare_rename(params: types.PrepareRenameParams) -> types.Range | None:
        return rename.prepare(server.view(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def on_rename(params: types.RenameParams) -> types.WorkspaceEdit:
        view = server.view(params.text_document.uri)
        try:
            return rename.rename(view, params.position, params.new_name, can_confirm=server.can_confirm)
        except rename.CannotRename as error:
            raise JsonRpcInvalidParams(message=f"cannot rename: {error}") from error

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def on_formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        return formatting.edits(server.view(params.text_document.uri))

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, actions.FIX_ALL]),
    )
    def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        view = server.view(params.text_document.uri)
        only = None if params.context.only is None else [_value(each) for each in params.context.only]
        return actions.actions(view, params.range, only)


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind
