# _coroutines.py - one asyncio loop for handlers that await
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""One asyncio loop, in a thread beside the GLib main loop, for handlers that await."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import inspect
import threading
from typing import Any, Awaitable, Callable, Deque, Iterable, List, Optional, Set

from ._library import Chihuo, GObject
from ._starter import start_thread
from ._task import Task, forget_current

#: How often tasks are looked for that run for so long that they must hear of a cancelling: seconds
GLANCE = 0.05

#: What is called on its own account sees no task, and keeps none alive
_NOBODY = contextvars.Context()

#: How long coroutines may take to clean up when the interpreter exits, in seconds
PATIENCE = 1.0


class Run:
    """A task whose handler is a coroutine."""

    __slots__ = ('task', 'aio_task', 'handler', 'told')

    def __init__(self, task: Task):
        self.task = task
        self.aio_task: Optional[asyncio.Task] = None
        self.handler = 0    # of the task's cancellable
        self.told = False   # that it shall end

    def cancel(self) -> None:
        """Tells the coroutine that it shall end, once."""
        if not self.told and self.aio_task is not None:
            self.told = True
            self.aio_task.cancel()


class Spawned:
    """A coroutine that is no task. ``done`` is called with what it has raised, if anything."""

    def __init__(self, awaitable: Awaitable[Any], done: Callable[[Optional[BaseException]], None]):
        self._awaitable = awaitable
        self._done = done
        self._aio_task: Optional[asyncio.Task] = None
        self.told = False  # that it shall end

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._aio_task = loop.create_task(self._carry())
        if self.told:
            self._aio_task.cancel()

    def cancel(self) -> None:
        """May be called from any thread."""
        self.told = True
        aio_task = self._aio_task
        if aio_task is not None:
            aio_task.get_loop().call_soon_threadsafe(aio_task.cancel)

    async def _carry(self) -> None:
        error = None
        try:
            await self._awaitable
        except GeneratorExit:  # the interpreter exits
            raise
        except BaseException as raised:
            error = raised
        self._done(error)


class Coroutines:
    """The asyncio loop and what it runs. All but give(), adopt() and spawn() is its thread's."""

    def __init__(self) -> None:
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._thread: Optional[threading.Thread] = None
        self._lock = threading.Lock()
        self._given: Deque[Callable[[], None] | Task] = collections.deque()
        self._told = False           # that something was given
        self._young: Set[Run] = set()    # begun since the last look
        self._grown: Set[Run] = set()    # begun before it
        self._looks = False
        self._over: List[tuple] = []     # ends of runs, with what the handler returned or raised

    # --- any thread ---

    def give(self, tasks: Iterable[Task]) -> None:
        """Runs tasks, in this order."""
        self._given.extend(tasks)
        self._tell()

    def adopt(self, task: Task, awaitable: Awaitable[Any]) -> None:
        """Waits for what a plain handler has returned."""
        self._given.append(lambda: self._begin(task, awaitable))
        self._tell()

    def spawn(self, spawned: Spawned) -> None:
        """Runs a coroutine that is no task."""
        self._given.append(lambda: spawned.begin(self._loop))
        self._tell()

    def close(self) -> None:
        """At the interpreter's exit: coroutines are told, and get a moment."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE)

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._ensure().call_soon_threadsafe(self._drain)

    def _ensure(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = start_thread('chihuo-asyncio', self._main)
        return self._loop

    # --- its thread ---

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=PATIENCE / 2))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _drain(self) -> None:
        self._told = False
        while self._given:
            one = self._given.popleft()
            if isinstance(one, Task):
                self._begin(one)
            else:
                one()
        forget_current()

    def _begin(self, task: Task, awaitable: Optional[Awaitable[Any]] = None) -> None:
        run = Run(task)
        try:
            task.load()
            if awaitable is None:
                awaitable = task.loop.make_task(task.id, task.info)
        except Exception as error:
            task.end_with(error)
            return
        if not inspect.isawaitable(awaitable):
            task.end(awaitable)
            return
        self._young.add(run)
        run.aio_task = self._loop.create_task(self._carry(run, awaitable))
        if not self._looks:
            self._looks = True
            self._loop.call_later(GLANCE, self._look, context=_NOBODY)

    async def _carry(self, run: Run, awaitable: Awaitable[Any]) -> None:
        result, error = None, None
        try:
            result = await awaitable
        except GeneratorExit:  # the interpreter exits
            raise
        except BaseException as raised:  # no handler may end the loop, not even by sys.exit()
            error = raised
        self._end(run, result, error)

    def _end(self, run: Run, result: Any, error: Optional[BaseException]) -> None:
        """Answers are given together, when all that is ready has run: each asks C."""
        self._young.discard(run)
        self._grown.discard(run)
        if not self._over:
            self._loop.call_soon(self._answer, context=_NOBODY)
        self._over.append((run, result, error))

    def _answer(self) -> None:
        over, self._over = self._over, []
        done = []
        for run, result, error in over:
            if run.handler:
                GObject.Object.disconnect(run.task.inner.get_cancellable(), run.handler)
            run.aio_task = None
            if error is not None:
                run.task.end_with(error)
            elif result is None or result is True:
                done.append(run.task.inner)
            else:
                run.task.end(result)
        Chihuo.Task.complete_all(done)

    def _look(self) -> None:
        """Tasks that have run for a while want to know when they are cancelled."""
        for run in self._grown:
            self._listen(run)
        self._grown, self._young = self._young, set()
        self._looks = bool(self._grown)
        if self._looks:
            self._loop.call_later(GLANCE, self._look, context=_NOBODY)

    def _listen(self, run: Run) -> None:
        cancellable = run.task.inner.get_cancellable()
        tell = self._loop.call_soon_threadsafe

        run.handler = GObject.Object.connect(cancellable, 'cancelled', lambda _: tell(run.cancel))
        if run.task.inner.is_cancelled():
            run.cancel()
