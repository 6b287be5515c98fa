# _mail.py - calls of coroutines to a queue, and their answers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Calls of coroutines to a queue, and their answers.

An asyncio loop has no GLib main context for answers to come to: a thread has one for all of them.
"""

from __future__ import annotations

import asyncio
import collections
import threading
from collections.abc import Coroutine
from typing import Any, Callable, Deque, List, Optional, Tuple

from ._errors import from_glib
from ._library import Gio, GLib
from ._starter import start_thread


class Sent(Coroutine):
    """The answer to a call that is under way already: await it, or leave it.

    It is a coroutine, so that asyncio.create_task() takes it.
    """

    __slots__ = ('_future', '_iterator')

    def __init__(self, future: asyncio.Future):
        self._future = future
        self._iterator = None

    def __await__(self):
        return self._future.__await__()

    def send(self, value):
        if self._iterator is None:
            self._iterator = self._future.__await__()
        return self._iterator.send(value)

    def throw(self, *error):
        if self._iterator is None:
            self._iterator = self._future.__await__()
        return self._iterator.throw(*error)

    def close(self):
        if self._iterator is not None:
            self._iterator.close()


class Answered(Coroutine):
    """The same, where the answer is there already."""

    __slots__ = ('_value',)

    def __init__(self, value: Any):
        self._value = value

    def __await__(self):
        return self._value
        yield  # what makes it a generator

    def send(self, value):
        raise StopIteration(self._value)

    def throw(self, kind, value=None, traceback=None):
        raise kind if value is None else value

    def close(self):
        pass


class Call:
    """One call: how it is begun, how its result is read, and who waits for it."""

    __slots__ = ('begin', 'finish', 'future')

    def __init__(self, begin: Callable[[Callable], None], finish: Callable[[Gio.AsyncResult], Any],
                 future: asyncio.Future):
        self.begin = begin
        self.finish = finish
        self.future = future


class Mail:
    """The thread that sends calls and takes their answers, for all queues."""

    def __init__(self) -> None:
        self._context = GLib.MainContext.new()
        self._calls: Deque[Call] = collections.deque()
        self._lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._answers: List[Tuple[Call, Any, Optional[BaseException]]] = []

    def send(self, begin: Callable[[Callable], None],
             finish: Callable[[Gio.AsyncResult], Any]) -> Sent:
        """Sends a call for a coroutine of the calling thread's loop."""
        future = asyncio.get_running_loop().create_future()
        self._calls.append(Call(begin, finish, future))
        if self._thread is None:
            self._start()
        self._context.wakeup()
        return Sent(future)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = start_thread('chihuo-mail', self._main)

    def _main(self) -> None:
        self._context.push_thread_default()
        while True:
            self._context.iteration(not self._calls)
            while self._calls:
                self._begin(self._calls.popleft())
            self._hand_out()

    def _begin(self, call: Call) -> None:
        def answered(_source, result, *_data):
            try:
                self._answers.append((call, call.finish(result), None))
            except GLib.Error as error:
                self._answers.append((call, None, from_glib(error)))

        if not call.future.cancelled():
            call.begin(answered)

    def _hand_out(self) -> None:
        """Each asyncio loop gets all of its answers at once."""
        answers, self._answers = self._answers, []
        loops: dict = {}
        for answer in answers:
            loops.setdefault(answer[0].future.get_loop(), []).append(answer)
        for loop, some in loops.items():
            try:
                loop.call_soon_threadsafe(_settle, some)
            except RuntimeError:
                pass  # that loop is closed: nobody waits


def _settle(answers: List[Tuple[Call, Any, Optional[BaseException]]]) -> None:
    for call, result, error in answers:
        if call.future.done():
            continue
        if error is None:
            call.future.set_result(result)
        else:
            call.future.set_exception(error)
