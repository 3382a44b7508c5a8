"""One file as a request sees it: its path, its text, and what is known of it."""

from dataclasses import dataclass

from lsprotocol import types
from pygls import uris

from svcgen.lsp.positions import Positions
from svcgen.lsp.project import Analysis, Project, key_of
from svcidl.index import Occurrence
from svcidl.resolve.program import Unit
from svcidl.source import SourceFile, Span


def path_of(uri: str) -> str:
    """Return the path of a document; one that lies in no file is called by its URI."""
    path = uris.to_fs_path(uri) if uris.uri_scheme(uri) in ("file", "") else None
    return path or uri


@dataclass(frozen=True, kw_only=True)
class View:
    """One file of an analysis.

    Attributes:
        uris: by key, how the client calls the documents that it has open.
    """

    project: Project
    positions: Positions
    uris: dict[str, str]
    path: str
    source: SourceFile
    analysis: Analysis

    @property
    def unit(self) -> Unit | None:
        """The file's tree and names, None where it could not be parsed."""
        return self.analysis.units.get(self.source.key)

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position of this file."""
        return self.positions.offset(self.source, position)

    def occurrence(self, position: types.Position) -> Occurrence | None:
        """Return the name at a position."""
        return self.analysis.index.at(self.source.path, self.offset(position))

    def range(self, span: Span) -> types.Range:
        """Return the range of a span of any file of the analysis."""
        source = self.source if span.file == self.source.path else self.analysis.source(span.file)
        return self.positions.range(source, span) if source is not None else _TOP

    def location(self, span: Span) -> types.Location:
        """Return where a span is."""
        return types.Location(uri=self.uri(span.file), range=self.range(span))

    def uri(self, path: str) -> str:
        """Return how the client calls a file."""
        return self.uris.get(key_of(path)) or uris.from_fs_path(path) or path


_TOP = types.Range(start=types.Position(line=0, character=0), end=types.Position(line=0, character=0))
