"""What the services and clients of the fault runs share: the ledger, bad numbers, how a call or a publish ended."""

import os
import time
from collections import Counter

import measuring

FAILING, POISON = 1003, 2003
"""Numbers whose handler raises, or kills its process."""


def write_down(what):
    """Append to the ledger that the harness reads."""
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write(f"{what}\n")


def handle(number):
    """Do what a handler of a number does."""
    write_down(number)
    if number == FAILING:
        raise RuntimeError("a handler that fails")
    if number == POISON:
        os._exit(9)


class Calling:
    """Tells that a call begins, and how and when it ended."""

    def __enter__(self):
        measuring.say(ready=True)
        self._began = time.monotonic()
        return self

    def __exit__(self, kind, error, trace):
        measuring.say(outcome="result" if error is None else kind.__name__, seconds=time.monotonic() - self._began)
        return True


class Publishing:
    """Publishes numbers for a while, and tells which were said to be sent.

    Args:
        options: `count` is the first number; `seconds` how long to go on, 0 for five numbers.
    """

    def __init__(self, options):
        self._numbers = iter(range(options.count, options.count + (5 if options.seconds == 0 else 10**9)))
        self._until = time.monotonic() + options.seconds if options.seconds else float("inf")
        self._sent, self._errors = [], Counter()
        measuring.say(ready=True)

    def __iter__(self):
        for number in self._numbers:
            if time.monotonic() >= self._until:
                break
            yield number
        measuring.say(sent=self._sent, errors=self._errors)

    def note(self, number, error=None):
        """Keep how one ended."""
        if error is None:
            self._sent.append(number)
        else:
            self._errors[type(error).__name__] += 1
