"""Every decision about the Python that is written, taken once: what prints a plan decides nothing."""

from svcgen.plan.modules import ClassBlock, Face, Method, Module, PackagePlan, Statement
from svcgen.plan.names import Names, choose_names
from svcgen.plan.package import plan_package

__all__ = [
    "choose_names",
    "plan_package",
    "Names",
    "PackagePlan",
    "Module",
    "Face",
    "ClassBlock",
    "Method",
    "Statement",
]
