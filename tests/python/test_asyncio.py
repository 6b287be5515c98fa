#!/usr/bin/python3
# test_asyncio.py - handlers that await, and calls that can be awaited
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import asyncio
import contextlib
import threading
import time
import unittest

import chihuo
from chihuo import AddResult
from fixture import PATIENCE, Case, Eater


class Calls(Eater):
    """Its functions are the test's."""

    def __init__(self, handler=None, start=None, **options):
        super().__init__(**options)
        self.handler = handler
        self.starter = start

    async def start(self):
        if self.starter:
            await self.starter(self)

    async def make_task(self, task_id, task):
        return await self.handler(self, task_id, task)


async def take(loop, task_id, task):
    loop.seen.append((task_id, task))


class Handlers(Case):
    def run_one(self, handler, **options):
        loop = Calls(handler, **options)
        loop.add_task(('a', 1))
        chihuo.run(loop)
        return loop

    def test_start_and_make_task(self):
        async def start(loop):
            for i in range(10):
                self.assertEqual(await loop.add_task((str(i), i ** 2)), [AddResult.ADDED])

        async def finish(loop, task_id, task):
            loop.seen.append((int(task_id), task))
            await loop.task_finish(task_id)
        loop = Calls(finish, start)
        self.assertEqual(chihuo.run(loop), 0)
        self.assertEqual(sorted(loop.seen), [(i, i ** 2) for i in range(10)])
        self.assertTrue(all(loop.task_finished(str(i)) for i in range(10)))

    def test_failures(self):
        async def fail(loop, *_):
            raise ValueError('bad')

        async def leave(loop, *_):
            raise SystemExit(3)

        async def give(value):
            return value

        for handler, text in ((fail, 'ValueError: bad'), (leave, 'SystemExit: 3'),
                              (lambda *_: give(3), 'make_task() of Calls returned a value of type int'),
                              (lambda *_: give(False), 'make_task() of Calls returned False')):
            loop = self.run_one(handler, max_tries=2)
            self.assertEqual((loop.n_failed, list(loop.dead())), (2, ['a']))
            self.assertTrue(loop.dead()['a'].startswith(text), loop.dead())

    def test_the_current_task_is_the_coroutines_own(self):
        async def look(loop, task_id, task):
            await asyncio.sleep(0.001 * (5 - task))
            loop.seen.append((task_id, chihuo.current_task().id, loop.current_task.info))
        loop = Calls(look, concurrency=5)
        loop.add_task(*((str(i), i) for i in range(5)))
        chihuo.run(loop)
        self.assertEqual(sorted(loop.seen), [(str(i), str(i), i) for i in range(5)])

    def test_a_time_out_cancels(self):
        async def wait(loop, *_):
            try:
                await loop.sleep(60)
            except asyncio.CancelledError:
                loop.seen.append('told')
                raise
        loop = Calls(wait, max_tries=1)
        loop.add_task(('a', 1), timeout=0.05)
        chihuo.run(loop)
        self.assertEqual(loop.seen, ['told'])
        self.assertIn('timed out', loop.dead()['a'])

    def test_cancelled_by_itself_is_a_failure(self):
        async def cancel(loop, *_):
            asyncio.current_task().cancel()
            await asyncio.sleep(1)
        self.assertIn('CancelledError', self.run_one(cancel, max_tries=1).dead()['a'])

    def test_a_thousand_that_sleep(self):
        loop = Calls(lambda loop, *_: loop.sleep(1), concurrency=1000)
        loop.add_task(*((str(i), i) for i in range(1000)))
        before = time.monotonic()
        chihuo.run(loop)
        self.assertEqual(loop.n_done, 1000)
        self.assertLess(time.monotonic() - before, 30, 'they slept one after the other')

    def test_a_plain_handler_with_a_loop_of_its_own(self):
        class Own(Eater):
            def make_task(self, task_id, task):
                asyncio.run(self.go_on(task_id))

            async def go_on(self, task_id):
                await self.sleep(0)
                self.seen.append((await self.task_exists(task_id), self.current_task.id))
                await self.task_finish(task_id)
        loop = Own()
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertEqual((loop.seen, loop.task_finished('a')), ([(True, 'a')], True))

    def test_a_plain_handler_that_returns_a_coroutine(self):
        class Mixed(Eater):
            def make_task(self, task_id, task):
                return take(self, task_id, task)
        loop = Mixed()
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertEqual((loop.seen, loop.n_done), ([('a', 1)], 1))

    def test_plain_and_async_mixed(self):
        class PlainStart(Eater):
            def start(self):
                self.add_task(('a', 1))

            async def make_task(self, task_id, task):
                await asyncio.sleep(0)
                self.seen.append(task)

        class AsyncStart(Eater):
            async def start(self):
                await self.add_task(('a', 1))

            def make_task(self, task_id, task):
                self.seen.append(self.task_exists(task_id))
        loops = [PlainStart(), AsyncStart()]
        self.assertEqual(chihuo.run(*loops), 0)
        self.assertEqual([loop.seen for loop in loops], [[1], [True]])

    def test_a_start_that_goes_on(self):
        """A stop cancels it, and the loop can run again. Nobody waits until it has heard of that."""
        told = threading.Semaphore(0)

        async def start(loop):
            try:  # the task may run, and stop the loop, before the add has come back
                await loop.add_task((str(len(loop.seen)), 1))
                await loop.sleep(60)
            except asyncio.CancelledError:
                told.release()
                raise

        async def stop(loop, task_id, task):
            loop.seen.append(task_id)
            loop.stop = True
        loop = Calls(stop, start)
        for n in range(1, 31):
            self.assertEqual(chihuo.run(loop), 0)
            self.assertEqual(loop.seen, [str(i) for i in range(n)])
            self.assertTrue(told.acquire(timeout=PATIENCE))

    def test_a_start_that_fails(self):
        async def start(loop):
            await loop.add_task(('a', 1))
            raise ZeroDivisionError('in start')
        with self.assertRaisesRegex(ZeroDivisionError, 'in start'):
            chihuo.run(Calls(take, start, run_forever=True))


