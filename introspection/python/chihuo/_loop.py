# _loop.py - the class that programs subclass
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The class that programs subclass: it has a queue and runs its tasks."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import os
import time
import weakref
from typing import Any, Awaitable, Callable, List, Mapping, Optional, Tuple, Union

from ._coroutines import Coroutines, Spawned
from ._enums import AddResult
from ._errors import from_glib, to_glib
from ._library import Chihuo, GLib
from ._mail import Answered, Mail
from ._options import LONGEST, Options, check_number
from ._starter import start_no_more
from ._task import Task, current_task
from ._threads import Threads
from ._values import check_id, resolve_config, to_json
from .common import Direction, TaskId

__all__ = ['ChihuoLoop']

ServerConfig = Union[str, os.PathLike, Mapping[str, Any], None]

#: The states of a task that is there
_THERE = (Chihuo.TaskState.WAITING, Chihuo.TaskState.DELAYED, Chihuo.TaskState.RUNNING)

_coroutines = Coroutines()
_threads = Threads(_coroutines.adopt)
_mail = Mail()
_started: weakref.WeakSet[ChihuoLoop] = weakref.WeakSet()

# A forked child has its own copy, of loops that run in the parent
os.register_at_fork(after_in_child=_started.clear)


class ChihuoLoop(Options, Chihuo.Loop):
    """A queue, and what runs its tasks.

    A subclass has a ``make_task`` and mostly a ``start``, plain or ``async``. Plain ones run on
    threads and may block; ``async`` ones run on one asyncio loop. The methods that ask the store
    return an awaitable where an asyncio loop runs in the calling thread, sent already; elsewhere
    they block and return the value.
    """

    #: The name of the queue: ``[A-Za-z0-9._-]{1,64}``
    NAME: Optional[str] = None
    #: How many tasks run at the same time
    CONCURRENCY: int = 1
    #: Where the queue lives: a URI, the path of a file, a dict, or SERVER_DEFAULT_CONFIG_PATH.
    #: None: ``$CHIHUO_URL``, else the default file of the working directory, else memory
    SERVER_CONFIG: ServerConfig = None

    def __init__(self, name: Optional[str] = None, concurrency: Optional[int] = None,
                 server_config: ServerConfig = None, run_forever: bool = True, **options: Any):
        """What is not given comes from the class. ``options``: other options of a loop, by name."""
        name = name or self.NAME
        if not isinstance(name, str):
            raise TypeError('%s has no name: expected NAME in the class, or the argument name'
                            % type(self).__name__)
        concurrency = concurrency if concurrency is not None else self.CONCURRENCY
        config = resolve_config(server_config if server_config is not None else self.SERVER_CONFIG)
        self._failure: Optional[BaseException] = None
        super().__init__(name=name, server_config=config)
        self.set_options({'concurrency': concurrency, 'run_forever': run_forever} | options)

    # --- what a subclass fills in ---

    def start(self) -> Any:
        """Adds the first tasks. It may add all of them at each start: what is there stays."""

    def make_task(self, task_id: str, task: Any) -> Any:
        """Runs a task. None or True: done. An exception, or False: failed, tried again later."""
        raise NotImplementedError('%s has no make_task()' % type(self).__name__)

    # --- the queue ---

    def add_task(self, *pairs: Tuple[TaskId, Any], finished: bool = True,
                 ignore_running: bool = False,
                 direction: Direction = Direction.Forward, even_dead: bool = False,
                 replace: bool = False, delay: float = 0, priority: Optional[int] = None,
                 timeout: float = 0, max_tries: int = 0) -> Any:
        """Adds tasks, pairs of an id and an info that JSON can hold.

        finished: leave out ids that are marked as finished. False: add them all the same
        ignore_running: leave out ids that are running. False: they will run once more
        direction: at the tail of the queue, or at its head
        even_dead, replace: revive dead ones; give waiting ones the new info
        delay, timeout: seconds; priority: -128 to 127, the lowest number first; max_tries

        Returns the answers, an AddResult for each pair.
        """
        _check_limits(delay, priority, timeout, max_tries)
        flags = _add_flags(finished, ignore_running, direction, even_dead, replace)
        tasks = [_make_task(pair, delay, priority, timeout, max_tries) for pair in pairs]
        queue = self.get_queue()

        return _ask(lambda: queue.add_tasks(tasks, flags) and _add_results(tasks),
                    lambda callback: queue.add_tasks_async(tasks, flags, None, callback, None),
                    lambda result: queue.add_tasks_finish(result) and _add_results(tasks))

    def task_finish(self, *task_ids: TaskId) -> Any:
        """Marks ids as finished, for ever. In a task's run it is recorded with its end."""
        ids = [check_id(one) for one in task_ids]
        queue = self.get_queue()

        # what is recorded with the run asks nobody: no coroutine has to wait
        task = current_task()
        if len(ids) == 1 and task is not None and task.id == ids[0] and task.loop is self \
                and not task.inner.is_cancelled():
            _call(lambda: queue.mark_finished(ids))
            return Answered(None) if _in_asyncio() else None

        return _ask(lambda: _nothing(queue.mark_finished(ids)),
                    lambda callback: queue.mark_finished_async(ids, None, callback, None),
                    lambda result: _nothing(queue.mark_finished_finish(result)))

    def task_unfinish(self, *task_ids: TaskId) -> Any:
        """Takes the marks of finished ids away."""
        ids = [check_id(one) for one in task_ids]
        queue = self.get_queue()

        return _ask(lambda: _nothing(queue.unmark_finished(ids)),
                    lambda callback: queue.unmark_finished_async(ids, None, callback, None),
                    lambda result: _nothing(queue.unmark_finished_finish(result)))

    def task_finished(self, task_id: TaskId) -> Any:
        """Whether an id is marked as finished."""
        return _look(self.get_queue(), task_id, Chihuo.Task.get_finished)

    def task_exists(self, task_id: TaskId) -> Any:
        """Whether a task waits, is delayed or runs."""
        return _look(self.get_queue(), task_id, lambda found: found.get_state() in _THERE)

    def length(self) -> int:
        """How many tasks run now."""
        return self.n_running

    def sleep(self, seconds: float) -> Any:
        """Sleeps; to be awaited in a coroutine. In a task it ends when the task is cancelled."""
        if _in_asyncio():
            return asyncio.sleep(seconds)
        task = current_task()
        if task is not None:
            return task.wait(seconds)
        return time.sleep(seconds)

    @property
    def current_task(self) -> Optional[Task]:
        """The task that the calling code runs; None outside of make_task."""
        return current_task()

    # --- what the library calls, in the loop's context ---

    def do_start(self) -> bool:
        self._failure = None
        _started.add(self)
        try:
            result = self.start()
        except BaseException as error:
            self._failure = error
            raise to_glib(error) from None
        if inspect.isawaitable(result):
            self._go_on_starting(result)
        return True

    def _go_on_starting(self, awaitable: Awaitable[Any]) -> None:
        """An async start goes on while the first tasks run already; a stop cancels it."""
        context = GLib.MainContext.get_thread_default() or GLib.MainContext.default()
        weak = weakref.ref(self)

        def over(error: Optional[BaseException]) -> None:
            # in the loop's context, so that the loop does not go on the thread of the coroutines
            failure = None if spawned.told else error
            source = GLib.Idle(priority=GLib.PRIORITY_DEFAULT)
            source.set_callback(lambda *_: _end_start(weak, handler, failure))
            source.attach(context)

        spawned = Spawned(awaitable, over)
        self.hold()
        handler = self.connect('notify::stop', lambda *_: spawned.cancel())
        _coroutines.spawn(spawned)

    def do_begin_tasks(self, tasks: List[Chihuo.Task], n_tasks: int) -> bool:
        try:
            begun = [Task(self, inner) for inner in tasks]
            if inspect.iscoroutinefunction(self.make_task):
                _coroutines.give(begun)
            else:
                _threads.give(begun)
        except BaseException as error:
            raise to_glib(error) from None
        return True


