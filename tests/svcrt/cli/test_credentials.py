"""`call` and `shell` of members that want to know who calls."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli_process import Running, run_command
from cli_project import CONTRACT, IMPLEMENTATION, write_project

AUTHENTICATOR = """
from msgspec import Struct

from svcrt import Authenticator
from svcrt.errors import PermissionDenied, Unauthenticated


class Person(Struct):
    name: str


class Tokens(Authenticator[Person]):
    def authenticate(self, scheme, context):
        if context.call.authorization is None:
            raise Unauthenticated("a token, please")
        return Person(context.call.authorization)

    def authorize(self, principal, context):
        if principal.name != "Bearer ada":
            raise PermissionDenied("only Ada")
"""
CALL = ("call", "Greeter.hello", "name=John")
SHELL = ("shell", "-c", 'n.rpc.Greeter.hello(name="John")')


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = write_project(tmp_path_factory.mktemp("project"))
    (folder / "acme/greeter/v1/contract.py").write_text(
        CONTRACT.replace("    idempotent=True,\n", '    idempotent=True,\n    auth="bearer",\n', 1)
    )
    opening = "class Greeter(GreeterBase):\n"
    (folder / "greeter.py").write_text(
        IMPLEMENTATION.replace(opening, f"{AUTHENTICATOR}\n\n{opening}    tokens = Tokens()\n", 1)
    )
    with Running(folder, "greeter:Greeter", "--no-http") as run:
        run.wait_for(r"acme\.greeter\.v1\.Greeter is running")
        yield folder


@pytest.mark.parametrize(("command", "answer"), [(CALL, '"Hello, John!"\n'), (SHELL, "'Hello, John!'\n")])
def test_a_credential_is_an_option_or_a_variable(project: Path, command: tuple[str, ...], answer: str) -> None:
    given = run_command(project, *command, "--authorization", "Bearer ada")
    assert (given.stdout, given.stderr) == (answer, "")
    known = run_command(project, *command, SVCGEN_AUTHORIZATION="Bearer ada")
    assert (known.stdout, known.stderr) == (answer, "")


@pytest.mark.parametrize(("command", "begin"), [(CALL, "Error: "), (SHELL, "")])
def test_a_refusal_is_called_so(project: Path, command: tuple[str, ...], begin: str) -> None:
    nobody = run_command(project, *command)
    assert (nobody.returncode, nobody.stderr) == (1, f"{begin}Unauthenticated: a token, please\n")
    other = run_command(project, *command, "--authorization", "Bearer bob")
    assert (other.returncode, other.stderr) == (1, f"{begin}PermissionDenied: only Ada\n")
