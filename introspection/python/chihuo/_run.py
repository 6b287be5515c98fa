# _run.py - many loops as the one main loop of a process
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Many loops as the one main loop of a process."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import List, Type, Union

from ._errors import from_glib
from ._library import Chihuo, GLib
from ._loop import ChihuoLoop

__all__ = ['run']

#: EX_TEMPFAIL: code still runs that was told to end
ABANDONED = 75


def run(*classes_or_instances: Union[Type[ChihuoLoop], ChihuoLoop]) -> int:
    """Makes loops of the classes, and runs them all until they are over.

    ^C (SIGINT) and SIGTERM stop them: running tasks are cancelled and stand in the queue again, in
    their old places. Returns 0. What ends a loop with an error is raised. Where a task's code still
    runs ``shutdown_timeout`` seconds after the signal, or at a second one, the process exits here,
    with 75.
    """
    if not classes_or_instances:
        raise TypeError('nothing to run: expected subclasses of ChihuoLoop, or instances')
    if asyncio._get_running_loop() is not None:
        raise RuntimeError('run() would stop the asyncio loop of this thread: expected a call '
                           'outside of it')
    loops = [_instantiate(one) for one in classes_or_instances]

    try:
        status = Chihuo.run(loops)
    except GLib.Error as error:
        raise _find_failure(loops) or from_glib(error) from None
    if status == ABANDONED:
        _leave(status)
    return status


def _instantiate(one: Union[Type[ChihuoLoop], ChihuoLoop]) -> ChihuoLoop:
    if isinstance(one, ChihuoLoop):
        return one
    if isinstance(one, type) and issubclass(one, ChihuoLoop):
        return one()
    raise TypeError('%r cannot be run: expected a subclass of ChihuoLoop, or an instance' % (one,))


def _find_failure(loops: List[ChihuoLoop]) -> BaseException | None:
    """What a start has raised, as it was."""
    return next((loop._failure for loop in loops if loop._failure is not None), None)


def _leave(status: int) -> None:
    """Ends the process under threads that still run: nothing may be freed."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
    os._exit(status)
