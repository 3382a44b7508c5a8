"""`explain`: what a diagnostic code means, with a wrong and a right example."""

import click

from svcgen.cli.exit_codes import FINDINGS
from svcidl.codes import FAMILIES
from svcidl.explanation import Explanation
from svcidl.explanations import as_text, explain, titles
from svcidl.suggest import closest

EPILOG = """\b
Examples:
  svcgen explain E0201
  svcgen explain
"""


@click.command(epilog=EPILOG)
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Print what the diagnostic CODE means, how it comes about and what to do; without a code, list all codes."""
    if code is None:
        click.echo(_list())
        return 0
    page = _page(code.strip().upper())
    if page is None:
        # The digit is meant where a letter was read off a screen.
        near = closest(code.strip().upper().replace("O", "0"), titles())
        hint = f"did you mean `{near}`?" if near else "`svcgen explain` lists all codes"
        click.echo(f"Error: there is no code `{code}`; {hint}", err=True)
        return FINDINGS
    click.echo(as_text(page))
    return 0


def _page(code: str) -> Explanation | None:
    try:
        return explain(code)
    except KeyError:
        return None


def _list() -> str:
    known = titles()
    groups = []
    for prefix, title in FAMILIES.items():
        rows = [f"  {code}  {sentence}" for code, sentence in known.items() if code.startswith(prefix)]
        if rows:
            groups.append("\n".join([f"{prefix} {title}", *rows]))
    return "\n\n".join(groups)
