# redis_scripts.py - a private Redis server, and the scripts of the backend called by hand
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What test-redis-scripts.py talks to: RESP in and out, a queue's keys, records out of their bytes"""
import collections, os, shutil, socket, struct, subprocess, sys, tempfile, time, unittest

KEYS = ('queue tasks waiting suspects delayed runs leases pending dead finished workers claims marks client:me').split()
ANSWERS = 'none added exists again running dead finished ok stale cancelled dropped absent'.split()
STATES = 'absent waiting delayed running dead'.split()
FATES = 'plain again drop'.split()
SETTLES = ' done failed rejected postponed returned abandoned'.split(' ')
TASK, RUN, PENDING = struct.Struct('<BbddIIIIH'), struct.Struct('<dIIIBB'), struct.Struct('<dIIBb')
HOUR, LEASE = 3600 * 10**6, 30 * 10**6
NOW = 1_800_000_000 * 10**6

Record = collections.namedtuple('Record', 'state mark fate flags failures crashes priority place when own_tries '
                                          'timeout error info token claimant pending')
Claim = collections.namedtuple('Claim', 'lost waiting next_due paused tasks')
Claimed = collections.namedtuple('Claimed', 'id token value')


class Refused(Exception):
    """An error reply"""


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(500):
            if self.socket.connect_ex(path) == 0:
                break
            time.sleep(0.02)
        self.file = self.socket.makefile('rb')

    def hang_up(self):
        self.file.close()
        self.socket.close()

    def read(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b'-':
            raise Refused(rest.decode())
        if kind == b':':
            return int(rest)
        if kind == b'$':
            return None if rest == b'-1' else self.file.read(int(rest) + 2)[:-2]
        return [self.read() for _ in range(int(rest))] if kind == b'*' else rest

    def __call__(self, *words):
        out = [b'*%d\r\n' % len(words)]
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            out.append(b'$%d\r\n%s\r\n' % (len(word), word))
        self.socket.sendall(b''.join(out))
        return self.read()


class Server(Connection):
    """A redis-server of one's own on a unix socket"""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix='chihuo-redis-')
        self.path = os.path.join(self.folder, 'socket')
        program = os.environ.get('CHIHUO_REDIS_SERVER', program)
        self.process = subprocess.Popen([program, '--port', '0', '--unixsocket', self.path, '--save', '',
                                         '--dir', self.folder], stdout=subprocess.DEVNULL)
        super().__init__(self.path)

    def end(self):
        self.hang_up()
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


class Queue:
    """A queue, as one client and one claimant see it. Its clocks stand still until told otherwise"""
    number = 0

    def __init__(self, server, shas, name=None):
        Queue.number += 1
        self.name = name or f'q{Queue.number}'
        self.server, self.shas, self.client, self.claimant = server, shas, 'me', 'claimant-1'
        self.request, self.claim_request, self.now, self.lease = 0, 0, NOW, 10**9

    def key(self, name):
        return '{chihuo:%s}:%s' % (self.name, name)

    @property
    def moment(self):
        return f'{self.now} {self.lease}' if self.now else ''

    def call(self, script, *words):
        keys = [self.key(name) for name in KEYS[:-1]] + [self.key('client:' + self.client)]
        return self.server('EVALSHA', self.shas[script], len(keys), *keys, self.moment, *words)

    def send(self, script, *words, request=None, part=1, after=0):
        """The names of the answers, and the claims"""
        if request is None:
            self.request += 1
            request = self.request
        reply = self.call(script, request, part, after, 3600, *words)
        answers = [ANSWERS[byte - 48] for byte in reply[0]]
        return answers, [Claim(*one[:4], [Claimed(*one[i:i + 3]) for i in range(4, len(one), 3)]) for one in reply[1:]]

    def add(self, id, info='"old"', flags=0, delay=0, max_tries=0, priority=None, timeout=0):
        return self.send('add', 'X', 1, id, info, flags, int(priority is not None), priority or 0, delay, timeout,
                         max_tries)[0][0]

    def add_plain(self, *ids, info='1'):
        return self.send('add', 'A', len(ids), *(word for id in ids for word in (id, info)))[0]

    def simple(self, op, id):
        letter = {'finish': 'f', 'unfinish': 'u', 'remove': 'r', 'cancel': 'c', 'retry-dead': 'y'}[op]
        return self.send('do', letter, 1, id)[0][0]

    def claim_words(self, n, suspects=1, request=None, max_crashes=3):
        if request is None:
            self.claim_request += 1
            request = self.claim_request
        return ('W', self.claimant, 'C', n, suspects, request, 25, max_crashes, LEASE)

    def claim(self, n, **more):
        return self.send('do', *self.claim_words(n, **more))[1][0]

    def claim_ids(self, n, **more):
        return [task.id.decode() for task in self.claim(n, **more).tasks]

    def settle(self, id, token, how, finish=False, delay=HOUR, error='given error', claimant=None):
        words = (id, token, SETTLES.index(how), int(finish), delay, error)
        return self.send('do', 'W', claimant or self.claimant, 'E', 1, *words)[0][0]

    def done(self, tasks, finish=False):
        words = (word for task in tasks for word in (task.id, task.token))
        return self.send('do', 'W', self.claimant, 'F' if finish else 'D', len(tasks), *words)[0]

    def renew(self, id, token, claimant=None):
        return self.send('do', 'W', claimant or self.claimant, 'R', 1, LEASE, id, token)[0][0]

    def reap(self, limit=1024):
        return self.call('reap', limit)

    def stats(self):
        names = 'waiting delayed running dead finished paused oldest next_due workers now'.split()
        return dict(zip(names, self.call('stats')))

    def look(self, id):
        return record(*self.call('look', id))

    def page(self, state, after='', limit=1024):
        reply = self.call('page', STATES.index(state), after, limit)
        return [reply[i].decode() for i in range(0, len(reply), 3)]


