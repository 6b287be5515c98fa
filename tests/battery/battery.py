# battery.py - starts workers at one database, makes faults, and has their histories judged
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The conductor's part of a battery of real processes.

What a process does it writes down itself (battery-worker.c), a file for each of its lives. What is done to it the
conductor writes. The database is read with plain sqlite3. In the end tests/sim/history-checker judges all of it.

Whether a process is inside a write transaction is asked of the kernel: who holds the byte of the -shm file that is
SQLite's lock for writing. That is only certain while the process is stopped, so each victim is stopped first, looked
at, and killed as it stands.
"""

import collections
import fcntl
import os
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import time

PATIENCE = 60       # only what hangs ever waits so long, in seconds
DRAIN = 60          # so long it may take to drain, in seconds
QUEUE = 'battery'
STATES = ('absent', 'waiting', 'delayed', 'running', 'dead')
ABSENT, WAITING, DELAYED, RUNNING, DEAD = range(5)

# struct flock, and where WAL-mode databases keep WAL_WRITE_LOCK (SQLite's “WAL-mode File Format”, 2.2)
FLOCK = 'hhqqi4x'
WAL_WRITE_BYTE = 120


def now():
    """The time of all histories, in µs."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6)


def wait_for(what, condition):
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, 'waited in vain for ' + what
        time.sleep(0.005)


class Worker:
    """One life of a worker."""

    def __init__(self, battery, slot, life, *options):
        self.battery = battery
        self.slot = slot
        self.life = life
        self.name = 'w%d.%d' % (slot, life)
        self.history = os.path.join(battery.folder, self.name + '.history')
        self.errors = os.path.join(battery.folder, self.name + '.errors')
        self.begun = time.monotonic()
        self.is_ready = False
        self.expected = (0,)
        with open(self.errors, 'wb') as errors:
            self.popen = subprocess.Popen(
                [battery.programs.worker, *battery.store_of(slot), '--history', self.history, '--process', self.name,
                 '--seed', str(battery.dice.randrange(1, 1 << 30)), '--lease', str(battery.lease), *options],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        self.pid = self.popen.pid

    def text(self):
        try:
            with open(self.history, encoding='utf-8') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def age(self):
        return time.monotonic() - self.begun

    def check_alive(self):
        if self.popen.poll() is not None:
            with open(self.errors, encoding='utf-8', errors='replace') as file:
                raise AssertionError('%s ended by itself with %d: %s'
                                     % (self.name, self.popen.returncode, file.read()[-2000:]))

    def wait_said(self, what):
        def said():
            self.check_alive()
            return '\n# %s\n' % what in '\n' + self.text()
        wait_for('%s to be %s' % (self.name, what), said)

    def wait_ready(self):
        if not self.is_ready:
            self.wait_said('ready')
            self.is_ready = True

    def send(self, number):
        os.kill(self.pid, number)

    def freeze(self):
        """Stops it; returns when the kernel says that none of its threads runs any more."""
        self.check_alive()
        self.send(signal.SIGSTOP)
        got = os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        if got.si_code != os.CLD_STOPPED:
            self.check_alive()
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self):
        self.send(signal.SIGCONT)

    def freeze_inside(self, tries=400):
        """Stops it inside a write transaction, if there is one to be found."""
        for _ in range(tries):
            self.freeze()
            if self.battery.writer() == self.pid:
                return True
            self.thaw()
            time.sleep(self.battery.dice.uniform(0, 0.003))
        self.freeze()
        return self.battery.writer() == self.pid

    def end(self, *allowed):
        try:
            status = self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise AssertionError('%s does not end' % self.name) from None
        with open(self.errors, encoding='utf-8', errors='replace') as file:
            said = file.read()
        assert status in allowed, '%s ended with %d, expected %s: %s' % (self.name, status, allowed, said[-2000:])
        return status


Kill = collections.namedtuple('Kill', 'worker time inside')
Ghost = collections.namedtuple('Ghost', 'worker n id token claimant time')


