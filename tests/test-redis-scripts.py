#!/usr/bin/env python3
# test-redis-scripts.py - the scripts of the Redis backend, called by hand on a server of their own
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-redis-scripts.py SERVER FOLDER TABLE [TEST…]"""
import itertools, sys, time, unittest

from model import ERRORS, Table
from redis_scripts import HOUR, LEASE, NOW, SETTLES, Connection, Refused, TestCase, ids, texts


class TestLife(TestCase):
    """Walks task-life.csv: each situation of an id, each event"""
    OF_ADD = {'at-head': 1, 'even-finished': 2, 'even-dead': 4, 'skip-running': 8, 'replace': 16}
    EVENTS = {'add': [*OF_ADD, 'delay'], 'claim': [], 'due': [], 'finish': [], 'unfinish': [], 'remove': [],
              'cancel': [], 'retry-dead': [], 'renew': ['stale'], 'settle-done': ['stale', 'finish'],
              'settle-failed': ['stale', 'finish', 'last-try', 'in-place'], 'settle-rejected': ['stale', 'finish'],
              'settle-postponed': ['stale', 'finish'], 'settle-returned': ['stale', 'finish'],
              'settle-abandoned': ['stale', 'finish'], 'reap': ['last-crash'], 'junk': []}

    def situations(self):
        for event, when in self.EVENTS.items():
            for state, mark, fate in [
                    ('absent', 'no', 'plain'), ('absent', 'finished', 'plain'), ('waiting', 'no', 'plain'),
                    ('delayed', 'no', 'plain'), ('dead', 'no', 'plain'), ('running', 'no', 'plain'),
                    ('running', 'no', 'again'), ('running', 'no', 'drop'), ('running', 'finished', 'drop')]:
                words = list(when)
                words += ['cancelled', 'abandoned'] if state == 'running' else []
                words += ['pending-even-finished', 'pending-at-head', 'pending-delay'] if fate == 'again' else []
                for n in range(len(words) + 1):
                    for chosen in itertools.combinations(words, n):
                        yield event, dict(state=state, mark=mark, fate=fate), set(chosen)

    def bring_into(self, queue, task, when):
        state, token = task['state'], 0
        if state == 'absent':
            if task['mark'] == 'finished':
                queue.simple('finish', 'id')
            return token
        queue.add('id', delay=HOUR if state == 'delayed' else 0, max_tries=1 if 'last-try' in when else 25)
        if state in ('running', 'dead'):
            token = queue.claim(1, max_crashes=1 if 'last-crash' in when else 9).tasks[0].token
        if state == 'dead':
            queue.settle('id', token, 'rejected')
        if task['fate'] == 'again':
            queue.add('id', '"pending"', 2 * ('pending-even-finished' in when) + ('pending-at-head' in when),
                      HOUR if 'pending-delay' in when else 0, 9)
        elif task['fate'] == 'drop':
            queue.simple('finish' if task['mark'] == 'finished' else 'remove', 'id')
        if 'cancelled' in when:
            queue.simple('cancel', 'id')
        if 'abandoned' in when:
            queue.settle('id', token, 'abandoned')
        return token

    def send_settle(self, queue, how, when, token, number):
        stale = 'stale' in when
        claimant = 'another' if stale and number % 2 else None
        token -= stale and not number % 2
        finish, delay = 'finish' in when, -1 if 'in-place' in when else HOUR
        if how == 'done' and number % 3:
            words = ('W', claimant or queue.claimant, 'F' if finish else 'D', 1, 'id', token)
            return queue.send('do', *words)[0][0]
        return queue.settle('id', token, how, finish, delay, claimant=claimant)

    def send(self, queue, event, when, token, number, answer):
        if event == 'add':
            flags = sum(bit for word, bit in self.OF_ADD.items() if word in when)
            if not flags and 'delay' not in when and number % 2:
                return queue.send('add', 'A', 1, 'id', '"new"')[0][0]
            return queue.add('id', '"new"', flags, HOUR if 'delay' in when else 0, 4)
        if event.startswith('settle-'):
            return self.send_settle(queue, event[7:], when, token, number)
        if event == 'renew':
            return queue.renew('id', token - 1 if 'stale' in when and number % 2 else token,
                               'another' if 'stale' in when and not number % 2 else None)
        if event == 'claim':
            return 'ok' if queue.claim(1).tasks else 'absent'
        if event == 'junk':
            return queue.send('do', 'j', 1, 'id', 'given error')[0][0]
        if event == 'due':
            queue.now += 2 * HOUR
            queue.send('do', *queue.claim_words(0))
            return answer
        if event == 'reap':
            queue.lease += 2 * LEASE
            self.assertEqual(queue.reap()[0], queue.look('id').state == 'running' or answer != 'absent')
            return answer
        return queue.simple(event, 'id')

    def judge(self, row, before, after, beside):
        keep = lambda text, old: old if text == '=' else text
        self.assertEqual(after.state, keep(row['next_state'], before.state))
        self.assertEqual(after.mark, keep(row['next_mark'], before.mark))
        self.assertEqual(after.fate, keep(row['next_fate'], before.fate))
        flags = {'=': before.flags, '-': set()}.get(row['next_flags'])
        self.assertEqual(after.flags, before.flags | {row['next_flags'][1:]} if flags is None else flags)
        for key in ('failures', 'crashes'):
            said, old = row[key], getattr(before, key)
            self.assertEqual(getattr(after, key), {'0': 0, '=': old, '+1': old + 1}[said])
        self.assertEqual(after.error, {**ERRORS, '=': before.error}[row['error']])
        if after.state == 'absent':
            return
        self.assertEqual(after.info, {'=': before.info, 'new': '"new"', 'pending': '"pending"'}[row['info']])
        if row['place'] == 'keep':
            self.assertEqual(after.place, before.place)
        elif row['place'] == 'tail':
            self.assertGreater(after.place, max(before.place, beside.place))
        else:
            self.assertLess(after.place, beside.place)

    def test_table(self):
        table, used, number = Table(sys.argv[3]), set(), 0
        for event, task, when in self.situations():
            number += 1
            queue = self.make_queue('life')
            queue.add('beside', delay=9 * HOUR)
            token = self.bring_into(queue, task, when)
            before, beside = queue.look('id'), queue.look('beside')
            row = table.find(event, task, when)
            used.add(id(row))
            with self.subTest(event=event, task=task, when=when):
                self.assertEqual(before.state, task['state'])
                answer = self.send(queue, event, when, token, number, row['answer'])
                self.assertEqual(answer, row['answer'])
                self.judge(row, before, queue.look('id'), beside)
                self.check(queue)
            self.server('FLUSHALL')
        self.assertGreater(number, 3000)
        unused = [row for row in table.rows if id(row) not in used and 'uncounted' not in row['when'].split()]
        self.assertEqual(unused, [])


class TestRequests(TestCase):
    def test_repeated(self):
        queue = self.queue
        words = ('A', 2, 'a', '1', 'b', '2')
        for request, expected in ((5, ['added', 'added']), (5, ['added', 'added']), (6, ['exists', 'exists'])):
            self.assertEqual(queue.send('add', *words, request=request)[0], expected)
        self.assertGreater(self.server('TTL', queue.key('client:me')), 3500)
        self.check()

    def test_parts(self):
        """A part whose predecessor was not done is refused; a repeated one is answered alone"""
        queue = self.queue
        with self.assertRaisesRegex(Refused, '^ORDER '):
            queue.send('do', 'f', 1, 'x', request=7, part=2, after=1)
        self.assertEqual(queue.send('add', 'A', 1, 'x', '1', request=7, part=1)[0], ['added'])
        self.assertEqual(queue.send('do', 'f', 1, 'x', request=7, part=2, after=1)[0], ['finished'])
        self.assertEqual(queue.send('add', 'A', 1, 'x', '1', request=7, part=1)[0], ['added'])
        self.assertEqual(queue.send('do', 'f', 1, 'x', request=7, part=2, after=1)[0], ['finished'])
        with self.assertRaisesRegex(Refused, '^ORDER '):
            queue.send('do', 'u', 1, 'x', request=8, part=2, after=1)
        self.assertEqual(queue.look('x').mark, 'finished')

    def test_outdated(self):
        queue = self.queue
        queue.send('add', 'A', 1, 'x', '1', request=2**32 - 1)
        queue.send('add', 'A', 1, 'y', '1', request=3)
        with self.assertRaisesRegex(Refused, '^OUTDATED '):
            queue.send('add', 'A', 1, 'z', '1', request=2**32 - 1)
        self.assertEqual(queue.look('z').state, 'absent')
        other = self.make_queue(queue.name)
        other.client = 'another'
        self.assertEqual(other.send('add', 'A', 1, 'z', '1', request=1)[0], ['added'])

    def test_repeated_failure_counts_once(self):
        queue = self.queue
        queue.add('x')
        token = queue.claim(1).tasks[0].token
        for _ in range(2):
            self.assertEqual(queue.send('do', 'W', queue.claimant, 'E', 1, 'x', token, 2, 0, -1, 'bad', request=50)[0],
                             ['ok'])
        self.assertEqual(queue.look('x').failures, 1)

    def test_repeated_batch_with_claims(self):
        """The claims of it give what they gave, renewed, and say what is lost"""
        queue = self.queue
        queue.add_plain(*ids(10))
        words = (*queue.claim_words(3), 'r', 1, 't0009', *queue.claim_words(2))
        answers, first = queue.send('do', *words, request=90)
        self.assertEqual(answers, ['ok', 'ok', 'ok'])
        queue.lease += LEASE - 1
        self.assertEqual(queue.send('do', *words, request=90), (answers, [
            again._replace(waiting=4) for again in first]))
        queue.lease += LEASE - 1
        self.assertEqual(queue.reap()[0], 0)
        other = self.make_queue(queue.name)
        other.client, other.now, other.lease = 'another', queue.now, queue.lease
        other.done(first[0].tasks[:2])
        again = queue.send('do', *words, request=90)[1]
        self.assertEqual([(one.lost, one.tasks) for one in again], [(2, first[0].tasks[2:]), (0, first[1].tasks)])
        self.check()

    def test_repeated_claim(self):
        queue = self.queue
        queue.add_plain(*ids(10))
        first = queue.claim(4)
        self.assertEqual(queue.claim(4, request=1).tasks, first.tasks)
        queue.done(first.tasks[1:2])
        queue.settle('t0002', first.tasks[2].token, 'returned')
        again = queue.claim(4, request=1)
        self.assertEqual((again.lost, again.tasks), (2, [first.tasks[0], first.tasks[3]]))
        self.assertEqual(queue.stats()['running'], 2)
        later = queue.claim(1, request=2)
        self.assertEqual((later.lost, [task.id for task in later.tasks]), (0, [b't0002']))
        self.assertEqual(queue.claim(4, request=1).tasks, again.tasks)
        self.check()

    def test_same_id_in_one_batch(self):
        queue = self.queue
        answers = queue.send('add', 'A', 4, 'x', '1', 'y', '1', 'x', '2', 'x', '3', 'X', 2, 'x', '4', 16, 0, 0, 0, 0, 0,
                             'x', '5', 16, 0, 0, 0, 0, 0)[0]
        self.assertEqual(answers, ['added', 'added', 'exists', 'exists', 'exists', 'exists'])
        self.assertEqual(queue.look('x').info, '5')
        answers, claims = queue.send('do', 'u', 1, 'x', *queue.claim_words(2), 'c', 1, 'x', 'f', 2, 'x', 'x',
                                     'u', 2, 'x', 'x', 'y', 1, 'x', 'r', 2, 'x', 'n')
        self.assertEqual(answers, 'absent ok ok finished finished ok absent absent ok absent'.split())
        token = claims[0].tasks[0].token
        settles = ('x', token, 'x', token, 'y', claims[0].tasks[1].token)
        self.assertEqual(queue.send('do', 'W', queue.claimant, 'F', 3, *settles)[0], ['ok', 'stale', 'ok'])
        self.check()


class TestClaims(TestCase):
    def test_order(self):
        queue = self.queue
        for number, (priority, flags) in enumerate([(0, 0), (0, 1), (-128, 0), (127, 0), (-5, 1), (0, 0)]):
            queue.add(f'{number}', priority=priority, flags=flags)
        self.assertEqual(queue.page('waiting'), list('241053'))
        self.assertEqual(queue.claim_ids(4) + queue.claim_ids(9), list('241053'))

    def test_fields(self):
        queue = self.queue
        queue.add('x', '{"a":1}', priority=-7, timeout=1500, max_tries=6)
        queue.add('y')
        claim = queue.claim(1)
        self.assertEqual((claim.lost, claim.waiting, claim.next_due, claim.paused), (0, 1, 0, 0))
        look = queue.look('x')
        self.assertEqual((look.priority, look.timeout, look.own_tries, look.info), (-7, 1500, 6, '{"a":1}'))
        self.assertEqual(look.when, queue.lease + LEASE)

    def test_due(self):
        queue = self.queue
        for number, delay in enumerate([3, 1, 2, 2, 9]):
            queue.add(f'{number}', delay=delay)
        claim = queue.claim(0)
        self.assertEqual((claim.next_due, claim.waiting), (NOW + 1, 0))
        queue.now += 3
        claim = queue.claim(9)
        self.assertEqual([task.id for task in claim.tasks], [b'1', b'2', b'3', b'0'])
        self.assertEqual(claim.next_due, NOW + 9)
        self.check()

    def test_many_due(self):
        queue = self.queue
        for first in range(0, 2048, 512):
            words = itertools.chain(*((id, '1', 0, 0, 0, 5, 0, 0) for id in ids(512, first)))
            queue.send('add', 'X', 512, *words)
        queue.now += 5
        claim = queue.claim(0)
        self.assertEqual((claim.waiting, claim.next_due), (1024, NOW + 5))
        self.assertEqual(queue.claim(0).waiting, 2048)
        self.assertEqual(queue.claim_ids(3), ids(3))
        self.check()

    def crash(self, n):
        self.queue.claim(n)
        self.queue.lease += LEASE
        self.assertEqual(self.queue.reap()[0], n)

    def test_suspects(self):
        queue = self.queue
        queue.add_plain(*ids(9))
        self.crash(4)
        self.assertEqual(queue.page('waiting'), ids(9))
        self.assertEqual(queue.claim_ids(2, suspects=0), ids(2, 4))
        self.assertEqual(queue.claim_ids(2), ['t0000', 't0006'])
        self.assertEqual(queue.claim_ids(9), ['t0001', 't0007', 't0008'])
        self.assertEqual(queue.stats()['waiting'], 2)
        self.check()

    def test_killer(self):
        queue = self.queue
        queue.add_plain('killer', 'beside')
        for crashes in (1, 2, 3):
            self.assertEqual(queue.claim_ids(1), ['killer'])
            queue.add('killer', '"newest"')
            queue.lease += LEASE
            queue.reap()
            self.assertEqual(queue.look('killer').crashes, crashes)
        self.assertEqual((queue.look('killer').state, queue.look('killer').info), ('dead', '"newest"'))
        self.check()

    def test_tokens(self):
        """They grow where the clock goes back, too, and where it stands far ahead"""
        queue, last = self.queue, 0
        queue.add('x')
        for _ in range(5):
            token = queue.claim(1).tasks[0].token
            self.assertGreater(token, last)
            self.assertGreaterEqual(token, queue.now)
            for how in SETTLES[1:]:
                self.assertEqual(queue.settle('x', last, how), 'stale')
            queue.settle('x', token, 'returned')
            last = token
            queue.now -= HOUR
        self.assertEqual(len(str(token)), 16)

    def test_paused(self):
        queue = self.queue
        queue.add('x')
        answers, claims = queue.send('do', 'P', 1, *queue.claim_words(3))
        self.assertEqual((answers, claims[0].paused, claims[0].tasks), (['ok', 'ok'], 1, []))
        self.assertEqual(queue.stats()['paused'], 1)
        queue.send('do', 'P', 0)
        self.assertEqual(queue.claim_ids(3), ['x'])

    def test_renew(self):
        queue = self.queue
        queue.add_plain('x')
        token = queue.claim(1).tasks[0].token
        for _ in range(5):
            queue.lease += LEASE - 1
            self.assertEqual(queue.renew('x', token), 'ok')
            self.assertEqual(queue.reap()[0], 0)
        self.assertEqual(queue.send('do', 'W', queue.claimant, 'R', 3, LEASE, 'x', token, 'n', 1, 'x', token)[0],
                         ['ok', 'stale', 'ok'])

    def test_junk(self):
        """What is no task is dead with the reason, and others come in its place"""
        queue = self.queue
        queue.add_plain(*ids(6))
        good = self.server('HGET', queue.key('tasks'), 't0000')
        for id, value in (('t0000', b''), ('t0001', b'short'), ('t0002', b'\x07' + good[1:]), ('t0003', good[:36]),
                          ('t0004', good[:34] + b'\xff\xff' + good[36:])):
            self.server('HSET', queue.key('tasks'), id, value)
        self.assertEqual(queue.claim_ids(2), ['t0005'])
        self.assertEqual(queue.page('dead'), ids(5))
        self.assertRegex(queue.look('t0001').error, '5 bytes, expected 36')
        self.assertRegex(queue.look('t0002').error, 'its state is 7')
        self.assertRegex(queue.look('t0004').error, 'its info is missing')
        self.server('HSET', queue.key('tasks'), 't0000', 'x')
        self.server('HSET', queue.key('runs'), 't0005', 'x')
        self.assertEqual(queue.simple('remove', 't0000'), 'ok')
        self.assertEqual(queue.add('t0000'), 'added')
        queue.lease += LEASE
        self.assertEqual(queue.reap()[0], 1)

    def test_big_batches(self):
        queue = self.queue
        long_ids = [f'{i:04d}' + 'x' * 4092 for i in range(1024)]
        self.assertEqual(queue.add_plain(*long_ids), ['added'] * 1024)
        tasks = queue.claim(1024).tasks
        self.assertEqual([task.id.decode() for task in tasks], long_ids)
        self.assertEqual(queue.send('do', 'W', queue.claimant, 'R', 1024, LEASE,
                                    *(word for task in tasks for word in (task.id, task.token)))[0], ['ok'] * 1024)
        self.assertEqual(queue.done(tasks[:1000], True), ['ok'] * 1000)
        for task in tasks[1000:]:
            queue.settle(task.id, task.token, 'failed', delay=HOUR)
        self.assertEqual(queue.page('delayed'), long_ids[1000:])
        self.check()

    def test_long_error(self):
        queue = self.queue
        queue.add('x')
        token = queue.claim(1).tasks[0].token
        queue.settle('x', token, 'rejected', error='€' * 2000)
        self.assertEqual(queue.look('x').error, '€' * 1365)


class TestNews(TestCase):
    def setUp(self):
        super().setUp()
        self.bell = Connection(self.server.path)
        self.bell('SUBSCRIBE', self.queue.key('news'))

    def tearDown(self):
        self.bell.hang_up()
        super().tearDown()

    def heard(self):
        """All that was said until now"""
        self.server('PUBLISH', self.queue.key('news'), 'end')
        return list(iter(lambda: self.bell.read()[2].decode(), 'end'))

    def test_hungry(self):
        queue = self.queue
        queue.add('a')
        self.assertEqual(self.heard(), [])
        queue.claim(2)
        queue.add('b')
        queue.add('c')
        self.assertEqual(self.heard(), ['w'])
        token = queue.claim(3).tasks[0].token
        queue.settle('b', token, 'returned')
        self.assertEqual(self.heard(), ['w'])
        queue.claim(9)
        queue.lease += LEASE
        queue.reap()
        self.assertEqual(self.heard(), ['w'])

    def test_paused(self):
        queue = self.queue
        queue.send('do', 'P', 1, *queue.claim_words(1))
        queue.add('a')
        self.assertEqual(self.heard(), [])
        queue.send('do', 'P', 0)
        self.assertEqual(self.heard(), ['w'])

    def test_wishes(self):
        queue = self.queue
        queue.add_plain(*ids(4))
        queue.claim(3)
        queue.simple('cancel', 't0000')
        queue.simple('finish', 't0001')
        queue.simple('remove', 't0002')
        queue.simple('remove', 't0003')
        self.assertEqual(self.heard(), ['n', 'n', 'n'])


class TestClock(TestCase):
    def setUp(self):
        super().setUp()
        self.queue.now = 0

    def number(self, name):
        return int(self.server('HGET', self.queue.key('queue'), name))

    def test_swallows_steps(self):
        """The lease clock bears a wall clock that was set, either way, and long outages"""
        queue = self.queue
        queue.add('x')
        token = queue.claim(1).tasks[0].token
        for step in (-9 * HOUR, 9 * HOUR):
            before = self.number('clock')
            self.server('HSET', queue.key('queue'), 'last', self.number('last') + step)
            self.assertEqual(queue.reap()[0], 0)
            self.assertTrue(0 <= self.number('clock') - before <= 2 * 10**6)
        self.assertEqual(queue.renew('x', token), 'ok')
        self.assertLess(abs(self.number('last') - time.time() * 10**6), 60 * 10**6)

    def test_lease_ends(self):
        queue = self.queue
        queue.add('x')
        queue.claim(1)
        for _ in range(14):
            self.server('HSET', queue.key('queue'), 'last', self.number('last') - HOUR)
            self.assertEqual(queue.reap()[0], 0)
        for _ in range(2):
            self.server('HSET', queue.key('queue'), 'last', self.number('last') - HOUR)
            queue.reap()
        self.assertEqual((queue.look('x').state, queue.look('x').crashes), ('waiting', 1))

    def test_numbers(self):
        queue = self.queue
        queue.add('x', delay=1)
        queue.claim(1)
        for name in ('token', 'last'):
            self.assertRegex(self.server('HGET', queue.key('queue'), name).decode(), '^[0-9]{16}$')
        self.assertEqual(len(str(queue.look('x').token)[:-2]), 16)

    def test_newer_schema(self):
        queue = self.queue
        queue.add('x')
        self.server('HSET', queue.key('queue'), 'schema', 2)
        for call in (lambda: queue.add('y'), lambda: queue.claim(1), queue.stats, queue.reap, lambda: queue.look('x')):
            with self.assertRaisesRegex(Refused, '^SCHEMA 2'):
                call()
        self.assertEqual(self.server('HLEN', queue.key('tasks')), 1)


class TestMemory(TestCase):
    def test_full(self):
        """A full store takes no adds, and lets all that is there be eaten"""
        queue = self.queue
        for first in range(0, 2000, 500):
            queue.add_plain(*ids(500, first))
        held = queue.claim(8).tasks
        self.server('CONFIG', 'SET', 'maxmemory', 1)
        try:
            with self.assertRaisesRegex(Refused, '^OOM '):
                queue.add('more')
            for task in held:
                self.assertEqual(queue.renew(task.id, task.token), 'ok')
            n = len(held)
            while held:
                self.assertEqual(set(queue.done(held, True)), {'ok'})
                held = queue.claim(256).tasks
                n += len(held)
            self.assertEqual(n, 2000)
            self.assertEqual((queue.stats()['finished'], queue.stats()['running']), (2000, 0))
            queue.reap()
            queue.page('waiting')
            queue.call('marks', '', 10)
            queue.call('sweep', 5, 0, 0, 0, 1024)
        finally:
            self.server('CONFIG', 'SET', 'maxmemory', 0)
        self.assertEqual(queue.add('more'), 'added')

    def test_bytes(self):
        """Of a waiting task and of a finished id: 20 bytes of id, 30 of info"""
        used = lambda: int(dict(line.split(':') for line in self.server('INFO', 'memory').decode().split('\r\n')
                                if ':' in line)['used_memory'])
        queue, before, n = self.queue, used(), 20480
        for first in range(0, n, 512):
            queue.add_plain(*(f'{i:020d}' for i in range(first, first + 512)), info='"' + 'x' * 28 + '"')
        waiting = (used() - before) / n
        held = queue.claim(512).tasks
        while held:
            queue.done(held, True)
            held = queue.claim(512).tasks
        finished = (used() - before) / n
        print(f'# {waiting:.0f} bytes a waiting task, {finished:.0f} a finished id', file=sys.stderr)
        self.assertLess(waiting, 350)
        self.assertLess(finished, 110)


class TestMutants(TestCase):
    """The planted bugs are there when asked for"""

    def plant(self, name):
        queue = self.make_queue(mutant=name)
        queue.add_plain(*ids(3))
        return queue

    def test_no_token(self):
        queue = self.plant('redis-no-token')
        token = queue.claim(1).tasks[0].token
        self.assertEqual(queue.settle('t0000', token - 1, 'returned', claimant='another'), 'ok')

    def test_reap_no_cap(self):
        queue = self.plant('redis-reap-no-cap')
        for _ in range(5):
            queue.claim(1)
            queue.lease += LEASE
            queue.reap()
        self.assertEqual((queue.look('t0000').state, queue.look('t0000').crashes), ('waiting', 5))

    def test_renew_anybody(self):
        queue = self.plant('redis-renew-anybody')
        queue.claim(1)
        self.assertEqual(queue.renew('t0000', 5, 'another'), 'ok')

    def test_claim_lost(self):
        queue = self.plant('redis-claim-lost')
        first, second = queue.claim(1), queue.claim(1)
        self.assertEqual(queue.claim(2, request=2).tasks, first.tasks + second.tasks)

    def test_none(self):
        for text in texts(sys.argv[2]).values():
            self.assertNotIn('--', text)
            self.assertNotIn('mutant', text)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
