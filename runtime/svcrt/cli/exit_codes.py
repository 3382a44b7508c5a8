"""What supervisor and worker processes tell each other by exit code and signal."""

import signal

START_FAILED = 78
"""EX_CONFIG of sysexits.h: a worker has told a person why it cannot start."""
WORK_CUT = 75
"""EX_TEMPFAIL: a worker has told that it left work unfinished."""
CRASHED = 70
"""EX_SOFTWARE: a worker has told of a fault of its own."""
CUT_SIGNAL = signal.SIGQUIT
"""Tells a worker not to wait for running work. Not a second SIGTERM: systemd sends one beside ours."""
