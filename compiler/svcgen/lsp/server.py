"""The server: pygls calls, the modules beside this one answer."""

import asyncio
import os
from collections.abc import Mapping
from importlib.metadata import version

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

from svcgen.lint_settings import FILE_NAME, LintSettingsError, read_lint_settings
from svcgen.lsp.debouncer import Debouncer
from svcgen.lsp.diagnostics import published
from svcgen.lsp.positions import Positions
from svcgen.lsp.project import Project, key_of
from svcgen.lsp.view import View, path_of
from svcidl.lint import UnknownRule, configure

QUIET_MS = 150
"""Milliseconds without a keystroke after which a file is checked, unless the client's option `delay` says another."""


class SvcgenServer(LanguageServer):
    """What one editor has open.

    The whole text of a document comes with every change: pygls splits lines where `str.splitlines` does, at U+2028,
    too, which the protocol does not, so that its incremental changes would land in the wrong place.
    """

    def __init__(self, *, include: tuple[str, ...] = ()) -> None:
        super().__init__("svcgen", version("svcgen"), text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.project = Project(include=include)
        self.uris: dict[str, str] = {}
        self._published: set[str] = set()
        self._groups: dict[str, frozenset[str]] = {}
        self._debouncer: Debouncer | None = None
        self._delay_ms: float = QUIET_MS

    # --- settings ------------------------------------------------------------------

    def start(self, options: object) -> None:
        """Take over the client's options and the workspace folders."""
        folders = [path for path in map(uris.to_fs_path, self.workspace.folders) if path is not None]
        root = self.workspace.root_path
        folders = folders or ([root] if root else [])
        if isinstance(options, Mapping):
            delay = options.get("delay")
            if isinstance(delay, int | float) and delay >= 0:
                self._delay_ms = delay
            given = options.get("include")
            if isinstance(given, list):
                base = folders[0] if folders else os.getcwd()
                extra = [os.path.join(base, folder) for folder in given if isinstance(folder, str)]
                self.project.include = (*self.project.include, *extra)
        self.project.set_folders(folders)
        self.read_settings(folders)

    def read_settings(self, folders: list[str]) -> None:
        """Read which lint rules the project has chosen; what is wrong with the file is shown."""
        path = next((p for p in (os.path.join(folder, FILE_NAME) for folder in folders) if os.path.isfile(p)), None)
        if path is None:
            return
        from pathlib import Path

        try:
            self.project.lint_config = configure(read_lint_settings(Path(path)))
        except (LintSettingsError, UnknownRule) as error:
            shown = types.ShowMessageParams(type=types.MessageType.Warning, message=f"svcgen: {error}")
            self.window_show_message(shown)

    # --- documents -------------------------------------------------------------------

    @property
    def positions(self) -> Positions:
        """How the client counts."""
        return Positions(str(self.workspace.position_encoding or types.PositionEncodingKind.Utf16))

    def view(self, uri: str) -> View:
        """Return a document with what is known of it."""
        path = path_of(uri)
        analysis = self.project.analyse(path)
        shown = analysis.paths[key_of(path)]
        source = analysis.source(shown)
        if source is None:
            raise FileNotFoundError(f"{path} is not open and cannot be read")
        return View(
            project=self.project,
            positions=self.positions,
            uris=self.uris,
            path=shown,
            source=source,
            analysis=analysis,
        )

    def typing_view(self, uri: str) -> View:
        """Return a document as it is, with what was known of it some keystrokes ago: completion must not wait."""
        path = path_of(uri)
        source, known = self.project.text(path), self.project.last_unit(path)
        if source is None or known is None:
            return self.view(uri)
        return View(
            project=self.project,
            positions=self.positions,
            uris=self.uris,
            path=source.path,
            source=source,
            analysis=known[0],
        )

    def any_view(self, path: str) -> View | None:
        """Return a file of a group that could be read, None if none could."""
        analysis = self.project.analyse(path)
        shown = next(iter(analysis.checked.sources), None)
        return None if shown is None else self.view(self.uris.get(key_of(shown)) or uris.from_fs_path(shown) or shown)

    @property
    def takes_snippets(self) -> bool:
        """Whether completions may have places to fill in."""
        document = self.client_capabilities.text_document
        item = document.completion.completion_item if document is not None and document.completion is not None else None
        return bool(item is not None and item.snippet_support)

    @property
    def can_confirm(self) -> bool:
        """Whether the client asks before it makes an edit that wants it."""
        workspace = self.client_capabilities.workspace
        edit = workspace.workspace_edit if workspace is not None else None
        return bool(edit is not None and edit.document_changes and edit.change_annotation_support)

    def take(self, uri: str) -> None:
        """Let the text that the client has count."""
        path = path_of(uri)
        self.uris[key_of(path)] = uri
        self.project.open(path, self.workspace.get_text_document(uri).source)

    def drop(self, uri: str) -> None:
        """Let the text on disk count."""
        path = path_of(uri)
        self.uris.pop(key_of(path), None)
        self.project.close(path)
        self.project.rescan()

    # --- findings ----------------------------------------------------------------------

    def check_soon(self, uri: str) -> None:
        """Check a document and all that it is bound to, once the user pauses."""
        if self._debouncer is None:
            self._debouncer = Debouncer(asyncio.get_running_loop().call_later, self._delay_ms / 1000)
        self._debouncer.request(uri, lambda: self.check(path_of(uri)))

    def check(self, path: str) -> None:
        """Publish what is wrong with a file, with all that it is bound to, and with all that it was bound to."""
        key = key_of(path)
        left = {key, *self._groups.get(key, ())}
        while left:
            start = left.pop()
            if start in self.project.paths:
                keys = self._check_group(self.project.paths[start])
                left -= keys
            else:
                self._publish_none(start)

    def check_all(self) -> None:
        """Publish what is wrong with any file."""
        gone = self._published - set(self.project.paths)
        for path in list(self.project.groups()):
            self._check_group(path)
        for key in gone:
            self._publish_none(key)

    def _check_group(self, path: str) -> frozenset[str]:
        analysis = self.project.analyse(path)
        keys = frozenset(analysis.paths)
        for key, shown in analysis.paths.items():
            self._groups[key] = keys
            if analysis.source(shown) is None:
                self._publish_none(key)
                continue
            view = self.view(self.uris.get(key) or uris.from_fs_path(shown) or shown)
            self._publish(key, view.uri(shown), published(view))
        return keys

    def _publish(self, key: str, uri: str, found: list[types.Diagnostic]) -> None:
        is_open = key in self.uris
        if not found and not is_open and key not in self._published:
            return
        self._published.add(key)
        number = self.workspace.get_text_document(uri).version if is_open else None
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=number, diagnostics=found)
        )

    def _publish_none(self, key: str) -> None:
        if key in self._published:
            self._published.discard(key)
            uri = self.uris.get(key) or uris.from_fs_path(key) or key
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))
