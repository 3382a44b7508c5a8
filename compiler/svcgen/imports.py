"""The imports of one generated module: what is used, under a name that nothing else in the module has, sorted."""

import re
from collections.abc import Iterable

from svcgen import layout
from svcgen.naming import unused

_STANDARD_LIBRARY = frozenset(("abc", "collections", "concurrent", "datetime", "decimal", "typing", "uuid"))
"""Those that generated code imports."""


class Imports:
    """Collects imports while a module is planned.

    Args:
        taken: every name that the module itself binds, at whatever level; an import that would meet one of them gets
            an alias with a trailing `_`.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._local: dict[tuple[str, str], str] = {}

    def name(self, module: str, name: str, *, prefer: str | None = None) -> str:
        """Import `name` from `module` and return what it is called here; `prefer` is the alias to start from."""
        found = self._local.get((module, name))
        if found is None:
            found = unused(prefer or name, self._taken)
            self._taken.add(found)
            self._local[module, name] = found
        return found

    def runtime(self, name: str) -> str:
        """Import `name` from the one module of the runtime that generated code knows."""
        return self.name("svcrt.generated", name)

    def lines(self, *, future: bool = True) -> str:
        """Return the import statements, sections apart by an empty line; "" without any."""
        standard = [key for key in self._local if key[0].split(".")[0] in _STANDARD_LIBRARY]
        others = [key for key in self._local if key not in standard]
        sections = [
            "from __future__ import annotations" if future else "",
            self.section(standard),
            self.section(others),
        ]
        return "\n\n".join(filter(None, sections))

    def section(self, keys: Iterable[tuple[str, str]], *, indent: int = 0) -> str:
        """Return the statements that import `keys` (module and name), sorted as isort and ruff do."""
        plain: dict[str, list[str]] = {}
        statements: list[tuple[tuple[object, ...], str]] = []
        for module, name in sorted(keys):
            local = self._local[module, name]
            if local == name:
                plain.setdefault(module, []).append(name)
            else:
                order = (_natural(module), _member(name))
                statements.append((order, _statement(module, (f"{name} as {local}",), indent)))
        for module, names in plain.items():
            ordered = tuple(sorted(names, key=_member))
            statements.append(((_natural(module), _member(ordered[0])), _statement(module, ordered, indent)))
        return f"\n{' ' * indent}".join(text for _, text in sorted(statements))


def _statement(module: str, names: tuple[str, ...], indent: int) -> str:
    line = f"from {module} import "
    text = line + ", ".join(names)
    if indent + len(text) > layout.WIDTH:
        text = line + layout.lay_out(layout.Group("(", names, ")", exploded=True), indent)
    return text


def _natural(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return the sort key of isort's natural order: numbers by value, case after the letters."""
    pieces = re.findall(r"\d+|\D+", name.lower())
    return tuple((0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces), name


def _member(name: str) -> tuple[int, tuple[tuple[tuple[int, int, str], ...], str]]:
    """Return the sort key of an imported name: constants, then classes, then the rest."""
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2
    return kind, _natural(name)
