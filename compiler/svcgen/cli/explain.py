"""`explain`: what a diagnostic code means, with a wrong and a right example."""

import click

from svcgen.cli.exit_codes import FINDINGS
from svcidl.codes import CODES, FAMILIES
from svcidl.explanations import as_text, explain
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
    wanted = code.strip().upper()
    if wanted not in CODES:
        # The digit is meant where a letter was read off a screen.
        near = closest(wanted.replace("O", "0"), CODES)
        hint = f"did you mean `{near}`?" if near else "`svcgen explain` lists all codes"
        click.echo(f"Error: there is no code `{code}`; {hint}", err=True)
        return FINDINGS
    click.echo(as_text(explain(wanted)))
    return 0


def _list() -> str:
    groups = []
    for prefix, title in FAMILIES.items():
        rows = [f"  {code}  {meaning}" for code, meaning in CODES.items() if code.startswith(prefix)]
        groups.append("\n".join([f"{prefix} {title}", *rows]))
    return "\n\n".join(groups)
