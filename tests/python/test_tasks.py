#!/usr/bin/python3
# test_tasks.py - plain handlers on threads: their ends, their answers, and what they may call
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import threading
import time
import unittest

import chihuo
from chihuo import AddResult, Direction
from fixture import Case, Eater


class Calls(Eater):
    """Its handler is the test's."""

    def __init__(self, handler=None, **options):
        super().__init__(**options)
        self.handler = handler

    def make_task(self, task_id, task):
        return self.handler(self, task_id, task)


def fail_first(loop, task_id, task):
    loop.seen.append(loop.current_task.tries)
    if loop.current_task.tries < 3:
        raise ValueError('not yet')


class Ends(Case):
    def run_one(self, handler, **options):
        loop = Calls(handler, **options)
        loop.add_task(('a', 1))
        chihuo.run(loop)
        return loop

    def test_none_and_true_are_done(self):
        for value in None, True:
            loop = self.run_one(lambda *_: value)
            self.assertEqual((loop.n_done, loop.n_failed, loop.dead()), (1, 0, {}))

    def test_other_values_are_failures(self):
        for value, words in ((False, 'returned False'), (0, 'a value of type int'), ('x', 'a value of type str'),
                             (object(), 'a value of type object')):
            loop = self.run_one(lambda *_: value, max_tries=2)
            self.assertEqual((loop.n_done, loop.n_failed), (0, 2))
            self.assertIn(words, loop.dead()['a'])
            self.assertIn('make_task() of Calls', loop.dead()['a'])

    def test_an_exception_is_a_try(self):
        loop = self.run_one(fail_first)
        self.assertEqual((loop.seen, loop.n_failed, loop.n_done), ([1, 2, 3], 2, 1))
        self.assertEqual([record.levelname for record in self.logged], ['ERROR', 'ERROR'])
        self.assertIn("task 'a' of 'eater' failed in try 1: ValueError: not yet", self.logged[0].getMessage())
        self.assertIsNotNone(self.logged[0].exc_info)

    def test_the_last_error_is_kept(self):
        for error, text in ((ValueError('bad\0 \ud800'), 'ValueError: bad\ufffd ?'), (KeyError('k'), "KeyError: 'k'"),
                            (SystemExit(3), 'SystemExit: 3'), (KeyboardInterrupt(), 'KeyboardInterrupt'),
                            (chihuo.Error('lost'), 'lost')):
            def raise_it(*_):
                raise error
            self.assertEqual(self.run_one(raise_it, max_tries=1).dead(), {'a': text})

    def test_an_error_that_cannot_be_told(self):
        class Mute(Exception):
            def __str__(self):
                raise ValueError('no words')

        def raise_it(*_):
            raise Mute()
        self.assertEqual(self.run_one(raise_it, max_tries=1).dead(), {'a': 'Mute'})

    def test_without_a_handler(self):
        loop = Eater(max_tries=1)
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertIn('Eater has no make_task()', loop.dead()['a'])


class Answers(Case):
    def run_one(self, answer, **options):
        loop = Calls(lambda loop, *_: answer(loop.current_task), **options)
        loop.add_task(('a', {'x': 1}))
        chihuo.run(loop)
        return loop

    def test_what_a_task_knows(self):
        def look(task):
            task.loop.seen.append((task.id, task.info, task.tries, task.failures, task.crashes, task.cancelled,
                                   task.last_error, chihuo.current_task() is task))
            self.assertGreater(task.token, 0)
            self.assertEqual(repr(task), "<Task 'a'>")
            task.progress(0.5, 'half')
            task.check()
        self.assertEqual(self.run_one(look).seen, [('a', {'x': 1}, 1, 0, 0, False, None, True)])
        self.assertIsNone(chihuo.current_task())

    def test_the_first_answer_counts(self):
        def answer(task):
            self.assertTrue(task.complete())
            self.assertFalse(task.fail('too late'))
            raise ValueError('too late')
        loop = self.run_one(answer)
        self.assertEqual((loop.n_done, loop.n_failed, self.logged), (1, 0, []))

    def test_reject(self):
        loop = self.run_one(lambda task: task.reject(ValueError('never')) and None)
        self.assertEqual((loop.n_failed, loop.dead()), (1, {'a': 'ValueError: never'}))

    def test_fail_by_words(self):
        loop = self.run_one(lambda task: task.fail('words') and None, max_tries=2)
        self.assertEqual((loop.n_failed, loop.dead()), (2, {'a': 'RuntimeError: words'}))

    def test_postpone(self):
        def once(task):
            task.loop.seen.append(task.tries)
            if len(task.loop.seen) == 1:
                task.postpone(0.01)
        loop = self.run_one(once, linger=5)
        self.assertEqual((loop.seen, loop.n_done, loop.n_failed), ([1, 1], 1, 0))

    def test_a_time_out_cancels(self):
        def wait(loop, *_):
            loop.seen.append('in')
            loop.sleep(60)
        loop = Calls(wait, max_tries=1)
        loop.add_task(('a', 1), timeout=0.05)
        chihuo.run(loop)
        self.assertEqual(loop.seen, ['in'])
        self.assertIn('timed out', loop.dead()['a'])

    def test_progress_is_told(self):
        loop = Calls(lambda loop, *_: loop.current_task.progress(0.25, 'a quarter'))
        told = []
        loop.connect('task-progress', lambda _, task, fraction, words: told.append((task.get_id(), fraction, words)))
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertEqual(told, [('a', 0.25, 'a quarter')])


