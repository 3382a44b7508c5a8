"""How one generated module names the types that the IDL declares."""

from svcgen.imports import Imports
from svcgen.plan.names import Names
from svcidl.model import EnumValue, TopLevel


class ModuleReferences:
    """Names of declarations in one module.

    Args:
        names: of the whole run.
        imports: of the module.
        own: the IDL package whose types.py this module is; None for any other module.
    """

    def __init__(self, names: Names, imports: Imports, own: str | None = None) -> None:
        self._names = names
        self._imports = imports
        self._own = own

    def declaration(self, target: TopLevel) -> str:
        """Return what a declared type is called in this module, importing it where it is not its own."""
        name = self._names.declarations[target]
        if target.package == self._own:
            return name
        return self._imports.name(self._names.module(target.package, "types"), name)

    def value(self, value: EnumValue) -> str:
        """Return the Python name of an enum's member, without the enum."""
        return self._names.values[value]
