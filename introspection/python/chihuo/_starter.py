# _starter.py - threads, as long as the interpreter does not exit
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Threads, as long as the interpreter does not exit.

Before Python 3.11.6 a thread crashes that a daemon thread starts while the interpreter is taken down
(https://github.com/python/cpython/issues/108987).
"""

from __future__ import annotations

import os
import threading
from typing import Callable

_lock = threading.Lock()
_closed = False     # under the lock


def _renew_lock() -> None:
    """In a forked child: whoever held it is not there."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_renew_lock)


def start_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """A daemon thread that runs already. RuntimeError: the system gives none, or it is too late."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    with _lock:
        if _closed:
            raise RuntimeError('%s cannot start: the interpreter exits' % name)
        thread.start()
    return thread


def start_no_more() -> None:
    """At the interpreter's exit: none is being started when this returns, and none will be."""
    global _closed
    with _lock:
        _closed = True
