"""Turns diagnostics into text: one module per format. The one place that does; only the command line prints.

Every function takes diagnostics of any family, and gives the same text for the same diagnostics on every machine.
"""

from svcidl.report.full import WIDTH, Paint, count, full, plain
from svcidl.report.lines import as_json, concise, github

__all__ = ["WIDTH", "Paint", "as_json", "concise", "count", "full", "github", "plain"]
