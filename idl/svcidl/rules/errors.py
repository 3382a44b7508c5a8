"""An error has an HTTP status of failure and a template that names its own fields."""

from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve.constraints import integer_value
from svcidl.resolve.flaws import place
from svcidl.resolve.program import Program, Symbol
from svcidl.resolve.templates import BadTemplate, read_template
from svcidl.suggest import did_you_mean


def errors(program: Program) -> Iterator[Diagnostic]:
    """Report wrong statuses and templates."""
    for symbol in program.symbols():
        if isinstance(symbol.node, nodes.Error):
            status = integer_value(symbol.node.status)
            if status is None or not 400 <= status <= 599:
                message = "the status of an error must lie between 400 and 599"
                remedy = "400 says that the caller is wrong, 404 not found, 409 conflict, 500 that the service is wrong"
                yield Diagnostic(code="E0408", message=message, span=symbol.node.status.span, help=(remedy,))
            if symbol.node.template is not None:
                yield from _template(symbol, symbol.node, symbol.node.template)


def _template(symbol: Symbol, node: nodes.Error, template: nodes.String) -> Iterator[Diagnostic]:
    try:
        pieces = read_template(template.value)
    except BadTemplate as bad:
        message = f"a `{bad}` in the template has no partner"
        remedy = f"write `{bad}{bad}` for the brace itself"
        span = place(template, bad.start, bad.start + 1)
        yield Diagnostic(code="E0318", message=message, span=span, help=(remedy,))
        return
    names = [field.name.text for field in node.fields]
    unknown = {text for is_field, text in pieces if is_field and text not in names}
    for name in sorted(unknown - symbol.unit.file.lost):
        message = f"the template names `{{{name}}}`, which is no field of `{symbol.name}`"
        help_ = did_you_mean(name, names) or ("add the field, or write `{{` for the brace itself",)
        start = template.value.find(f"{{{name}}}")
        span = place(template, start, start + len(name) + 2)
        yield Diagnostic(code="E0318", message=message, span=span, help=help_)
