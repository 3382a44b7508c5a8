"""What every diagnostic code means, with a wrong and a right example: the register that walks all pages.

The pages of the language itself are Markdown files here, one per code; rules carry theirs. `svcgen explain` prints
them, docs/diagnostics.md is made from them: `python -m svcidl.explanations > docs/diagnostics.md`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files

from svcidl.codes import CODES, FAMILIES
from svcidl.explanation import FENCE, Explanation

_WRONG = "\n\nWrong:\n\n"
_RIGHT = "\n\nRight:\n\n"

_INTRODUCTION = """# Diagnostics

Every finding has a stable code: it is never reused and never changes its meaning. E is an error, and no model is built
while there is one; L is a warning of the linter; B is an error of `svcgen breaking`. `svcgen explain E0201` prints what
stands here of one code. In the examples a block that begins with the name of a file is that file.
"""


def _breaking() -> Iterable[Explanation]:
    from svcidl.compat.rules import RULES

    return [rule.page for rule in RULES]


def _lint() -> Iterable[Explanation]:
    from svcidl.lint.known import PAGES

    return PAGES


PAGES_OF_RULES: Mapping[str, Callable[[], Iterable[Explanation]]] = {"B": _breaking, "L": _lint}
"""Who has the pages of rules, by the first letter of their codes; called only when such a page is asked for."""


def explain(code: str) -> Explanation:
    """Return the page of `code`; raises KeyError if there is no such code."""
    if code in CODES:
        return _read(code)
    return _of_rules(code[:1])[code]


def titles() -> dict[str, str]:
    """Return every code with its sentence, in order."""
    found = dict(CODES)
    for letter in PAGES_OF_RULES:
        found.update((code, page.title) for code, page in _of_rules(letter).items())
    return {code: found[code] for prefix in FAMILIES for code in sorted(found) if code.startswith(prefix)}


def _of_rules(letter: str) -> Mapping[str, Explanation]:
    source = PAGES_OF_RULES.get(letter)
    return {page.code: page for page in source()} if source is not None else {}


@cache
def _read(code: str) -> Explanation:
    text = files(__package__).joinpath(f"{code}.md").read_text(encoding="utf-8").rstrip("\n")
    meaning, _, rest = text.partition(_WRONG)
    wrong, _, rest = rest.partition(_RIGHT)
    # The remedy is all that follows the last block.
    end = rest.rindex(f"\n{FENCE}\n") + len(FENCE) + 1
    return Explanation(
        code=code, title=CODES[code], meaning=meaning, wrong=wrong, right=rest[:end], remedy=rest[end:].strip("\n")
    )


def as_text(page: Explanation) -> str:
    """Return a page for a terminal: blocks indented, no Markdown but the backquotes of names."""
    parts = [f"{page.code}: {page.title}", *_facts(page), page.meaning, "Wrong:", _indented(page.wrong), "Right:"]
    return "\n\n".join([*parts, _indented(page.right), page.remedy])


def _facts(page: Explanation) -> list[str]:
    facts = [f"`{page.name}`"] if page.name else []
    facts += page.tags
    return [", ".join(facts)] if facts else []


def _indented(blocks: str) -> str:
    lines = [line for line in blocks.split("\n") if not line.startswith(FENCE)]
    return "\n".join(f"    {line}".rstrip() for line in lines)


def reference() -> str:
    """Return docs/diagnostics.md."""
    parts = [_INTRODUCTION]
    known = titles()
    for prefix, title in FAMILIES.items():
        family = {code: sentence for code, sentence in known.items() if code.startswith(prefix)}
        if not family:
            continue
        rows = [f"| [{code}](#{code.lower()}) | {sentence} |" for code, sentence in family.items()]
        parts.append("\n".join([f"## {prefix} {title}", "", "| code | meaning |", "|---|---|", *rows, ""]))
        parts += [_section(explain(code)) for code in family]
    return "\n".join(parts)


def _section(page: Explanation) -> str:
    facts = "".join(f"{line}\n\n" for line in _facts(page))
    return (
        f"### {page.code}\n\n**{page.title}**\n\n{facts}{page.meaning}\n\nWrong:\n\n{page.wrong}\n\n"
        f"Right:\n\n{page.right}\n\n{page.remedy}\n"
    )
