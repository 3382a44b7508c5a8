"""Prints the JSON Schema of the form, as `python -m svcidl.ir > idl/svcidl/ir/schema.json` keeps it."""

import sys

from svcidl.ir.schema import make_schema

sys.stdout.write(make_schema())
