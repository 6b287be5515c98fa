#!/usr/bin/env python3
# test-redis-scripts-upkeep.py - lists, sweeps, reaps and repairs of the Redis backend's scripts
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-redis-scripts-upkeep.py SERVER FOLDER [TEST…]"""
import sys, unittest

from redis_scripts import HOUR, LEASE, NOW, TestCase, ids


class TestLists(TestCase):
    def paged(self, state, limit, key):
        """All of a state, in pages"""
        found, after = [], ''
        while True:
            page = self.queue.page(state, after, limit)
            if not page:
                return found
            found += page
            look = self.queue.look(page[-1])
            after = '%d %d' % ({'waiting': look.priority, 'delayed': look.when}.get(state, 0), look.place)

    def test_pages(self):
        queue = self.queue
        for i, id in enumerate(ids(60)):
            queue.add(id, priority=i % 3 - 1)
        waiting = [id for rest in range(3) for i, id in enumerate(ids(60)) if i % 3 == rest]
        queue.claim(5)
        queue.lease += LEASE
        queue.reap()
        self.assertEqual(self.paged('waiting', 7, 'priority'), waiting)
        running = queue.claim_ids(20, suspects=0)
        self.assertEqual(self.paged('running', 3, None), sorted(running))
        for i, id in enumerate(ids(40, 100)):
            queue.add(id, delay=10 + i // 15)
        self.assertEqual(self.paged('delayed', 4, 'when'), ids(40, 100))
        for id in running:
            queue.settle(id, queue.look(id).token, 'rejected')
        self.assertEqual(self.paged('dead', 6, None), running)
        self.check()

    def test_marks(self):
        queue = self.queue
        wanted = [f'{i * 7919 % 3000:04d}' for i in range(3000)] + ['ä', 'z', 'z\x01']
        for i in range(0, len(wanted), 500):
            queue.send('do', 'f', len(wanted[i:i + 500]), *wanted[i:i + 500])
        n_building = 0
        while queue.call('marks', '', 10)[0] == 0:
            n_building += 1
            queue.send('do', 'f', 1, f'new{n_building}', 'u', 1, f'{n_building:04d}')
            wanted.append(f'new{n_building}')
            wanted.remove(f'{n_building:04d}')
        self.assertGreaterEqual(n_building, 2)
        found, after = [], ''
        while True:
            page = queue.call('marks', after, 700)[1:]
            if not page:
                break
            found += page
            after = page[-1]
        self.assertEqual(found, sorted(id.encode() for id in wanted))
        queue.now += HOUR + 1
        queue.reap()
        self.assertEqual(self.server('EXISTS', queue.key('marks')), 0)
        self.assertIsNone(self.server('HGET', queue.key('queue'), 'marks'))

    def test_marks_are_kept_up(self):
        queue = self.queue
        queue.add_plain('a', 'b', 'c')
        queue.call('marks', '', 10)
        queue.done(queue.claim(2).tasks, True)
        self.assertEqual(queue.call('marks', '', 10), [1, b'a', b'b'])
        queue.simple('unfinish', 'a')
        queue.simple('finish', 'c')
        self.assertEqual(queue.call('marks', '', 10), [1, b'b', b'c'])

    def test_stats(self):
        queue = self.queue
        self.assertEqual(queue.stats(), dict(waiting=0, delayed=0, running=0, dead=0, finished=0, paused=0, oldest=0,
                                             next_due=0, workers=0, now=NOW))
        queue.add('late', priority=5)
        queue.now += 100
        queue.add('early', priority=-5)
        queue.add('some')
        queue.add('delayed', delay=50)
        queue.simple('finish', 'f')
        self.assertEqual(queue.stats(), dict(waiting=3, delayed=1, running=0, dead=0, finished=1, paused=0, oldest=NOW,
                                             next_due=NOW + 150, workers=0, now=NOW + 100))
        queue.claim(1)
        queue.claimant = 'claimant-2'
        queue.claim(1)
        self.assertEqual((queue.stats()['workers'], queue.stats()['running']), (2, 2))


class TestSweep(TestCase):
    WHAT = dict(waiting=1, delayed=2, running=3, dead=4, finished=5, retry=6)

    def sweep(self, what, limit=10, between=lambda: None):
        """All steps of it: how many it did, how many calls that took"""
        after = until = started = n_done = n = 0
        while True:
            done, more, after, until = self.queue.call('sweep', self.WHAT[what], started, after, until, limit)
            n_done, n, started = n_done + done, n + 1, 1
            if not more:
                return n_done, n
            between()

    def add_more(self, **more):
        self.n_more = getattr(self, 'n_more', 0) + 1
        self.queue.add(f'm{self.n_more:04d}', **more)

    def test_waiting(self):
        queue = self.queue
        for i, id in enumerate(ids(50)):
            queue.add(id, priority=i % 5 * 60 - 120)
        queue.claim(4)
        queue.lease += LEASE
        queue.reap()
        between = lambda: (self.add_more(priority=-120), self.add_more(flags=1))
        n_done, n = self.sweep('waiting', between=between)
        self.assertEqual(n_done, 50)
        self.assertGreaterEqual(n, 5)
        self.assertEqual(queue.stats()['waiting'], self.n_more)
        self.check()

    def test_delayed(self):
        queue = self.queue
        for i, id in enumerate(ids(50)):
            queue.add(id, delay=100 + i // 10)
        n_done, n = self.sweep('delayed', between=lambda: (self.add_more(delay=101), self.add_more(delay=1)))
        self.assertEqual(n_done, 50)
        self.assertEqual(queue.stats()['delayed'], self.n_more)
        self.check()

    def test_running(self):
        queue = self.queue
        queue.add_plain(*ids(50))
        queue.claim(40)
        self.assertEqual(self.sweep('running')[0], 40)
        self.assertEqual({queue.look(id).fate for id in ids(40)}, {'drop'})
        self.check()

    def test_dead(self):
        queue = self.queue
        queue.add_plain(*ids(30))
        for task in queue.claim(30).tasks:
            queue.settle(task.id, task.token, 'rejected')
        self.assertEqual(self.sweep('retry', limit=7)[0], 30)
        self.assertEqual(queue.page('waiting'), ids(30))
        for task in queue.claim(30).tasks:
            queue.settle(task.id, task.token, 'rejected')
        self.assertEqual(self.sweep('dead', limit=7)[0], 30)
        self.assertEqual(self.server('EXISTS', queue.key('tasks'), queue.key('dead')), 0)

    def test_finished(self):
        queue = self.queue
        queue.send('do', 'f', 2000, *ids(2000))
        queue.add('x')
        queue.claim(1)
        queue.simple('finish', 'x')
        def finish_more():
            queue.now += 100
            self.n_more = getattr(self, 'n_more', 0) + 1
            queue.simple('finish', f'new{self.n_more}')
        n_done, n = self.sweep('finished', limit=100, between=finish_more)
        self.assertEqual(n_done, 2001)
        self.assertGreaterEqual(n, 10)
        self.assertEqual((queue.stats()['finished'], queue.look('x').mark), (self.n_more, 'no'))
        self.check()


class TestReap(TestCase):
    def test_many(self):
        queue = self.queue
        queue.add_plain(*ids(1500))
        queue.claim(1024)
        queue.claim(476)
        queue.lease += LEASE
        self.assertEqual([queue.reap()[:2], queue.reap()[:2]], [[1024, 1], [476, 0]])
        self.assertEqual(queue.stats()['workers'], 0)
        self.check()

    def test_cuts_dead(self):
        queue = self.queue
        queue.add_plain(*ids(20))
        for task in queue.claim(20).tasks:
            queue.settle(task.id, task.token, 'rejected')
            queue.now += 10
        queue.send('do', 'T', 0, 0, 15)
        self.assertEqual(queue.reap(3)[1:3], [1, 3])
        self.assertEqual(queue.reap()[1:3], [0, 2])
        queue.send('do', 'T', 0, 50, 0)
        self.assertEqual(queue.reap()[2], 10)
        self.assertEqual(queue.page('dead'), ids(5, 15))
        self.check()

    def test_keeps_dead(self):
        queue = self.queue
        queue.add('x')
        queue.settle('x', queue.claim(1).tasks[0].token, 'rejected')
        queue.now += 90 * 24 * HOUR
        self.assertEqual(queue.reap()[2], 0)
        queue.now += 1
        self.assertEqual(queue.reap()[2], 1)

    def test_cuts_finished(self):
        queue = self.queue
        queue.send('do', 'f', 1000, *ids(1000))
        queue.now += 600
        queue.send('do', 'f', 1000, *ids(1000, 1000))
        self.assertEqual(queue.reap()[3], 0)
        queue.send('do', 'T', 1000, 0, 0)
        self.assertEqual(queue.reap()[3], 0)
        while queue.reap(300)[1]:
            pass
        queue.now += 401 + 16
        n, calls, more = 0, 0, 1
        while more:
            _, more, _, cut, _ = queue.reap(300)
            n, calls = n + cut, calls + 1
        self.assertEqual(n, 1000)
        self.assertGreaterEqual(calls, 3)
        self.assertEqual((queue.look('t0000').mark, queue.look('t1000').mark), ('no', 'finished'))
        queue.now += 600
        while queue.reap()[1]:
            pass
        self.assertEqual(queue.stats()['finished'], 0)

    def test_claims_go(self):
        queue = self.queue
        queue.claim(1)
        queue.now += 25 * HOUR
        for _ in range(9):
            queue.reap()
        self.assertEqual(self.server('HLEN', queue.key('claims')), 0)


class TestMending(TestCase):
    """Each kind of damage that the keys of a queue can have"""

    def mend(self):
        n = 0
        for _ in range(20):
            n += self.queue.reap()[4]
        return n

    def key(self, name):
        return self.queue.key(name)

    def test_nothing(self):
        queue = self.queue
        queue.add_plain(*ids(30))
        queue.add('d', delay=HOUR)
        queue.claim(10)
        queue.settle('t0000', queue.look('t0000').token, 'rejected')
        self.assertEqual(self.mend(), 0)
        self.check()

    def test_in_no_structure(self):
        queue = self.queue
        queue.add_plain(*ids(30))
        queue.add('d', delay=HOUR)
        queue.claim(10)
        queue.settle('t0000', queue.look('t0000').token, 'rejected')
        for name in ('waiting', 'delayed', 'dead'):
            self.server('DEL', self.key(name))
        self.assertEqual(self.mend(), 22)
        self.assertEqual(queue.page('waiting'), ids(20, 10))
        self.assertEqual((queue.page('delayed'), queue.page('dead')), (['d'], ['t0000']))
        self.check()

    def test_run_gone(self):
        """What ran waits again at its old place"""
        queue = self.queue
        queue.add_plain(*ids(4))
        queue.claim(2)
        for name in ('runs', 'leases', 'workers'):
            self.server('DEL', self.key(name))
        self.assertEqual(self.mend(), 2)
        self.assertEqual(queue.page('waiting'), ids(4))
        self.check()

    def test_lease_gone(self):
        queue = self.queue
        queue.add_plain(*ids(4))
        queue.claim(2)
        self.server('DEL', self.key('leases'))
        self.assertEqual(queue.reap()[4], 2)
        self.assertEqual(queue.reap()[0], 2)
        self.check()

    def test_task_gone(self):
        queue = self.queue
        queue.add_plain(*ids(8))
        queue.add('d', delay=HOUR)
        queue.claim(4)
        queue.add('t0003')
        queue.settle('t0000', queue.look('t0000').token, 'rejected')
        self.server('DEL', self.key('tasks'))
        self.assertGreaterEqual(self.mend(), 9)
        self.assertEqual(queue.stats(), {**queue.stats(), 'waiting': 0, 'delayed': 0, 'running': 0, 'dead': 0})
        self.check()

    def test_in_the_wrong_structure(self):
        queue = self.queue
        queue.add_plain(*ids(4))
        queue.claim(1)
        self.server('ZADD', self.key('waiting'), 5, 't0000')
        self.server('ZADD', self.key('suspects'), 2, 't0002')
        self.server('ZADD', self.key('leases'), 2, 't0003')
        self.server('HSET', self.key('pending'), 't0003', 'x' * 30)
        self.assertEqual(self.mend(), 4)
        self.check()


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
