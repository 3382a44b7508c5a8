"""What documents over several packages have in common: what they say of themselves, and the schemas they refer to."""

import re
from collections.abc import Sequence
from typing import Any

from svcgen.marks import MARK
from svcgen.targets.schemas import Schema, Schemas, named
from svcidl.model import Model, Package


def info(packages: Sequence[Package]) -> Schema:
    """Return the section `info`: packages, their version where they have one in common, their documentation."""
    names = [package.name for package in packages]
    versions = {found[0] for each in names if (found := re.findall(r"v\d+\w*$", each))}
    said: Schema = {"title": ", ".join(names), "version": versions.pop() if len(versions) == 1 else "1"}
    texts = [package.doc.strip() for package in packages if package.doc.strip()]
    if texts:
        said["description"] = "\n\n".join(texts)
    return said | {"x-generator": f"{MARK}. Do not edit."}


class Components:
    """The schemas of a document, collected while what refers to them is written.

    Attributes:
        name: names a declaration; see `svcgen.targets.schemas.named`.
        schemas: writes schemas whose references lead here.
    """

    def __init__(self, model: Model) -> None:
        self.name = named(model)
        self.schemas = Schemas(self._reference)
        self._wanted: dict[str, Any] = {}

    def _reference(self, target: Any) -> str:
        name = self.name(target)
        self._wanted.setdefault(name, target)
        return f"#/components/schemas/{name}"

    def written(self) -> Schema:
        """Return the schemas by name."""
        found: Schema = {}
        # Each may want further ones.
        while missing := [name for name in self._wanted if name not in found]:
            for name in missing:
                found[name] = self.schemas.declared(self._wanted[name])
        return dict(sorted(found.items()))
