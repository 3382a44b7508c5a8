"""Virtual environments of the peers, made when they are first needed and kept in the cache folder."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parents[1]
PEERS = HERE / "peers"
DEFAULT_CACHE = HERE / ".cache"


class PeerMissing(Exception):
    """A peer is not installed, and was not to be installed, or could not be."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the environment of a peer is made.

    Attributes:
        requirements: what pip installs.
        version_of: distribution whose version the report names.
        pythons: interpreters to look for, the best first; the one that runs us if there is none.
        generates: whether gRPC code is to be generated from peers/echo.proto.
    """

    requirements: tuple[str, ...]
    version_of: str
    pythons: tuple[str, ...] = ()
    generates: bool = False


RECIPES = {
    # Its command line needs pkg_resources, which setuptools has dropped since.
    "nameko": Recipe(("nameko==2.14.1", "setuptools<81"), "nameko", ("python3.11", "python3.10", "python3.9")),
    "faststream": Recipe(("faststream[rabbit,cli]==0.7.8",), "faststream"),
    "grpc": Recipe(("grpcio==1.85.3", "grpcio-tools==1.85.1"), "grpcio", generates=True),
    "thriftpy2": Recipe(("thriftpy2==0.7.1",), "thriftpy2"),
    "betterproto2": Recipe(("betterproto2-compiler==0.10.1", "grpcio-tools==1.85.1"), "betterproto2-compiler"),
    "amqp": Recipe(("amqp==5.4.2", "kombu>=5.7,<6"), "amqp"),
}


class Environments:
    """Interpreters by peer; `svcgen` is the one that runs the benchmark.

    Args:
        cache: where environments and generated code are kept.
        installs: whether to install what is missing.
    """

    def __init__(self, cache: Path, *, installs: bool) -> None:
        self._cache = cache.resolve()
        self._installs = installs
        self._told: set[str] = set()

    def python(self, peer: str) -> str:
        """Return the interpreter of a peer, installing it if it is missing.

        Raises:
            PeerMissing: it is not there; the text says why.
        """
        if peer == "svcgen":
            return sys.executable
        folder = self._cache / peer
        if not (folder / "complete").exists():
            if not self._installs:
                raise PeerMissing(f"{peer} is not installed in {folder}; --peers installs it")
            self._install(folder, RECIPES[peer])
        return str(folder / "bin" / "python")

    def has(self, peer: str) -> bool:
        """Whether a peer can take part, installing it if need be; says once why not."""
        try:
            self.python(peer)
        except PeerMissing as missing:
            if peer not in self._told:
                self._told.add(peer)
                print(f"without {peer}: {missing}", file=sys.stderr)
            return False
        return True

    def version(self, peer: str) -> str:
        """Return the peer's version and that of its interpreter, e.g. `nameko 2.14.1, Python 3.11.7`."""
        distribution = "svcgen" if peer == "svcgen" else RECIPES[peer].version_of
        code = (
            "import importlib.metadata as m, platform as p;"
            f"print({distribution!r}, m.version({distribution!r}) + ', Python', p.python_version())"
        )
        return subprocess.run(
            [self.python(peer), "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()

    def contract(self) -> Path:
        """Compile contract/bench.idl and return the folder that Python imports it from."""
        out = self._cache / "contract"
        out.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "svcgen", "compile", str(HERE / "contract"), "--out", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out

    def _install(self, folder: Path, recipe: Recipe) -> None:
        print(f"installing {', '.join(recipe.requirements)} into {folder}", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        base = next((found for name in recipe.pythons if (found := shutil.which(name))), sys.executable)
        python = str(folder / "bin" / "python")
        commands = [
            [base, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *recipe.requirements],
        ]
        if recipe.generates:
            out = folder / "generated"
            commands.append(
                [
                    python,
                    "-m",
                    "grpc_tools.protoc",
                    f"-I{PEERS}",
                    f"--python_out={out}",
                    f"--grpc_python_out={out}",
                    str(PEERS / "echo.proto"),
                ]
            )
        for command in commands:
            (folder / "generated").mkdir(parents=True, exist_ok=True)
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise PeerMissing(f"`{' '.join(command)}` failed: {done.stderr.strip()[-500:]}")
        (folder / "complete").touch()
