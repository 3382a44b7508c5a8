"""An editor for tests: pygls' own client, a real `svcgen lsp` process, and texts with `|` where the cursor stands."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
PATIENCE = 30.0
CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True, change_annotation_support=types.ChangeAnnotationsSupportOptions()
        )
    ),
    text_document=types.TextDocumentClientCapabilities(
        completion=types.CompletionClientCapabilities(
            completion_item=types.ClientCompletionItemOptions(snippet_support=True)
        )
    ),
)


class Editor:
    """Opens files, types into them and asks; `folder` is the workspace."""

    def __init__(self, folder: Path, capabilities: types.ClientCapabilities = CAPABILITIES) -> None:
        self.folder = folder
        self._runner = asyncio.Runner()
        self._versions: dict[str, int] = {}
        self._found: dict[str, types.PublishDiagnosticsParams] = {}
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self.client = LanguageClient("tests", "1")

        def take(params: types.PublishDiagnosticsParams) -> None:
            self._take(params)

        register: Callable[[object], object] = self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        register(take)

        self.server = self.run(self._start(capabilities))

    def _take(self, params: types.PublishDiagnosticsParams) -> None:
        self._found[params.uri] = params
        self._news.put_nowait(params.uri)

    async def _start(self, capabilities: types.ClientCapabilities) -> types.InitializeResult:
        await self.client.start_io(sys.executable, "-m", "svcgen", "lsp")
        started = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                initialization_options={"delay": 0},
                workspace_folders=[types.WorkspaceFolder(uri=self.folder.as_uri(), name="test")],
            )
        )
        self.client.initialized(types.InitializedParams())
        return started

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer."""

        async def patiently() -> T:
            return await asyncio.wait_for(work, PATIENCE)

        return self._runner.run(patiently())

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> list[types.Diagnostic]:
        """Open a file or type into it, and return what is wrong with it."""
        uri = self.uri(name)
        version = self._versions.get(uri, 0) + 1
        self._versions[uri] = version
        if version == 1:
            item = types.TextDocumentItem(uri=uri, language_id="svcgen", version=version, text=text)
            self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        else:
            self.client.text_document_did_change(
                types.DidChangeTextDocumentParams(
                    text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=version),
                    content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
                )
            )
        return self.run(self._wait(uri, version))

    async def _wait(self, uri: str, version: int) -> list[types.Diagnostic]:
        while uri not in self._found or self._found[uri].version != version:
            await self._news.get()
        return list(self._found[uri].diagnostics)

    def until(self, name: str, codes: list[str]) -> None:
        """Wait until exactly these are the codes of what is wrong with a file."""

        async def wait() -> None:
            while [each.code for each in self._found[self.uri(name)].diagnostics] != codes:
                await self._news.get()

        self.run(wait())

    def place(self, name: str, marked: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
        """Open a file whose text has `|` at the cursor, and return the cursor's place in UTF-16."""
        before, _, after = marked.partition("|")
        self.open(name, before + after)
        line = before.rpartition("\n")[2]
        position = types.Position(line=before.count("\n"), character=len(line.encode("utf-16-le")) // 2)
        return types.TextDocumentIdentifier(uri=self.uri(name)), position

    def close(self) -> int | None:
        """Leave as editors do, and return the server's exit code."""

        async def leave() -> int | None:
            await self.client.shutdown_async(None)
            self.client.exit(None)
            await self.client.stop()
            server = self.client._server
            return None if server is None else server.returncode

        code = self.run(leave())
        self._runner.close()
        return code