class Battery:
    def __init__(self, programs, seed, lease=1.0, keep=False):
        self.programs = programs
        self.dice = random.Random(seed)
        self.lease = lease
        self.keep = keep
        self.folder = tempfile.mkdtemp(prefix='chihuo-battery-')
        self.db = os.path.join(self.folder, 'tasks.db')
        self.workers = {}       # slot → Worker
        self.lives = collections.Counter()
        self.history = os.path.join(self.folder, 'conductor.history')
        self.log = os.open(self.history, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.kills = []
        self.pauses = 0
        self.pauses_inside = 0
        self.statuses = collections.Counter()
        self.ghosts = []
        self.ghost = None
        self.connection = None
        self.shm = -1

    # --- what is told ---

    def tell(self, process, event, *pairs):
        line = '%d %s - %s -%s\n' % (now(), process, event, ''.join(' ' + pair for pair in pairs))
        os.write(self.log, line.encode())

    # --- the database, read plainly ---

    def query(self, sql, *values):
        if self.connection is None:
            self.connection = sqlite3.connect(self.db, timeout=PATIENCE, isolation_level=None)
        return self.connection.execute(sql, values).fetchall()

    def writer(self):
        """Which process is inside a write transaction; 0 = none. The file stays open: to close it would drop the locks
        of our own connection."""
        if self.shm < 0:
            self.query('SELECT count (*) FROM queue')
            self.shm = os.open(self.db + '-shm', os.O_RDWR | os.O_CLOEXEC)
        flock = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, WAL_WRITE_BYTE, 1, 0)
        kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(self.shm, fcntl.F_GETLK, flock))
        return pid if kind != fcntl.F_UNLCK else 0

    def store_of(self, slot):
        return ['--db', self.db]

    def is_drained(self):
        return self.query('SELECT count (*) FROM task WHERE state IN (1, 2, 3)') == [(0,)]

    # --- faults ---

    def start(self, slot, *options):
        self.lives[slot] += 1
        self.workers[slot] = Worker(self, slot, self.lives[slot], *options)
        return self.workers[slot]

    def held_by(self, worker):
        return self.query('SELECT task.n, id, token, claimant.name FROM task JOIN claimant ON claimant = claimant.n'
                          ' JOIN worker ON worker = worker.n WHERE state = ? AND pid = ?', RUNNING, worker.pid)

    def kill(self, worker, inside):
        """Kills a process as it stands; if `inside`, one that stands in a write transaction, if it ever does."""
        if inside:
            worker.freeze_inside()
        else:
            worker.freeze()
        is_inside = self.writer() == worker.pid
        held = self.held_by(worker)
        self.tell(worker.name, 'kill')
        worker.send(signal.SIGKILL)
        worker.end(-signal.SIGKILL)
        self.kills.append(Kill(worker, now(), is_inside))
        known = set(re.findall(r' claim ok id=\S+ token=(\d+)', worker.text()))
        self.ghosts += [Ghost(worker, n, id, token, claimant, time.monotonic())
                        for n, id, token, claimant in held if str(token) in known]

    def pause(self, worker, inside, seconds):
        """Stops a process for some time, and waits."""
        if inside:
            self.pauses_inside += worker.freeze_inside()
        else:
            worker.freeze()
        self.pauses += 1
        self.tell(worker.name, 'pause')
        time.sleep(seconds)
        worker.thaw()
        self.tell(worker.name, 'resume')

    def interrupt(self, worker, n, gap):
        """Sends SIGINT or SIGTERM so often; waits for the end."""
        for i in range(n):
            if i > 0:
                time.sleep(self.dice.uniform(0, gap))
            if worker.popen.poll() is None:
                worker.send(self.dice.choice((signal.SIGINT, signal.SIGTERM)))
        # only a second signal makes it give up code that runs
        status = worker.end(*((0, 75) if n > 1 else (0,)))
        self.statuses[status] += 1
        return status

    # --- the settles of the dead ---

    def open_ghost(self):
        if self.ghost is None:
            self.ghost = subprocess.Popen(
                [self.programs.ghost, self.db, os.path.join(self.folder, 'ghost.history'), QUEUE], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def haunt(self):
        """Offers what the dead would have settled: where others have the task now, or had it. Under the name of the
        dead, or, so that only the token is left to tell them apart, of whoever has it."""
        self.open_ghost()
        waiting = []
        for ghost in self.ghosts:
            rows = self.query('SELECT state, token, claimant.name FROM task LEFT JOIN claimant ON claimant = claimant.n'
                              ' WHERE task.n = ? AND id = ?', ghost.n, ghost.id)
            state, token, claimant = rows[0] if rows else (ABSENT, 0, None)
            old = time.monotonic() - ghost.time > 4
            if token == ghost.token and state == RUNNING or state in (WAITING, RUNNING) and token == ghost.token \
                    and not old:
                waiting.append(ghost)
                continue
            name = claimant if claimant is not None and self.dice.random() < 0.5 else ghost.claimant
            self.ghost.stdin.write('%s %s/0 %s %d %d %s\n' % (ghost.worker.name, ghost.worker.name, ghost.id,
                                                              ghost.token, ghost.n, name))
            self.ghost.stdin.flush()
            self.ghost.stdout.readline()
        self.ghosts = waiting

    # --- the end ---

    def drain(self):
        """No new faults: all of it has to be done."""
        for worker in self.workers.values():
            worker.wait_ready()
            worker.send(signal.SIGUSR1)
        for worker in self.workers.values():
            worker.wait_said('calm')
        self.tell('-', 'heal', 'lease=%d' % (DRAIN * 1000000))
        end = time.monotonic() + DRAIN
        while time.monotonic() < end:
            if self.is_drained():
                self.tell('-', 'drained')
                break
            time.sleep(0.05)
        self.haunt()

    def stop(self):
        """Everybody ends in peace."""
        for worker in self.workers.values():
            worker.send(signal.SIGTERM)
        for worker in self.workers.values():
            self.statuses[worker.end(0)] += 1
        if self.ghost is not None:
            self.ghost.stdin.close()
            assert self.ghost.wait(PATIENCE) == 0, 'the ghost'
            self.ghost.stdout.close()

    def files(self):
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.endswith('.history'))

    def tell_final(self, ids):
        """What the database holds of each id, at last."""
        states = dict(self.query('SELECT id, state FROM task'))
        finished = {id for id, in self.query('SELECT id FROM finished')}
        for id in sorted(ids | set(states) | finished):
            state = states.get(id, ABSENT)
            self.tell('-', 'final', 'id=' + id, *(['state=' + STATES[state]] if state else []),
                      *(['finish=1'] if id in finished else []))

    def check_database(self):
        """What is counted is what there is, and nobody is left behind."""
        counted = self.query('SELECT waiting, delayed, running, dead, finished FROM queue')
        there = [tuple(self.query('SELECT count (*) FROM task WHERE state = ?', state)[0][0]
                       for state in (WAITING, DELAYED, RUNNING, DEAD))
                 + self.query('SELECT count (*) FROM finished')[0]]
        assert counted == there, 'counted %s, there are %s' % (counted, there)
        assert self.query('PRAGMA integrity_check') == [('ok',)]

    def judge(self):
        """What the checker says, line by line; nothing: all was kept."""
        done = subprocess.run([self.programs.checker, *self.files()], capture_output=True, text=True, check=False)
        lines = (done.stdout + done.stderr).splitlines()
        return ([] if done.returncode == 0 else lines or ['the checker ended with %d' % done.returncode]), lines[-1:]

    def close(self):
        for worker in self.workers.values():
            if worker.popen.poll() is None:
                worker.popen.kill()
                worker.popen.wait()
        if self.ghost is not None and self.ghost.poll() is None:
            self.ghost.kill()
            self.ghost.wait()
        if self.connection is not None:
            self.connection.close()
        os.close(self.log)
        if self.keep:
            print('# kept: ' + self.folder, flush=True)
        else:
            shutil.rmtree(self.folder)


