"""Prints plans: the only module that knows jinja2. Templates decide nothing."""

from pathlib import Path

import jinja2

from svcgen.plan import PackagePlan

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=jinja2.StrictUndefined,
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    auto_reload=False,
)


def render(package: PackagePlan) -> dict[str, str]:
    """Return the files of a package: posix path relative to the output folder, and text."""
    files = {f"{package.folder}/py.typed": ""}
    for name, module in package.modules.items():
        files[f"{package.folder}/{name}"] = _ENVIRONMENT.get_template(module.template).render(module=module)
    return files
