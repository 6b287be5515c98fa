#!/usr/bin/python3
# test_run.py - whole programs: how they end, by themselves, by ^C and badly
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import signal
import threading
import time
import unittest

import chihuo
from chihuo._library import Chihuo
from fixture import Case, Eater, Program

INTERRUPTED = '''
class Coroutines(ChihuoLoop):
    NAME = 'coroutines'
    CONCURRENCY = 50
    SERVER_CONFIG = 'sqlite:queue.db'

    async def start(self):
        await self.add_task(*((str(i), i) for i in range(60)))
        while True:
            await self.sleep(60)

    async def make_task(self, task_id, task):
        say('begun')
        await self.sleep(60)


class Threads(ChihuoLoop):
    NAME = 'threads'
    CONCURRENCY = 50
    SERVER_CONFIG = 'sqlite:queue.db'

    def start(self):
        self.add_task(*((str(i), i) for i in range(60)))

    def make_task(self, task_id, task):
        say('begun')
        if task % 2:
            self.sleep(60)
        while not self.current_task.cancelled:
            time.sleep(0.01)
        self.current_task.check()


print('not flushed')
sys.exit(chihuo.run(Coroutines(shutdown_timeout=float(sys.argv[1])), Threads(shutdown_timeout=float(sys.argv[1]))))
'''

DEAF = '''
class Deaf(ChihuoLoop):
    NAME = 'deaf'
    CONCURRENCY = 2
    SERVER_CONFIG = 'sqlite:queue.db'

    def start(self):
        self.add_task(('a', 1), ('b', 2))

    def make_task(self, task_id, task):
        say('begun')
        time.sleep(60)


import atexit
atexit.register(print, 'never printed')
chihuo.run(Deaf(shutdown_timeout=float(sys.argv[1])))
'''


def queue_of(folder, name):
    return Eater(name=name, server_config='sqlite:' + os.path.join(folder, 'queue.db'))


class Interrupts(Case):
    def test_all_are_back_in_their_places(self):
        for number in signal.SIGINT, signal.SIGTERM:
            folder = self.folder()
            program = Program(INTERRUPTED, '20', cwd=folder)
            program.wait_lines(101)
            program.child.send_signal(number)
            self.assertEqual(len(program.wait(0)), 101)
            self.assertEqual(program.errors, '')
            for name in 'coroutines', 'threads':
                loop = queue_of(folder, name)
                self.assertEqual(loop.waiting(), [str(i) for i in range(60)])
                self.assertEqual({(task.get_failures(), task.get_crashes())
                                  for task in loop.queue.list(Chihuo.TaskState.WAITING, None, 0)}, {(0, 0)})

    def test_it_is_quick(self):
        program = Program(INTERRUPTED, '1', cwd=self.folder())
        program.wait_lines(101)
        before = time.monotonic()
        program.child.send_signal(signal.SIGINT)
        program.wait(0)
        # with 1 it gives up after a second, and then the status is another; the rest is a loaded machine's
        self.assertLess(time.monotonic() - before, 20)

    def test_who_does_not_listen_is_abandoned(self):
        folder = self.folder()
        program = Program(DEAF, '0.2', cwd=folder)
        program.wait_lines(2)
        program.child.send_signal(signal.SIGINT)
        self.assertEqual(program.wait(75), ['begun', 'begun'])
        self.assertNotIn('Traceback', program.errors)

    def test_a_second_signal_abandons_at_once(self):
        program = Program(DEAF, '1000', cwd=self.folder())
        program.wait_lines(2)
        program.child.send_signal(signal.SIGINT)
        time.sleep(0.1)
        program.child.send_signal(signal.SIGINT)
        program.wait(75)

    def test_ctrl_c_works_again_afterwards(self):
        program = Program('''
class A(ChihuoLoop):
    NAME = 'a'
    SERVER_CONFIG = 'memory:'
    def make_task(self, task_id, task):
        pass
chihuo.run(A(run_forever=False))
try:
    print('over', flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print('interrupted')
''', cwd=self.folder())
        program.wait_lines(1)
        program.child.send_signal(signal.SIGINT)
        self.assertEqual(program.wait(0), ['over', 'interrupted'])


class Errors(Case):
    def test_what_start_raises(self):
        class Bad(Eater):
            def start(self):
                raise LookupError('no list')
        with self.assertRaisesRegex(LookupError, 'no list'):
            chihuo.run(Bad())

    def test_a_bad_configuration(self):
        for config in 'nowhere:', '/no/such/file':
            with self.assertRaises(chihuo.Error) as raised:
                chihuo.run(Eater(server_config=config))
            self.assertEqual(raised.exception.code, chihuo.ErrorCode.CONFIG)

    def test_what_cannot_be_run(self):
        self.assertRaises(TypeError, chihuo.run)
        for bad in 3, 'Eater', object, [Eater]:
            with self.assertRaisesRegex(TypeError, 'cannot be run'):
                chihuo.run(bad)

    def test_a_loop_without_a_name(self):
        class Nameless(chihuo.ChihuoLoop):
            def make_task(self, task_id, task):
                pass
        with self.assertRaisesRegex(TypeError, 'Nameless has no name'):
            chihuo.run(Nameless)
        with self.assertRaises(chihuo.Error) as raised:
            chihuo.run(Nameless(name='no good name', server_config='memory:'))
        self.assertEqual(raised.exception.code, chihuo.ErrorCode.INVALID)

    def test_a_loop_that_runs_already(self):
        class Nested(Eater):
            def start(self):
                try:
                    chihuo.run(self)
                except chihuo.Error as error:
                    self.seen.append(str(error))
        loop = Nested()
        chihuo.run(loop)
        self.assertIn('runs already', loop.seen[0])

    def test_one_bad_loop_ends_all(self):
        class Bad(Eater):
            def start(self):
                raise LookupError('no list')
        good = Eater(run_forever=True)
        self.assertRaises(LookupError, chihuo.run, good, Bad())

    def test_an_error_ends_the_program_with_one(self):
        program = Program('class A(ChihuoLoop):\n    NAME = "a"\n    SERVER_CONFIG = "nowhere:"\nchihuo.run(A)\n',
                          cwd=self.folder())
        program.wait(1)
        self.assertIn('chihuo._errors.Error: ', program.errors)

    def test_on_another_thread(self):
        ends = []

        class Echo(Eater):
            async def make_task(self, task_id, task):
                self.seen.append(task)

        def go():
            loop = Echo()
            loop.add_task(('a', 1))
            ends.append((chihuo.run(loop), loop.seen))
        thread = threading.Thread(target=go)
        thread.start()
        thread.join()
        self.assertEqual(ends, [(0, [1])])

    def test_again_after_a_stop(self):
        class Once(Eater):
            def start(self):
                self.add_task(('a', 1))

            def make_task(self, task_id, task):
                self.seen.append(task)
                self.stop = True
        loop = Once(run_forever=True)
        self.assertEqual([chihuo.run(loop), chihuo.run(loop)], [0, 0])
        self.assertEqual(loop.seen, [1, 1])


if __name__ == '__main__':
    unittest.main()