class Adding(Case):
    def test_finished(self):
        loop = Calls(lambda loop, task_id, task: loop.task_finish(task_id))
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertTrue(loop.task_finished('a'))
        self.assertFalse(loop.task_exists('a'))
        self.assertEqual(loop.add_task(('a', 1)), [AddResult.FINISHED])
        self.assertEqual(loop.add_task(('a', 1), finished=False), [AddResult.ADDED])
        self.assertTrue(loop.task_exists('a'))

    def test_unfinish(self):
        loop = Calls()
        self.assertIsNone(loop.task_finish('a', 'b'))
        self.assertTrue(loop.task_finished('b'))
        loop.task_unfinish('a')
        self.assertEqual(loop.add_task(('a', 1), ('b', 1)), [AddResult.ADDED, AddResult.FINISHED])

    def test_direction(self):
        loop = Calls(lambda loop, task_id, task: loop.seen.append(task_id), concurrency=1)
        loop.add_task(('a', 1))
        loop.add_task(('b', 1))
        loop.add_task(('c', 1), direction=Direction.Reverse)
        loop.add_task(('d', 1), priority=-1)
        self.assertRaises(TypeError, loop.add_task, ('e', 1), direction=1)
        chihuo.run(loop)
        self.assertEqual(loop.seen, ['d', 'c', 'a', 'b'])

    def test_replace_and_even_dead(self):
        loop = Calls(lambda loop, task_id, task: task != 'bad', max_tries=1)
        loop.add_task(('a', 'bad'), ('b', 'bad'))
        self.assertEqual(loop.add_task(('b', 'good'), replace=True), [AddResult.EXISTS])
        chihuo.run(loop)
        self.assertEqual(list(loop.dead()), ['a'])
        self.assertEqual(loop.add_task(('a', 'good')), [AddResult.DEAD])
        self.assertEqual(loop.add_task(('a', 'good'), even_dead=True), [AddResult.ADDED])
        chihuo.run(loop)
        self.assertEqual(loop.dead(), {})

    def test_one_that_runs(self):
        def add_again(loop, task_id, task):
            loop.seen.append(task)
            if task == 'first':
                loop.seen += loop.add_task((task_id, 'skipped'), ignore_running=True)
                loop.seen += loop.add_task((task_id, 'second'))
                self.assertTrue(loop.task_exists(task_id))
        loop = Calls(add_again)
        loop.add_task(('a', 'first'))
        chihuo.run(loop)
        self.assertEqual(loop.seen, ['first', AddResult.RUNNING, AddResult.AGAIN, 'second'])

    def test_delay(self):
        loop = Calls(lambda loop, task_id, task: loop.seen.append(task_id), linger=5)
        loop.add_task(('a', 1), delay=0.02)
        loop.add_task(('b', 1))
        chihuo.run(loop)
        self.assertEqual(loop.seen, ['b', 'a'])


