"""Takes away what suppressions allow, and tells which of them are faulty or allow nothing."""

from collections.abc import Collection, Iterable, Iterator

from svcidl.diagnostics import Diagnostic
from svcidl.lint.pieces import without_comment
from svcidl.lint.rule import replacement
from svcidl.lint.rules import faulty_suppression, unused_suppression
from svcidl.lint.suppressions import Suppression, read_suppressions
from svcidl.resolve.program import Unit


def suppress(units: Iterable[Unit], found: list[Diagnostic], enabled: Collection[str]) -> list[Diagnostic]:
    """Return those of `found` that no suppression covers, and what is to say of the suppressions.

    A suppression of a rule that is off is no finding: another run may turn it on.
    """
    by_file: dict[str, list[Diagnostic]] = {}
    for diagnostic in found:
        by_file.setdefault(diagnostic.span.file, []).append(diagnostic)
    kept: list[Diagnostic] = []
    for unit in units:
        own = by_file.pop(unit.file.source.path, [])
        suppressions = read_suppressions(unit)
        used: set[tuple[int, str]] = set()
        for diagnostic in own:
            covering = [each for each in suppressions if each.covers(diagnostic.code, diagnostic.span.line)]
            used.update((each.span.start, diagnostic.code) for each in covering)
            if not covering:
                kept.append(diagnostic)
        for suppression in suppressions:
            kept += (each for each in _about(unit, suppression, used, enabled) if each.code in enabled)
    return kept


def _about(
    unit: Unit, suppression: Suppression, used: set[tuple[int, str]], enabled: Collection[str]
) -> Iterator[Diagnostic]:
    for message, remedy, span in suppression.faults:
        yield Diagnostic(code=faulty_suppression.PAGE.code, message=message, span=span, help=(remedy,))
    source = unit.file.source
    idle = [
        (code, span)
        for code, span in suppression.rules
        if code is not None and code in enabled and (suppression.span.start, code) not in used
    ]
    if len(idle) == len(suppression.rules):
        fixes = without_comment(source, suppression.span, "remove the suppression")
    else:
        left = [source.text[span.start : span.end] for code, span in suppression.rules if (code, span) not in idle]
        fixes = replacement("name only what is found", suppression.rules_span, ", ".join(left), is_safe=True)
    for number, (_, span) in enumerate(idle):
        name = source.text[span.start : span.end]
        where = "in this file" if suppression.lines is None else "here"
        yield Diagnostic(
            code=unused_suppression.PAGE.code,
            message=f"`{name}` finds nothing {where}",
            span=span,
            help=("remove the suppression",),
            # One fix takes all of them away.
            fixes=fixes if number == 0 else (),
        )
