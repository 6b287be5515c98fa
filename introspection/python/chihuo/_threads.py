# _threads.py - threads for handlers that block
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Threads for handlers that block, owned by Python.

Threads that take turns at the interpreter's lock cost more than a quick handler does, so one
thread runs them all. What waits for longer than a glance gets a thread of its own.
"""

from __future__ import annotations

import collections
import inspect
import queue
import threading
import time
from typing import Callable, Deque, Iterable, Optional, Set

from ._starter import start_thread
from ._task import Task, forget_current

#: How long a task may wait before it is looked whether another thread is needed, in seconds
GLANCE = 0.004

#: After how long without work a thread goes, in seconds
IDLE = 10.0


class Threads:
    """As many threads as there are tasks that block. They outlive a loop, not the process."""

    def __init__(self, adopt: Callable[[Task, object], None]):
        self._adopt = adopt                # takes a coroutine that a plain handler has returned
        self._waiting: Deque[Task] = collections.deque()
        self._running: Set[Task] = set()
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()  # each wakes a thread
        self._lock = threading.Lock()
        self._n_threads = 0                # under the lock
        self._n_idle = 0                   # under the lock: threads that nobody has woken
        self._n_taken = 0                  # roughly
        self._watched = threading.Event()
        self._watcher: Optional[threading.Thread] = None

    def give(self, tasks: Iterable[Task]) -> None:
        """Runs tasks, in this order. Must not block."""
        self._waiting.extend(tasks)
        self._wake(1)
        if len(self._waiting) > 0 and not self._watched.is_set():
            self._watch()

    def _wake(self, n: int) -> None:
        """Wakes or starts up to n threads, but never more than there are tasks for."""
        with self._lock:
            n_awake = self._n_threads - self._n_idle
            n = min(n, len(self._waiting) + len(self._running) - n_awake)
            n_woken = max(0, min(n, self._n_idle))
            self._n_idle -= n_woken
        for _ in range(n_woken):
            self._tokens.put(None)
        for _ in range(n - n_woken):
            if not self._start():
                break

    def _start(self) -> bool:
        """Starts a thread. If the system gives no more, those that are there do the work."""
        with self._lock:
            self._n_threads += 1
        try:
            start_thread('chihuo-worker', self._work)
        except RuntimeError:
            with self._lock:
                self._n_threads -= 1
                if self._n_threads == 0:
                    raise
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                task = self._waiting.popleft()
            except IndexError:
                if self._park():
                    continue
                return
            self._n_taken += 1
            self._running.add(task)
            self._run(task)
            self._running.discard(task)
            del task

    def _run(self, task: Task) -> None:
        try:
            task.load()
            result = task.loop.make_task(task.id, task.info)
        except BaseException as error:  # no handler may end a thread, not even by sys.exit()
            task.end_with(error)
        else:
            if inspect.isawaitable(result):
                self._adopt(task, result)
            else:
                task.end(result)
        forget_current()

    def _park(self) -> bool:
        """Waits for work; says whether to go on."""
        with self._lock:
            if self._waiting:
                return True
            self._n_idle += 1
        try:
            self._tokens.get(timeout=IDLE)
        except queue.Empty:
            with self._lock:
                if self._tokens.empty() and self._n_idle > 0:
                    self._n_idle -= 1
                    self._n_threads -= 1
                    return False
            self._tokens.get()
        return True

    def _watch(self) -> None:
        self._watched.set()
        if self._watcher is None:
            try:
                self._watcher = start_thread('chihuo-watcher', self._look)
            except RuntimeError:  # then the threads that are there do the work
                self._watched.clear()

    def _look(self) -> None:
        """Wakes threads for what would have to wait for longer than a glance."""
        while True:
            self._watched.wait()
            n_taken = self._n_taken
            time.sleep(GLANCE)
            n_waiting = len(self._waiting)
            if n_waiting > self._n_taken - n_taken:
                self._wake(n_waiting)
            if n_waiting == 0:
                self._watched.clear()
                if self._waiting:  # who gave it may have seen that it was set
                    self._watched.set()
