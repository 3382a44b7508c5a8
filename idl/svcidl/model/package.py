"""Packages, and the whole of a run."""

from dataclasses import dataclass

from svcidl.model.data import Alias, Enum, Error, Event, Struct, Union
from svcidl.model.service import Service
from svcidl.source import Span

Declaration = Alias | Enum | Struct | Union | Error | Event | Service


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Package:
    """One file. `declarations` in written order; `imports` are the packages it imports, in written order, each once.

    `requested` tells a file given by the user from one that was only imported.
    """

    name: str
    path: str
    doc: str
    declarations: tuple[Declaration, ...]
    imports: tuple[str, ...]
    requested: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """All packages of a run, requested ones first in the order given, imported ones after."""

    packages: tuple[Package, ...]

    def package(self, name: str) -> Package:
        """Return the package called `name`; raises KeyError."""
        for package in self.packages:
            if package.name == name:
                return package
        raise KeyError(name)
