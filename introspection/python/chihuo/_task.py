# _task.py - the running task, as its handler sees it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The running task, as its handler sees it."""

from __future__ import annotations

import contextvars
import logging
import math
import threading
import traceback
import weakref
from typing import TYPE_CHECKING, Any, Optional

from ._errors import TaskCancelled, describe, to_glib
from ._library import Chihuo, GObject
from ._options import LONGEST, check_number
from ._values import from_json

if TYPE_CHECKING:
    from ._loop import ChihuoLoop

__all__ = ['Task', 'current_task']

logger = logging.getLogger('chihuo')

_current: contextvars.ContextVar[Optional[Task]] = contextvars.ContextVar('chihuo-task',
                                                                         default=None)


def current_task() -> Optional[Task]:
    """The task that the calling thread or coroutine runs; None outside of ``make_task``."""
    return _current.get()


class Task:
    """A task while it runs. Its answers may be given from any thread; the first one counts."""

    __slots__ = ('_loop', 'inner', 'id', 'info', '_answered', '__weakref__')

    def __init__(self, loop: ChihuoLoop, inner: Chihuo.Task):
        self._loop = weakref.ref(loop)  # it shall not go on the thread that ends its last task
        self.inner = inner             #: the object of the library
        self.id: str = inner.get_id()  #: its id
        self.info: Any = None          #: its info, once it has begun
        self._answered = False

    def __repr__(self) -> str:
        return '<%s %r>' % (type(self).__name__, self.id)

    @property
    def loop(self) -> ChihuoLoop:
        """The loop that runs it; None when that is gone."""
        return self._loop()

    @property
    def tries(self) -> int:
        """Which run of the task this is: 1 in the first one."""
        return self.inner.get_tries()

    @property
    def failures(self) -> int:
        """How many of its runs have failed before."""
        return self.inner.get_failures()

    @property
    def crashes(self) -> int:
        """How many of its runs have ended with the death of their process."""
        return self.inner.get_crashes()

    @property
    def last_error(self) -> Optional[str]:
        """What the last failure said."""
        return self.inner.get_last_error()

    @property
    def token(self) -> int:
        """A number that only grows, to fence side effects of one's own."""
        return self.inner.get_token()

    @property
    def cancelled(self) -> bool:
        """Whether the run shall end. Look at it in code that computes for long."""
        return self.inner.is_cancelled()

    def check(self) -> None:
        """Raises :class:`TaskCancelled` if the run shall end."""
        if self.inner.is_cancelled():
            raise TaskCancelled('task %r was cancelled' % self.id)

    def wait(self, seconds: float) -> None:
        """Waits in a thread; raises :class:`TaskCancelled` as soon as the run shall end."""
        cancelled = threading.Event()
        cancellable = self.inner.get_cancellable()
        handler = GObject.Object.connect(cancellable, 'cancelled', lambda _: cancelled.set())
        try:
            if not self.inner.is_cancelled():
                cancelled.wait(seconds)
        finally:
            GObject.Object.disconnect(cancellable, handler)
        self.check()

    def progress(self, fraction: float, message: Optional[str] = None) -> None:
        """Tells how far the run has come: 0 to 1, or negative for unknown."""
        check_number('fraction', fraction, -math.inf, 1)
        self.inner.set_progress(fraction, message)

    def complete(self) -> bool:
        """Answers: done."""
        self._answered = True
        return self.inner.complete()

    def fail(self, error: BaseException | str) -> bool:
        """Answers: failed; it is tried again later."""
        self._answered = True
        return self.inner.fail(_to_error(error))

    def reject(self, error: BaseException | str) -> bool:
        """Answers: it will never succeed; it is dead at once."""
        self._answered = True
        return self.inner.reject(_to_error(error))

    def postpone(self, seconds: float) -> bool:
        """Answers: run it later; nothing is counted."""
        check_number('seconds', seconds, 0, LONGEST)
        self._answered = True
        return self.inner.postpone(seconds)

    # --- for those that run it ---

    def load(self) -> None:
        """Makes it the current task of the calling context."""
        self.info = from_json(self.inner.get_json())
        _current.set(self)

    def end(self, result: Any) -> None:
        """Takes what the handler has returned for an answer, if it has given none."""
        if result is None or result is True:
            self.inner.complete()
            return
        what = 'False' if result is False else 'a value of type %s' % type(result).__name__
        message = ('make_task() of %s returned %s: expected None or True'
                   % (type(self.loop).__name__, what))
        if not self._answered:
            logger.error('task %r of %r: %s', self.id, self.loop.name, message)
        self.inner.fail_message(message)

    def end_with(self, error: BaseException) -> None:
        """Takes what it has raised for an answer. Whoever was told to end has not failed."""
        if not self._answered and not self.inner.is_cancelled():
            logger.error('task %r of %r failed in try %d: %s', self.id, self.loop.name, self.tries,
                         describe(error), exc_info=error)
        told = to_glib(error)
        _release(error)
        self.inner.fail(told)


def _to_error(error: BaseException | str) -> Any:
    return to_glib(error if isinstance(error, BaseException) else RuntimeError(error))


def _release(error: Optional[BaseException]) -> None:
    """Lets go of the frames, whose loop may be gone as soon as its last task has its answer."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def forget_current() -> None:
    """No task runs here any more."""
    _current.set(None)