class Threads(Case):
    def test_all_slots_are_used(self):
        gate = threading.Barrier(20)

        def wait(*_):
            gate.wait(30)
        loop = Calls(wait, concurrency=20)
        loop.add_task(*((str(i), i) for i in range(40)))
        chihuo.run(loop)
        self.assertEqual((loop.n_done, loop.n_failed), (40, 0))

    def test_concurrency_is_kept(self):
        lock, inside = threading.Lock(), []

        def enter(loop, *_):
            with lock:
                loop.seen.append(len(inside))
                inside.append(1)
            time.sleep(0.002)
            with lock:
                inside.pop()
        loop = Calls(enter, concurrency=3)
        loop.add_task(*((str(i), i) for i in range(60)))
        chihuo.run(loop)
        self.assertLessEqual(max(loop.seen), 2)
        self.assertEqual(len(loop.seen), 60)

    def test_a_thousand_that_sleep(self):
        loop = Calls(lambda loop, *_: time.sleep(1), concurrency=1000)
        loop.add_task(*((str(i), i) for i in range(1000)))
        before = time.monotonic()
        chihuo.run(loop)
        self.assertEqual(loop.n_done, 1000)
        self.assertLess(time.monotonic() - before, 30, 'they slept one after the other')

    def test_there_are_no_more_threads_than_tasks(self):
        gate = threading.Semaphore(0)
        over = threading.Semaphore(0)

        class Stuck:
            """What the threads see of a task."""
            id, info, loop = 'a', None, None

            def load(self):
                self.loop = self

            def make_task(self, task_id, task):
                gate.acquire()

            def end(self, result):
                over.release()

        threads = chihuo._threads.Threads(None)
        threads.give([Stuck() for _ in range(3)])
        for _ in range(10):
            threads._wake(3)
        self.assertLessEqual(threads._n_threads, 3)
        gate.release(3)
        for _ in range(3):
            self.assertTrue(over.acquire(timeout=30))

    def test_length_and_stop(self):
        def stop(loop, *_):
            loop.seen.append(loop.length())
            loop.stop = True
        loop = Calls(stop, concurrency=1, run_forever=True)
        loop.add_task(('a', 1), ('b', 1))
        chihuo.run(loop)
        self.assertEqual((loop.seen, loop.waiting(), loop.length()), ([1], ['b'], 0))
        self.assertTrue(loop.stop)

    def test_concurrency_can_change(self):
        loop = Calls(lambda *_: None)
        loop.concurrency = 7
        self.assertEqual(loop.concurrency, 7)
        for bad, error in ((0, ValueError), (-1, ValueError), ('x', TypeError), (1.5, TypeError), (True, TypeError)):
            with self.assertRaisesRegex(error, 'concurrency is'):
                Calls(concurrency=bad)
            with self.assertRaisesRegex(error, 'concurrency is'):
                loop.concurrency = bad
        self.assertEqual(loop.concurrency, 7)

    def test_where_no_more_threads_are_to_be_had(self):
        started = []

        class Few(threading.Thread):
            def start(self):
                if len(started) >= 2:
                    raise RuntimeError("can't start new thread")
                started.append(self)
                super().start()

        module = chihuo._threads.threading
        threads = chihuo._threads.Threads(None)
        over = threading.Semaphore(0)

        class Short:
            """What the threads see of a task."""
            id, info, loop = 'a', None, None

            def load(self):
                self.loop = self

            def make_task(self, task_id, task):
                time.sleep(0.01)

            def end(self, result):
                over.release()

        module.Thread, kept = Few, module.Thread
        try:
            threads.give([Short() for _ in range(20)])
            for _ in range(20):
                self.assertTrue(over.acquire(timeout=30))
        finally:
            module.Thread = kept
        self.assertLessEqual(len(started), 2)


class Limits(Case):
    def test_options_are_checked(self):
        for name, bad, error in (('lease', 0, ValueError), ('lease', 'x', TypeError), ('max_tries', -1, ValueError),
                                 ('linger', float('nan'), ValueError), ('shutdown_timeout', -1, ValueError),
                                 ('retry_policy', 77, ValueError), ('nonsense', 1, TypeError), ('n_done', 1, TypeError),
                                 ('set_options', 1, TypeError)):
            with self.assertRaises(error, msg=name):
                Eater(**{name: bad})
        with self.assertRaises(AttributeError):
            Eater().name = 'another'

    def test_options_by_name(self):
        loop = Eater(lease=5, max_tries=3, retry_policy=chihuo.RetryPolicy.CONSTANT, shutdown_timeout=1.5, linger=2)
        self.assertEqual((loop.lease, loop.max_tries, loop.retry_policy, loop.shutdown_timeout, loop.linger),
                         (5.0, 3, chihuo.RetryPolicy.CONSTANT, 1.5, 2.0))

    def test_limits_of_a_task(self):
        loop = Eater()
        for bad in {'delay': -1}, {'priority': 128}, {'priority': -129}, {'timeout': -0.5}, {'max_tries': -1}, \
                {'delay': float('inf')}:
            with self.assertRaises(ValueError, msg=bad):
                loop.add_task(('a', 1), **bad)
        for bad in {'delay': '1'}, {'priority': 1.5}, {'max_tries': 1.5}, {'timeout': None}:
            with self.assertRaises(TypeError, msg=bad):
                loop.add_task(('a', 1), **bad)
        self.assertFalse(loop.task_exists('a'))

    def test_numbers_of_answers(self):
        def ask(loop, *_):
            for call, bad in ((loop.current_task.postpone, -1), (loop.current_task.progress, float('nan')),
                              (loop.current_task.progress, 1.5), (loop.current_task.postpone, float('nan'))):
                try:
                    call(bad)
                except ValueError as error:
                    loop.seen.append(str(error).split()[0])
        loop = Calls(ask)
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertEqual((loop.seen, loop.n_done), (['seconds', 'fraction', 'fraction', 'seconds'], 1))


if __name__ == '__main__':
    unittest.main()
