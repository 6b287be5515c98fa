#!/usr/bin/python3
# test_life.py - what lives how long: references, memory, and the interpreter's exit
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import asyncio
import gc
import os
import sys
import threading
import time
import unittest
import weakref

import chihuo
from chihuo._library import Chihuo, GLib
from fixture import Case, Eater, Program


class Plain(Eater):
    def make_task(self, task_id, task):
        pass


class Async(Eater):
    async def make_task(self, task_id, task):
        pass


class AsyncFinish(Eater):
    async def make_task(self, task_id, task):
        await self.task_finish(task_id)


def resident():
    """Bytes of memory in use."""
    with open('/proc/self/statm', encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGESIZE')


class References(Case):
    def wait_until(self, true):
        """Threads may still be on their way out of the last handler."""
        for _ in range(1000):
            gc.collect()
            if true():
                break
            time.sleep(0.01)

    def assert_gone(self, kind):
        loop = kind()
        loop.add_task(('a', 1), ('b', 2))
        chihuo.run(loop)
        gone = weakref.ref(loop)
        queue_gone = weakref.ref(loop.queue)
        del loop
        self.wait_until(lambda: gone() is None and queue_gone() is None)
        self.assertIsNone(gone())
        self.assertIsNone(queue_gone())

    def test_a_loop_goes_with_its_last_reference(self):
        for kind in Plain, Async, AsyncFinish:
            self.assert_gone(kind)

    def test_counts_of_what_is_given_and_taken(self):
        loop = Plain()
        queue, before = loop.queue, loop.__grefcount__
        of_queue = queue.__grefcount__
        task = Chihuo.Task.new_from_json('a', '1')
        for _ in range(50):
            queue.add_tasks([task, task], Chihuo.AddFlags.NONE)
            loop.add_task(('b', 1))
            loop.task_finish('c')
            loop.task_exists('a')
            asyncio.run(self.ask(loop))
        self.assertEqual(task.__grefcount__, 1)
        self.assertEqual(queue.look('a').__grefcount__, 1)
        self.assertEqual([one.__grefcount__ for one in queue.list(Chihuo.TaskState.WAITING, None, 0)], [1, 1])
        self.wait_until(lambda: (loop.__grefcount__, queue.__grefcount__) == (before, of_queue))
        self.assertEqual((loop.__grefcount__, queue.__grefcount__), (before, of_queue))

    async def ask(self, loop):
        await loop.add_task(('b', 1))
        await loop.task_exists('a')
        with self.assertRaises(chihuo.Error):
            await loop.task_exists('')

    def test_a_task_that_is_kept(self):
        class Keep(Eater):
            def make_task(self, task_id, task):
                self.seen.append(self.current_task)
        loop = Keep()
        loop.add_task(('a', {'x': 1}))
        chihuo.run(loop)
        task = loop.seen.pop()
        self.assertEqual((task.id, task.info, task.tries), ('a', {'x': 1}, 1))
        self.assertFalse(task.complete())
        self.wait_until(lambda: task.inner.__grefcount__ == 1)
        self.assertEqual(task.inner.__grefcount__, 1)

    def drop(self, handler, n_tasks=4):
        """Drops a loop while its tasks run; says on which threads it was finalised."""
        ends = []

        class Dropped(Eater):
            make_task = handler

            def __del__(self):
                ends.append(threading.current_thread())

        loop = Dropped(concurrency=4, max_tries=1)
        loop.add_task(*((str(i), i) for i in range(n_tasks)))
        context = GLib.MainContext.default()
        over = []
        Chihuo.Loop.run_async(loop, None, lambda source, result, *_: over.append(1), None)
        del loop
        gc.collect()
        while not over:
            context.iteration(True)
        while context.iteration(False):
            pass
        self.wait_until(lambda: ends)
        return ends

    def test_dropped_while_tasks_run(self):
        """It is finalised where it was made, not on the thread that has ended its last task."""
        def plain(self, task_id, task):
            self.sleep(0.001)

        def bad(self, task_id, task):
            try:
                raise ValueError('first')
            except ValueError:
                raise KeyError(task_id)

        async def coroutine(self, task_id, task):
            await self.sleep(0.001)
            await self.task_exists(task_id)

        async def bad_coroutine(self, task_id, task):
            await self.task_finish(task_id)
            raise ValueError(task_id)

        for handler in plain, coroutine, bad, bad_coroutine:
            for n_tasks in 1, 4, 50:
                self.assertEqual(self.drop(handler, n_tasks), [threading.main_thread()], (handler, n_tasks))
                self.logged.clear()


class Memory(Case):
    """100,000 tasks leave nothing behind: once warmed up, memory stays as it is."""

    N = 100000

    def eat(self, kind, n):
        loop = kind(concurrency=64)
        for i in range(0, n, 1000):
            loop.add_task(*((str(k), {'n': k}) for k in range(i, i + 1000)))
        chihuo.run(loop)
        self.assertEqual(loop.n_done, n)

    def assert_flat(self, kind):
        self.eat(kind, self.N)
        gc.collect()
        before, objects = resident(), len(gc.get_objects())
        for _ in range(2):
            self.eat(kind, self.N)
        gc.collect()
        self.assertLess(resident() - before, 12e6)
        self.assertLess(len(gc.get_objects()) - objects, 5000)

    def test_plain(self):
        self.assert_flat(Plain)

    def test_async(self):
        self.assert_flat(Async)


LEFT_ALIVE = '''
from chihuo._library import Chihuo, GLib

class A(ChihuoLoop):
    NAME = 'a'
    CONCURRENCY = 8
    SERVER_CONFIG = sys.argv[1]
    def start(self):
        self.add_task(*((str(i), i) for i in range(20)))
    %smake_task(self, task_id, task):
        say('begun')
        %s

loop = A()
Chihuo.Loop.run_async(loop, None, None, None)
while loop.n_running < 8:
    GLib.MainContext.default().iteration(True)
time.sleep(0.1)
'''

# What is registered last is called first
LATE_THREADS = '''
import atexit
import chihuo._threads
from chihuo._library import Chihuo, GLib

class A(ChihuoLoop):
    NAME = 'a'
    CONCURRENCY = 4
    SERVER_CONFIG = 'memory:'
    def start(self):
        self.add_task(*((str(i), i) for i in range(4)))
    def make_task(self, task_id, task):
        begun.set()
        say('begun')
        time.sleep(60)

def leave():
    chihuo._loop._stop_all()
    say('exits')
    time.sleep(3 * chihuo._threads.GLANCE)

atexit.unregister(chihuo._loop._stop_all)
atexit.register(leave)
chihuo._threads.GLANCE = 0.3
begun = threading.Event()
loop = A()
Chihuo.Loop.run_async(loop, None, None, None)
while not begun.wait(0.001):
    GLib.MainContext.default().iteration(False)
'''


class Exit(Case):
    """The interpreter exits with a loop alive: no crash, no traceback, nothing hangs."""

    def test_while_threads_run(self):
        for config in 'memory:', 'sqlite:queue.db':
            program = Program(LEFT_ALIVE % ('def ', 'time.sleep(60)'), config, cwd=self.folder())
            self.assertEqual(program.wait(0), 8 * ['begun'])
            self.assertEqual(program.errors, '')

    def test_while_coroutines_run(self):
        for config in 'memory:', 'sqlite:queue.db':
            program = Program(LEFT_ALIVE % ('async def ', 'await asyncio.sleep(60)'), config, cwd=self.folder())
            self.assertEqual(program.wait(0), 8 * ['begun'])
            self.assertEqual(program.errors, '')

    def test_no_thread_starts_any_more(self):
        """Three tasks wait for a thread when the interpreter exits; later it would crash."""
        program = Program(LATE_THREADS, cwd=self.folder())
        self.assertEqual(program.wait(0), ['begun', 'exits'])
        self.assertEqual(program.errors, '')

    def test_a_loop_that_never_ran(self):
        program = Program('class A(ChihuoLoop):\n    NAME = "a"\nloop = A(server_config="memory:")\n'
                          'loop.add_task(("a", 1))\nloop.me = loop\n', cwd=self.folder())
        self.assertEqual(program.wait(0), [])
        self.assertEqual(program.errors, '')

    def test_a_forked_child(self):
        program = Program('''
import os
class A(ChihuoLoop):
    NAME = 'a'
    SERVER_CONFIG = 'sqlite:queue.db'
loop = A()
loop.add_task(('a', 1))
if os.fork() == 0:
    try:
        loop.add_task(('b', 1))
    except chihuo.Error as error:
        print(error.code.name, flush=True)
    os._exit(0)
os.wait()
print(loop.task_exists('b'))
''', cwd=self.folder())
        self.assertEqual(program.wait(0), ['CLOSED', 'False'])

    def test_a_forked_child_exits(self):
        """It leaves the parent's loop alone, whatever the parent's threads held when it was forked."""
        program = Program(LEFT_ALIVE % ('def ', 'time.sleep(60)') + '''
import os
statuses = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        sys.exit(3)
    statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
say('%s %d' % (set(statuses), loop.n_running))
''', 'memory:', cwd=self.folder())
        self.assertEqual(program.wait(0), 8 * ['begun'] + ['{3} 8'])
        self.assertEqual(program.errors, '')


if __name__ == '__main__':
    sys.setswitchinterval(0.001)
    unittest.main()