def find_stop_problems(before, after, n_signals=1):
    """What a stop must not have changed of tasks, in their order. What a second signal gave up runs there on, marked as
    such, until the next worker looks, even where its code has come to an end while the store was told."""
    places = {task.id: task.place for task in before}
    left = [task for task in after if task.id in places]
    order = [id for id in places if id in {task.id for task in left}]
    if [task.id for task in left] != order:
        yield 'the order is another one'
    for task in left:
        if task.place != places[task.id]:
            yield '%s stands at %d, no longer at %d' % (task.id, task.place, places[task.id])
        if task.failures or task.crashes:
            yield '%s: the stop was counted' % task.id
        if task.state != WAITING and not (task.state == RUNNING and task.abandoned and n_signals > 1):
            yield '%s is %s' % (task.id, STATES[task.state])


# --- effects ---

class Run:
    def __init__(self, claimed):
        self.claimed = claimed
        self.started = self.ended = self.asked = self.answer = self.how = None


class Effects:
    """What has happened in the histories of a battery, counted."""

    def __init__(self, files):
        self.counts = collections.Counter()
        self.ids = set()
        self.runs = {}                                  # (id, token) → Run
        self.calls = collections.defaultdict(list)      # id → (event, asked, answered, answer)
        self.open_runs = collections.defaultdict(set)   # process → runs whose code has begun and not ended
        for path in files:
            self.read(path)
        self.count()

    def read(self, path):
        asked = {}
        with open(path, encoding='utf-8') as file:
            for line in file:
                if not line.endswith('\n'):
                    break   # it is being written
                words = line.split()
                if words[0] == '#':
                    self.counts[words[1]] += int(words[2]) if words[1] == 'reaped' else 1
                    continue
                self.counts['lines'] += 1
                self.take(int(words[0]), words[1], words[3], words[4],
                          dict(word.split('=', 1) for word in words[5:]), asked)

    def take(self, when, process, event, phase, pairs, asked):
        id = pairs.get('id')
        if id is not None:
            self.ids.add(id)
        if 'op' in pairs:
            if phase == 'invoke':
                asked[pairs['op']] = when
            else:
                self.calls[id].append((event, asked[pairs['op']], when, pairs.get('answer'), phase))
        elif event == 'claim':
            self.runs[id, pairs['token']] = Run(when)
        elif event == 'start':
            self.open_runs[process].add((id, pairs['token']))
            self.counts['starts'] += 1
        elif event == 'end':
            self.open_runs[process].discard((id, pairs['token']))
        elif event == 'settle':
            self.take_settle(when, phase, pairs)

    def take_settle(self, when, phase, pairs):
        run = self.runs.get((pairs['id'], pairs['token']))
        if phase == 'ok':
            self.counts['stale settles'] += pairs['answer'] == 'stale'
            self.counts['returns'] += pairs['how'] == 'returned' and pairs['answer'] == 'ok'
            self.counts['abandons'] += pairs['how'] == 'abandoned'
            self.counts['completions'] += pairs['how'] == 'done' and pairs['answer'] == 'ok'
        if run is not None and pairs.get('answer') != 'stale':
            run.asked = run.asked or when
            run.answer = run.answer or (pairs.get('answer') if phase == 'ok' else None)

    def count(self):
        """The ends of runs that had been added again, or finished or removed, meanwhile."""
        for (id, _), run in self.runs.items():
            if run.answer is None:
                continue
            during = [call for call in self.calls[id]
                      if call[4] == 'ok' and run.claimed < call[1] and call[2] < run.asked]
            self.counts['again-ends'] += any(call[0] == 'add' and call[3] == 'again' for call in during)
            self.counts['dropped ends'] += any(call[0] in ('finish', 'remove') for call in during)

    def was_started(self, process):
        """Whether it was killed while the code of a task ran."""
        return bool(self.open_runs[process])