def record(task, run, ends, pending, finished):
    state, priority, place, when, failures, crashes, own, timeout, error = 0, 0, 0, 0, 0, 0, 0, 0, ''
    info, fate, flags, token, claimant = None, 0, set(), 0, None
    if task:
        state, priority, place, when, failures, crashes, own, timeout, length = TASK.unpack_from(task)
        error, info = task[36:36 + length].decode(), task[36 + length:].decode()
    if run:
        token, _, _, _, fate, bits = RUN.unpack_from(run)
        state, when, claimant = 3, ends, run[22:].decode()
        flags = {name for bit, name in ((1, 'cancelled'), (2, 'abandoned')) if bits & bit}
    return Record(STATES[state], 'no' if finished is None else 'finished', FATES[fate], flags, failures, crashes,
                  priority, place, when, own, timeout, error, info, token, claimant,
                  pending and PENDING.unpack_from(pending) + (pending[18:].decode(),))


def texts(folder, mutant=None):
    """The scripts as the library has them; with a planted bug, as a build that has them all"""
    sys.path.insert(0, folder)
    import join
    found = {}
    for name, flags, parts in join.SCRIPTS:
        text = '\n'.join(join.join(folder, flags, parts, mutant is not None)) + '\n'
        found[name] = text.replace(f'--@mutant {mutant}: ', '')
    return found


def ids(n, first=0):
    return [f't{i:04d}' for i in range(first, first + n)]


class TestCase(unittest.TestCase):
    """Has a server, and a new queue for each test"""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(sys.argv[1])
        cls.shas = cls.load()

    @classmethod
    def tearDownClass(cls):
        cls.server.end()

    @classmethod
    def load(cls, mutant=None):
        return {name: cls.server('SCRIPT', 'LOAD', text).decode()
                for name, text in texts(sys.argv[2], mutant).items()}

    def make_queue(self, name=None, mutant=None):
        return Queue(self.server, self.load(mutant) if mutant else self.shas, name)

    def setUp(self):
        self.queue = self.make_queue()

    def tearDown(self):
        for key in self.server('KEYS', '*'):
            self.server('UNLINK', key)

    def check(self, queue=None):
        """What must always be so, in the keys themselves"""
        queue = queue or self.queue
        read = lambda command, name, *more: self.server(command, queue.key(name), *more)
        pairs = lambda name: dict(zip(*[iter(read('HGETALL', name))] * 2))
        tasks, runs = pairs('tasks'), pairs('runs')
        places = {name: set(read('ZRANGE', name, 0, -1)) for name in ('waiting', 'suspects', 'leases', 'dead')}
        places['delayed'] = {member[14:] for member in read('ZRANGE', 'delayed', 0, -1)}
        self.assertEqual(sum(map(len, places.values())), len(tasks))
        self.assertEqual(set().union(*places.values()), set(tasks))
        self.assertEqual(places['leases'], set(runs))
        workers = {}
        for run in runs.values():
            workers[run[22:]] = workers.get(run[22:], 0) + 1
        self.assertEqual(pairs('workers'), {name: b'%d' % n for name, n in workers.items()})
        self.assertEqual(set(read('HKEYS', 'pending')), {id for id, run in runs.items() if run[20] == 1})
        for id, value in tasks.items():
            state, priority, place, when, _, crashes, *_ = TASK.unpack_from(value)
            if id in runs:
                continue
            name = {1: 'suspects' if crashes else 'waiting', 2: 'delayed', 4: 'dead'}[state]
            self.assertIn(id, places[name])
            if state == 1:
                self.assertEqual(float(read('ZSCORE', name, id)), priority * 2.0**44 + place)
        finished = set(read('HKEYS', 'finished'))
        self.assertFalse(finished & (set(tasks) - set(runs)))