def _end_start(weak: weakref.ref[ChihuoLoop], handler: int, error: Optional[BaseException]) -> bool:
    loop = weak()
    if loop is not None:  # a stop does not wait for a start
        loop.disconnect(handler)
        if error is not None:
            loop._failure = error
            loop.fail(to_glib(error))
        loop.release()
    return GLib.SOURCE_REMOVE


@atexit.register
def _stop_all() -> None:
    """The interpreter exits while loops run: what ends now goes back to its place."""
    for loop in list(_started):
        loop.stop = True
    _coroutines.close()
    start_no_more()


def _in_asyncio() -> bool:
    return asyncio._get_running_loop() is not None


def _call(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except GLib.Error as error:
        raise from_glib(error) from None


def _ask(ask: Callable[[], Any], begin: Callable, finish: Callable) -> Any:
    """Blocks for the answer, or sends the question and returns what can be awaited."""
    return _mail.send(begin, finish) if _in_asyncio() else _call(ask)


def _look(queue: Chihuo.Queue, task_id: TaskId, read: Callable[[Chihuo.Task], bool]) -> Any:
    """What a snapshot of an id says."""
    checked = check_id(task_id)

    return _ask(lambda: read(queue.look(checked)),
                lambda callback: queue.look_async(checked, None, callback, None),
                lambda result: read(queue.look_finish(result)))


def _nothing(_answer: Any) -> None:
    return None


def _add_results(tasks: List[Chihuo.Task]) -> List[AddResult]:
    return [AddResult(task.get_add_result()) for task in tasks]


def _add_flags(finished: bool, ignore_running: bool, direction: Direction, even_dead: bool,
               replace: bool) -> Chihuo.AddFlags:
    if not isinstance(direction, Direction):
        raise TypeError('direction is %r: expected a chihuo.Direction' % (direction,))
    flags = Chihuo.AddFlags.NONE
    for wanted, flag in ((not finished, Chihuo.AddFlags.EVEN_FINISHED),
                         (ignore_running, Chihuo.AddFlags.SKIP_RUNNING),
                         (direction is Direction.Reverse, Chihuo.AddFlags.AT_HEAD),
                         (even_dead, Chihuo.AddFlags.EVEN_DEAD),
                         (replace, Chihuo.AddFlags.REPLACE)):
        if wanted:
            flags |= flag
    return flags


def _make_task(pair: Tuple[TaskId, Any], delay: float, priority: Optional[int], timeout: float,
               max_tries: int) -> Chihuo.Task:
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError('%r is no pair: expected (task_id, info)' % (pair,))
    task_id = check_id(pair[0])
    json = to_json(task_id, pair[1])
    task = _call(lambda: Chihuo.Task.new_from_json(task_id, json))
    if delay:
        task.set_delay(delay)
    if priority is not None:
        task.set_priority(priority)
    if timeout:
        task.set_timeout(timeout)
    if max_tries:
        task.set_max_tries(max_tries)
    return task


def _check_limits(delay: float, priority: Optional[int], timeout: float, max_tries: int) -> None:
    check_number('delay', delay, 0, LONGEST)
    check_number('priority', priority or 0, -128, 127, whole=True)
    check_number('timeout', timeout, 0, LONGEST)
    check_number('max_tries', max_tries, 0, 2 ** 31 - 1, whole=True)
