"""The canonical JSON form of a checked model: what baselines and tools in other languages read.

`dump` and `load` are each other's reverse; schema.json beside them is the form's published JSON Schema (2020-12).
"""

from svcidl.ir.dump import dump
from svcidl.ir.form import SCHEMA, ModelFormatError
from svcidl.ir.load import load
from svcidl.ir.schema import published_schema

__all__ = ["SCHEMA", "ModelFormatError", "dump", "load", "published_schema"]
