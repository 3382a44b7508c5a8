"""Send random input through the whole tool chain for as long as is wished.

By hand, from the project's folder: `nice python tests/fuzz/toolchain.py --seconds 600 --seed 1`. What breaks is kept
beside its traceback in the folder `--keep`; the exit code is 1 then.
"""

import argparse
import collections
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from toolchain_fuzz import Case, cases, run


class TooLong(Exception):
    """One input took longer than it may."""


def main() -> int:
    """Run until the time is over, tell what was tried and what broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, default=20, help="seconds that one input may take")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "svcgen-fuzz")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _stop)
    tried: collections.Counter[str] = collections.Counter()
    broken = 0
    end = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases(options.seed)):
            if time.monotonic() > end:
                break
            tried[case.kind] += 1
            broken += not _holds(case, Path(folder), options.limit, options.keep / f"{options.seed}-{number}")
    print(f"{tried.total()} inputs, {broken} broke: {dict(tried)}")
    return 1 if broken else 0


def _holds(case: Case, folder: Path, limit: int, keep: Path) -> bool:
    signal.alarm(limit)
    try:
        run(case, folder)
    except Exception:
        keep.parent.mkdir(parents=True, exist_ok=True)
        keep.with_suffix(".idl").write_bytes(case.data)
        keep.with_suffix(".txt").write_text(f"{case.kind}\n{traceback.format_exc()}", encoding="utf-8")
        print(f"{case.kind}: {keep}.idl", flush=True)
        return False
    finally:
        signal.alarm(0)
    return True


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


if __name__ == "__main__":
    sys.exit(main())
