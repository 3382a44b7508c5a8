"""Docstrings of generated code, from the documentation of the IDL and what the contract says besides."""

from collections.abc import Iterable

from svcgen.plan.names import Names
from svcgen.source_text import clean_lines, docstring, summary
from svcidl.model import Declared, Error, Oneway, Parameter, Route, Rpc, Socket


def written(declared: Declared, *, indent: int) -> str:
    """Return the docstring of something that needs none: "" without documentation and deprecation."""
    text = _paragraphs(declared.doc, _deprecation(declared))
    return docstring(text, indent) if clean_lines(text) else ""


def described(declared: Declared, fallback: str, *, indent: int, more: Iterable[str] = ()) -> str:
    """Return a docstring: the documentation or `fallback`, then the deprecation, then `more` paragraphs."""
    doc = declared.doc if clean_lines(declared.doc) else fallback
    return docstring(_paragraphs(doc, _deprecation(declared), *more), indent)


def method_sections(member: Rpc | Oneway | Route | Socket, names: Names) -> list[str]:
    """Return the sections `Args` and `Raises` of a stub or client method, as far as there is something to say."""
    sections = []
    arguments = [(names.fields[each], _parameter_text(each)) for each in member.parameters]
    if any(text for _, text in arguments):
        sections.append(_section("Args", [entry for entry in arguments if entry[1]]))
    if isinstance(member, Rpc) and member.throws:
        errors = [(names.declarations[error], error_text(error)) for error in member.throws]
        sections.append(_section("Raises", errors))
    return sections


def error_text(error: Error) -> str:
    """Return one line on an error: its documentation, else its message as written, else its status."""
    template = "".join(piece if isinstance(piece, str) else f"{{{piece.name}}}" for piece in error.template)
    return summary(error.doc) or " ".join(template.split()) or f"HTTP status {error.status}."


def _parameter_text(parameter: Parameter) -> str:
    return " ".join(filter(None, (summary(parameter.doc), _deprecation(parameter))))


def _deprecation(declared: Declared) -> str:
    return "" if declared.deprecated is None else f"Deprecated: {' '.join(declared.deprecated.split())}"


def _section(title: str, entries: list[tuple[str, str]]) -> str:
    return "\n".join([f"{title}:", *(f"    {name}: {text}" for name, text in entries)])


def _paragraphs(*texts: str) -> str:
    return "\n\n".join("\n".join(clean_lines(text)) for text in texts if clean_lines(text))
