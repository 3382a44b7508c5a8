"""Rebuild the shipped parse tables: `python -m svcidl.grammar` (needs `interegular`, for lark's strict mode)."""

from svcidl.grammar import TABLES
from svcidl.parser import build_tables

if __name__ == "__main__":
    TABLES.write_bytes(build_tables())
