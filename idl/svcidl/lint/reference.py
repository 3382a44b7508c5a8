"""Makes docs/linting.md: how the linter is used, and the table of its rules."""

from svcidl.codes import CODES
from svcidl.lint.known import DEFAULT_CODES, KNOWN, PAGES, STRAY_DOCUMENTATION
from svcidl.lint.rule import FIXABLE

_TEXT = """# Linting

`svcgen check` tells what is wrong; `svcgen lint` tells what is sound and had better not be there. It reads what
`check` reads, runs the rules below on the files given (imported files are looked at, never blamed), and ends with
exit code 0 without findings, 1 with some, 2 if it could not run. With mistakes in any file only these are shown.

```sh
svcgen lint contracts/                                 # all files of a project at once: some rules compare them
svcgen lint contracts/ --fix                           # put right what can be put right safely
svcgen lint contracts/ --diff                          # print what --fix would change, write nothing
svcgen lint contracts/ --select missing-documentation  # beside what is on by default; `all` turns everything on
svcgen lint contracts/ --ignore L0137 --format github  # formats as of `svcgen check`
svcgen lint contracts/ --only unused-import
svcgen lint --rules                                    # a list of all rules
svcgen explain L0117                                   # one rule, with a wrong and a right example
```

A rule is on by default where nobody sensible disagrees; the others are a matter of taste or of where a project
stands, and are chosen by code or name. A project chooses in `svcgen.toml`; the command line comes on top:

```toml
[lint]
select = ["missing-documentation", "missing-owner"]
ignore = ["shadowed-route"]
```

`only = [...]` there, or `--only`, replaces what is on by default. A rule that does not exist is an error with a
suggestion.

## Fixes

`--fix` carries out what cannot change the meaning of the contract: it removes an import, marks a password, turns
stray documentation into a comment. Fixes are made in memory until nothing more is found to fix, the result is
checked, and only then are files replaced, each in one step. Other remedies (`float` to `decimal(12, 2)` changes what
is on the wire) are offered by editors.

## Suppressions

A comment allows one finding and says why:

```idl
struct Line {
  price: float // svcgen: allow float-for-money the legacy system sends floats

  // svcgen: allow field-name, string-for-time the partner's spelling
  createdAt: str
}
```

It stands at the end of the line, or above what it is about: a field, a value, a member with its clauses, or the head
of a declaration. `// svcgen: allow-file CODE the reason` above `package` holds for the whole file. A suppression
without a reason, or of a rule that does not exist, is a finding ([L0103](diagnostics.md#l0103)); one that suppresses
nothing is one, too, and `--fix` removes it ([L0102](diagnostics.md#l0102)).

## Rules

What each is for, with a wrong and a right example, is in [Diagnostics](diagnostics.md#l01-lint).

| rule | name | on | `--fix` | finds |
|---|---|---|---|---|
"""


def reference() -> str:
    """Return docs/linting.md."""
    titles = {STRAY_DOCUMENTATION: CODES[STRAY_DOCUMENTATION]} | {page.code: page.title for page in PAGES}
    fixable = {STRAY_DOCUMENTATION} | {page.code for page in PAGES if FIXABLE in page.tags}
    rows = (
        f"| [{code}](diagnostics.md#{code.lower()}) | `{name}` | {_mark(code in DEFAULT_CODES)} "
        f"| {_mark(code in fixable)} | {titles[code]} |\n"
        for code, name in sorted(KNOWN.items())
    )
    return _TEXT + "".join(rows)


def _mark(is_set: bool) -> str:
    return "yes" if is_set else "no"
