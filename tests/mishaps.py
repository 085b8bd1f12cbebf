"""What may happen to a worker in place of its work. Here alone, so that the worker need not import the tests' house."""

from __future__ import annotations

import os
import signal
import time
from typing import Any


def stop(*_args: object) -> Any:
    """Stand still for good."""
    os.kill(os.getpid(), signal.SIGSTOP)


def die(*_args: object) -> Any:
    """End without a word."""
    os._exit(3)


def sleep(*_args: object) -> Any:
    """Take far too long."""
    time.sleep(30)


def exhaust(*_args: object) -> Any:
    """Take more memory than a reader may have."""
    return "x" * (2 * 2**30)
