"""What `svcrt` gives to those who write services and clients."""

import subprocess
import sys

import svcrt
from svcrt import generated


def test_every_name_can_be_had_and_is_listed() -> None:
    assert sorted(svcrt.__all__) == dir(svcrt)
    assert all(getattr(svcrt, name) is not None for name in svcrt.__all__)


def test_what_stubs_and_clients_speak_of_is_the_same_as_in_generated_code() -> None:
    for name in ("Socket", "Stream", "AsyncStream", "UnknownVariant", "Request", "Response"):
        assert getattr(svcrt, name) is getattr(generated, name)


def test_nothing_is_loaded_before_it_is_used() -> None:
    script = "import sys, svcrt; print(sorted(name for name in sys.modules if name.startswith('svcrt.')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