class Awaitables(Case):
    """Clients in programs that have an asyncio loop of their own."""

    def test_every_call(self):
        async def main():
            loop = Eater()
            self.assertEqual(await loop.add_task(('a', 1), ('b', 2)), 2 * [AddResult.ADDED])
            self.assertTrue(await loop.task_exists('a'))
            self.assertFalse(await loop.task_finished('a'))
            self.assertIsNone(await loop.task_finish('a'))
            self.assertTrue(await loop.task_finished('a'))
            self.assertFalse(await loop.task_exists('a'))
            self.assertIsNone(await loop.task_unfinish('a'))
            self.assertEqual(await loop.add_task(('a', 1)), [AddResult.ADDED])
            self.assertIsNone(await loop.sleep(0))
        asyncio.run(main())

    def test_they_are_sent_already(self):
        async def main():
            loop = Eater()
            forgotten = loop.add_task(('a', 1))
            self.assertEqual(await loop.add_task(('a', 2)), [AddResult.EXISTS])
            self.assertEqual(await forgotten, [AddResult.ADDED])
            self.assertEqual(await forgotten, [AddResult.ADDED])
        asyncio.run(main())

    def test_together(self):
        async def main():
            loop = Eater()
            answers = await asyncio.gather(*(loop.add_task((str(i), i)) for i in range(500)))
            self.assertEqual(answers, 500 * [[AddResult.ADDED]])
            self.assertTrue(await asyncio.create_task(loop.task_exists('499')))
            self.assertTrue(await asyncio.wait_for(loop.task_exists('0'), 10))
            self.assertTrue(await asyncio.ensure_future(loop.task_exists('1')))
            async with asyncio.timeout(10):
                await loop.task_exists('2')
        asyncio.run(main())

    def test_errors(self):
        async def main():
            loop = Eater(server_config='/no/such/file')
            with self.assertRaises(chihuo.Error) as raised:
                await loop.add_task(('a', 1))
            self.assertEqual(raised.exception.code, chihuo.ErrorCode.CONFIG)
            with self.assertRaises(TypeError):
                loop.add_task(('a', {1}))
            with self.assertRaises(chihuo.Error):
                loop.add_task(('', 1))
        asyncio.run(main())

    def test_one_that_nobody_waits_for_any_more(self):
        async def main():
            loop = Eater()
            with contextlib.suppress(asyncio.CancelledError):
                call = asyncio.ensure_future(loop.add_task(('a', 1)))
                call.cancel()
                await call
            await loop.add_task(('b', 1))
            self.assertTrue(await loop.task_exists('b'))
        asyncio.run(main())

    def test_own_finish_needs_no_answer(self):
        async def finish(loop, task_id, task):
            loop.seen.append(await asyncio.gather(loop.task_finish(task_id)))
            await asyncio.create_task(loop.task_finish(task_id))
            loop.seen.append(await loop.task_finished(task_id))
            await loop.task_unfinish(task_id)
            loop.seen.append(await loop.task_finished(task_id))
            raise ValueError('bad')
        loop = Calls(finish, max_tries=1)
        loop.add_task(('a', 1))
        chihuo.run(loop)
        self.assertEqual(loop.seen, [[None], True, False])
        self.assertEqual(list(loop.dead()), ['a'])

    def test_run_has_to_be_outside(self):
        async def main():
            chihuo.run(Calls(take))
        with self.assertRaisesRegex(RuntimeError, 'asyncio loop'):
            asyncio.run(main())


if __name__ == '__main__':
    unittest.main()
