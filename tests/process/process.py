# process.py - real programs for the tests beside it: started, waited for, and their database read
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import pty
import signal
import sqlite3
import subprocess
import tempfile
import threading
import unittest

# Only something that hangs ever waits this long
PATIENCE = 60

EXAMPLES = os.environ['EXAMPLES']


def example(name):
    return os.path.join(EXAMPLES, name)


def environment():
    """The tests' own, without what would choose another store, and as most people have it today: in UTF-8."""
    others = {name: value for name, value in os.environ.items() if name not in ('CHIHUO_URL', 'CHARSET')}
    return others | {'LC_ALL': 'C.UTF-8'}


class Program:
    """A program that runs, its output read line by line as it comes."""

    def __init__(self, *command, cwd=None, ignore=(), limit=None, user=None, talk=False):
        def prepare():
            for number in ignore:
                signal.signal(number, signal.SIG_IGN)
            if limit is not None:
                limit()

        self.command = command
        self.lines = []
        self.changed = threading.Condition()
        self.child = subprocess.Popen(command, cwd=cwd, env=environment(), user=user, group=user, preexec_fn=prepare,
                                      extra_groups=None if user is None else [],
                                      stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.stderr = b''
        self.readers = [threading.Thread(target=self._read_lines, daemon=True),
                        threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()

    def _read_lines(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.decode('utf-8', 'surrogateescape').rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def _read_errors(self):
        self.stderr = self.child.stderr.read()

    def wait_lines(self, n):
        """Returns the first n lines, once they are there."""
        with self.changed:
            there = self.changed.wait_for(lambda: len(self.lines) >= n or None in self.lines, PATIENCE)
            lines = [line for line in self.lines if line is not None]
        if not there or len(lines) < n:
            raise AssertionError('%s wrote %d lines of %d: %s' % (self.command, len(lines), n, lines))
        return lines[:n]

    def ask(self, question):
        """Writes a line to the program; returns the line that it answers with."""
        n = len([line for line in self.lines if line is not None])
        self.child.stdin.write(question.encode() + b'\n')
        self.child.stdin.flush()
        return self.wait_lines(n + 1)[n]

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, status=0):
        """Waits for the end; returns what was written to the standard output."""
        if self.child.stdin is not None:
            self.child.stdin.close()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError('%s did not end: %s' % (self.command, self.lines)) from None
        for reader in self.readers:
            reader.join(PATIENCE)
        self.child.stdout.close()
        self.child.stderr.close()
        if status is not None and self.child.returncode != status:
            raise AssertionError('%s ended with %d, expected %d: %s' % (self.command, self.child.returncode, status,
                                                                         self.errors))
        return '\n'.join(line for line in self.lines if line is not None)

    @property
    def errors(self):
        return self.stderr.decode('utf-8', 'replace')


def run(*command, status=0, **how):
    """Runs a program to its end."""
    program = Program(*command, **how)
    program.wait(status)
    return program


def run_in_terminal(*command):
    """Runs a program in a terminal of its own; returns its status and all that it wrote."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(command, env=environment(), stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    written = b''
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:     # how Linux says that nobody has the other end any more
            break
        if not more:
            break
        written += more
    os.close(ours)
    return child.wait(PATIENCE), written


def query(path, sql, *values):
    """What plain SQLite finds in a database."""
    db = sqlite3.connect(path, timeout=PATIENCE)
    try:
        with db:
            return db.execute(sql, values).fetchall()
    finally:
        db.close()


def nobody():
    """The user to run a program as, so that permissions bind it; None where we are no superuser anyway."""
    return 65534 if os.geteuid() == 0 else None


class Case(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='chihuo-process-')
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)