class Report:
    """Points of a test, as TAP has them."""

    def __init__(self):
        self.n = 0
        self.failed = 0

    def note(self, text):
        print('# ' + text, flush=True)

    def point(self, right, text):
        self.n += 1
        self.failed += not right
        print('%s %d - %s' % ('ok' if right else 'not ok', self.n, text), flush=True)

    def at_least(self, what, n, fewest):
        self.point(n >= fewest, '%s: %d, at least %d are needed' % (what, n, fewest))

    def share(self, what, n, of, least):
        self.point(of > 0 and n >= least * of, '%s: %d of %d, at least %d %% are needed' % (what, n, of, 100 * least))

    def verdict(self, violations, summary):
        for line in violations[:40]:
            self.note(line)
        self.point(not violations, 'lost 0, double completions 0, two valid runs 0: %s' % ' '.join(summary))

    def end(self):
        print('1..%d' % self.n, flush=True)
        return 1 if self.failed else 0


Programs = collections.namedtuple('Programs', 'worker ghost checker')


def add_arguments(parser):
    parser.add_argument('worker')
    parser.add_argument('ghost')
    parser.add_argument('checker')
    parser.add_argument('--seed', type=int, default=1, help='for all that is chosen; when it happens is chance')
    parser.add_argument('--keep', action='store_true', help='leave the folder with the histories and the database')


def programs_of(args):
    return Programs(args.worker, args.ghost, args.checker)
