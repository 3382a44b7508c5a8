"""Struct classes, which types.py and contract.py have in common."""

from collections.abc import Iterable

from svcgen.imports import Imports
from svcgen.layout import STEP, Doc, Group, Row, call, lay_out
from svcgen.plan.docs import written
from svcgen.plan.modules import ClassBlock
from svcgen.plan.names import Names
from svcgen.source_text import string
from svcgen.types import TypeWriter
from svcidl.model import Field


class StructWriter:
    """Writes the structs of one module.

    Args:
        names: of the whole run.
        imports: of the module.
        types: of the module.
    """

    def __init__(self, names: Names, imports: Imports, types: TypeWriter) -> None:
        self._names = names
        self._imports = imports
        self._types = types

    def struct(self, name: str, fields: Iterable[Field], docstring: str, *, tag: str | None = None) -> ClassBlock:
        """Return the class of a struct; `tag` is the wire tag of a variant."""
        fields = tuple(fields)
        base: list[Doc] = [self._imports.runtime("Struct"), "kw_only=True"]
        spellings = [(self._names.fields[field], field.name) for field in fields]
        pairs = tuple(f"{string(python)}: {string(wire)}" for python, wire in spellings if python != wire)
        if pairs:
            base.append(Row(("rename=", Group("{", pairs, "}"))))
        if tag is not None:
            base += [f"tag={string(tag)}", 'tag_field="type"']
        header = lay_out(Row((call(f"class {name}", *base), ":")))
        return ClassBlock(header=header, docstring=docstring, attributes=tuple(self._attributes(fields)))

    def _attributes(self, fields: Iterable[Field]) -> Iterable[str]:
        for field in fields:
            parts: list[Doc] = [f"{self._names.fields[field]}: ", self._types.field(field)]
            default = self._types.struct_default(field)
            if default is not None:
                parts += [" = ", default]
            yield lay_out(Row(tuple(parts)), STEP)
            doc = written(field, indent=STEP)
            if doc:
                yield doc
