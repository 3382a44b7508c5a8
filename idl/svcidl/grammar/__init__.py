"""The grammar in svc.lark, and the parse tables made from it once and shipped beside it."""

from pathlib import Path

GRAMMAR = Path(__file__).with_name("svc.lark")
TABLES = Path(__file__).with_name("svc.tables")
"""What `python -m svcidl.grammar` writes: a line with lark's version and the grammar's digest, then lark's format."""
