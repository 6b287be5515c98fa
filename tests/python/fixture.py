# fixture.py - what the tests of the Python package share
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import itertools
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import chihuo
from chihuo._library import Chihuo

# Only something that hangs ever waits this long
PATIENCE = 60

# A program of the tests starts with it
HEAD = '''
import sys, time, asyncio, threading
import chihuo
from chihuo import ChihuoLoop

def say(text):
    sys.stdout.write(text + '\\n')  # in one piece, whatever other threads write
    sys.stdout.flush()
'''

_numbers = itertools.count()


class Eater(chihuo.ChihuoLoop):
    """A loop on a memory store of its own that ends by itself and tries again at once."""

    NAME = 'eater'
    CONCURRENCY = 4

    def __init__(self, **options):
        config = options.pop('server_config', 'memory:python-%d' % next(_numbers))
        settings = {'run_forever': False, 'retry_policy': chihuo.RetryPolicy.IMMEDIATE} | options
        super().__init__(server_config=config, **settings)
        self.seen = []

    def dead(self):
        """The dead tasks: id → last error."""
        return {task.get_id(): task.get_last_error()
                for task in self.queue.list(Chihuo.TaskState.DEAD, None, 0)}

    def waiting(self):
        return [task.get_id() for task in self.queue.list(Chihuo.TaskState.WAITING, None, 0)]


class Case(unittest.TestCase):
    """Failures of tasks are expected: what is logged of them is kept in self.logged."""

    def setUp(self):
        self.logged = []
        handler = logging.Handler()
        handler.emit = self.logged.append
        logger = logging.getLogger('chihuo')
        logger.addHandler(handler)
        logger.propagate = False
        self.addCleanup(logger.removeHandler, handler)

    def folder(self):
        folder = tempfile.TemporaryDirectory(prefix='chihuo-python-')
        self.addCleanup(folder.cleanup)
        return folder.name


class Program:
    """A Python program that runs. Its output is read line by line."""

    def __init__(self, source, *arguments, cwd, head=HEAD):
        path = os.path.join(cwd, 'program-%d.py' % next(_numbers))
        with open(path, 'w', encoding='utf-8') as file:
            file.write(head + source)
        self.child = subprocess.Popen([sys.executable, path, *arguments], cwd=cwd, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        self.lines = []
        self.errors = ''
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=self.read_lines, daemon=True),
                        threading.Thread(target=self.read_errors, daemon=True)]
        for reader in self.readers:
            reader.start()

    def read_lines(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip('\n'))
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def read_errors(self):
        self.errors = self.child.stderr.read()

    def wait_lines(self, n):
        """The first n lines, as soon as they are there."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.lines) >= n or None in self.lines, PATIENCE)
            lines = self.lines[:n]
        if len(lines) < n or None in lines:
            self.child.kill()
            self.child.wait()
            self.readers[1].join()
            raise AssertionError('%d lines of %d: %s\n%s' % (len(lines), n, lines, self.errors))
        return lines

    def wait(self, status=0):
        """The lines, once it has ended as expected."""
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError('it did not end: %s' % self.lines) from None
        for reader in self.readers:
            reader.join()
        self.child.stdout.close()
        self.child.stderr.close()
        if self.child.returncode != status:
            raise AssertionError('exit status %d, expected %d: %s\n%s'
                                 % (self.child.returncode, status, self.lines, self.errors))
        return self.lines[:-1]
