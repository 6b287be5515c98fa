# worker_driver.py - starts workers, reads their log and their database, kills them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A scene is a folder with a database, the log that all its workers write, and a gate that their tasks may wait at.

No sleep decides a result: PATIENCE only ends what would hang. The database is read with plain sqlite3.
"""

import collections
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

PATIENCE = 60
WAITING, DELAYED, RUNNING, DEAD = 1, 2, 3, 4
OUTCOMES = {1: 'done', 2: 'finished', 3: 'failed', 4: 'postponed', 5: 'returned', 6: 'dead', 7: 'lost'}

Event = collections.namedtuple('Event', 'time pid what id token number')
Row = collections.namedtuple('Row', 'id state failures crashes abandoned error')


def wait_for(what, condition):
    """Waits until a condition holds. Its value."""
    end = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, 'waited in vain for ' + what
        time.sleep(0.002)


class Worker:
    """A process of tests/process/worker.c."""

    def __init__(self, scene, arguments, **options):
        self.scene = scene
        self.errors = open(os.path.join(scene.folder, 'errors-%d' % len(scene.workers)), 'w+b')
        self.popen = subprocess.Popen(
            [sys.argv[1], '--config', 'sqlite:' + scene.db, '--log', scene.log, *arguments],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, **options)
        self.pid = self.popen.pid
        scene.workers.append(self)

    def events(self, what=None):
        return [event for event in self.scene.events(what) if event.pid == self.pid]

    def ids(self, what):
        return [event.id for event in self.events(what)]

    def is_over(self):
        return self.popen.poll() is not None

    def send(self, number):
        self.popen.send_signal(number)

    def wait_for(self, what, n=1):
        """Waits until the worker has written so many events of a kind. The last of them."""
        def found():
            is_over = self.is_over()
            events = self.events(what)
            assert len(events) >= n or not is_over, 'ended with %d: %s' % (self.popen.returncode, self.said())
            return events[n - 1] if len(events) >= n else None
        return wait_for('%d × %s of %d: %s' % (n, what, self.pid, self.said()), found)

    def wait_stopped(self):
        """Waits until the kernel says that it is stopped."""
        def stopped():
            with open('/proc/%d/stat' % self.pid) as stat:
                return stat.read().rsplit(')', 1)[1].split()[0] == 'T'
        wait_for('%d to stop' % self.pid, stopped)

    def said(self):
        with open(self.errors.name, errors='replace') as file:
            return file.read()

    def end(self, status=0):
        """Waits for the end, which is to be this one; a signal's number is negative."""
        try:
            got = self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError('%d does not end: %s' % (self.pid, self.said())) from None
        assert got == status, 'ended with %d, not %d: %s' % (got, status, self.said())

    def stop(self):
        self.send(signal.SIGTERM)
        self.end()

    def kill(self):
        self.send(signal.SIGKILL)
        self.end(-signal.SIGKILL)


class Scene:
    def __init__(self, folder):
        self.folder = folder
        self.db = os.path.join(folder, 'tasks.db')
        self.log = os.path.join(folder, 'log')
        self.gate = os.path.join(folder, 'gate')
        self.trap = os.path.join(folder, 'trap')
        self.workers = []
        open(self.log, 'w').close()

    def start(self, *arguments, **options):
        return Worker(self, [str(argument) for argument in arguments], **options)

    def run(self, *arguments, **options):
        """A worker that ends by itself."""
        worker = self.start(*arguments, **options)
        worker.end()
        return worker

    def ask(self, *words):
        """One request of another process."""
        return self.run(*words)

    def fill(self, n):
        """Adds the ids 0 to n - 1; nobody has run them."""
        self.ask('pause')
        adder = self.start('--add', n)
        adder.wait_for('run')
        adder.stop()
        self.ask('go-on')
        assert not adder.events('start')

    def open_gate(self):
        open(self.gate, 'w').close()

    def set_trap(self):
        open(self.trap, 'w').close()

    def events(self, what=None):
        with open(self.log) as log:
            lines = log.read().splitlines(keepends=True)
        found = []
        for line in lines:
            words = line.split()
            if line.endswith('\n') and what in (None, words[2]):
                found.append(Event(int(words[0]), int(words[1]), words[2], words[3], int(words[4]), int(words[5])))
        return found

    def ids(self, what):
        return [event.id for event in self.events(what)]

    def query(self, sql, *args):
        db = sqlite3.connect('file:%s?mode=ro' % self.db, uri=True, timeout=PATIENCE)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def rows(self, *states):
        """The tasks that are not finished, in the queue's order."""
        sql = 'SELECT id, state, failures, crashes, abandoned, error FROM task ORDER BY priority, place'
        rows = [Row(*row) for row in self.query(sql)]
        return [row for row in rows if not states or row.state in states]

    def row(self, task_id):
        rows = [row for row in self.rows() if row.id == task_id]
        assert len(rows) == 1, rows
        return rows[0]

    def finished(self):
        return {row[0] for row in self.query('SELECT id FROM finished')}

    def wait_finished(self, n):
        wait_for('%d finished tasks' % n, lambda: len(self.finished()) >= n)
        assert len(self.finished()) == n, self.finished()

    def check_counters(self):
        """What the queue counts is what there is."""
        counted = self.query('SELECT waiting, delayed, running, dead, finished FROM queue')
        rows = self.rows()
        there = tuple(sum(row.state == state for row in rows) for state in (WAITING, DELAYED, RUNNING, DEAD))
        assert counted == [(*there, len(self.finished()))], (counted, there, len(self.finished()))
        assert self.query('PRAGMA integrity_check') == [('ok',)]

    def check_runs(self, again=()):
        """Each id that was started was done once, but for those that may have been run again. At no time two runs of
        one id; each later run has a larger token."""
        tokens = collections.defaultdict(list)
        done = collections.Counter(event.id for event in self.events('done'))
        for event in self.events('start'):
            tokens[event.id].append(event.token)
        for task_id, count in done.items():
            assert count == 1 or task_id in again, '%s was done %d times' % (task_id, count)
        for task_id, those in tokens.items():
            assert all(a < b for a, b in zip(those, those[1:])), (task_id, those)

    def close(self):
        for event in self.events('child'):
            try:
                os.kill(event.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for worker in self.workers:
            if not worker.is_over():
                worker.popen.kill()
                worker.popen.wait()
            worker.errors.close()
        shutil.rmtree(self.folder)


def note(text):
    print('# ' + text, flush=True)


def run_test(number, test):
    scene = Scene(tempfile.mkdtemp(prefix='chihuo-worker-'))
    begin = time.monotonic()
    result = 'ok'
    try:
        test(scene)
    except Exception:
        result = 'not ok'
        log = [' '.join(str(word) for word in event) for event in scene.events()[-60:]]
        for line in traceback.format_exc().splitlines() + log:
            note(line)
    scene.close()
    note('%.1f s' % (time.monotonic() - begin))
    print('%s %d - %s' % (result, number, test.__name__), flush=True)
    return result == 'ok'


def main(*tests):
    """Runs all tests, or those that the arguments behind the worker's path name."""
    chosen = [test for test in tests if not sys.argv[2:] or test.__name__ in sys.argv[2:]]
    print('1..%d' % len(chosen), flush=True)
    results = [run_test(number, test) for number, test in enumerate(chosen, 1)]
    return 0 if all(results) else 1
