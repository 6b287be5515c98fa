#!/usr/bin/env python3
# test-languages.py - the examples in JavaScript and Vala do what they say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

SOURCES = pathlib.Path(os.environ['EXAMPLES_SOURCES'])
BUILT = pathlib.Path(os.environ['EXAMPLES'])
POWERS = sorted('power of %d is %d' % (i, i * i) for i in range(10) for _ in range(2))
TIMEOUT = 60


def call(*words):
    """Runs a program to its end; what it says goes to the standard output, and criticals end it."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=TIMEOUT)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='chihuo-languages-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def squares(self, *words):
        """All twenty once, and a second run on the same file prints nothing."""
        config = 'sqlite:%s' % (self.folder / 'tasks.db')
        first = call(*words, config)
        self.assertEqual((first.returncode, sorted(first.stdout.split('\n')[:-1])), (0, POWERS), first.stderr)
        second = call(*words, config)
        self.assertEqual((second.returncode, second.stdout), (0, ''), second.stderr)


class JavaScript(Folder):
    def gjs(self, name, *words):
        return ['gjs', '-m', SOURCES / name, *words]

    def test_squares(self):
        self.squares(*self.gjs('squares.js'))

    def test_error_has_the_exit_status_of_c(self):
        run = call(*self.gjs('squares.js'), 'nonsense://here')
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn('there is no backend “nonsense”', run.stderr)

    def make_picture(self, name, width, height):
        (self.folder / name).write_bytes(b'P6 %d %d 255\n' % (width, height) + bytes(3 * width * height))

    def test_thumbnails(self):
        self.make_picture('a.ppm', 200, 100)
        self.make_picture('b.ppm', 10, 40)
        (self.folder / 'notes.txt').write_text('no picture')
        thumbnails = self.gjs('thumbnails.js', self.folder, 20)

        first = call(*thumbnails)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(sorted(first.stdout.split('\n')[:-1]), ['a.ppm: 20 × 10', 'b.ppm: 5 × 20'])
        for name in 'a.ppm.png', 'b.ppm.png':
            self.assertEqual((self.folder / 'small' / name).read_bytes()[1:4], b'PNG')

        self.make_picture('c.ppm', 40, 40)
        self.assertEqual(call(*thumbnails).stdout, 'c.ppm: 20 × 20\n')

    def test_broken_picture_is_tried_again_later(self):
        (self.folder / 'x.ppm').write_bytes(b'P6 what')
        run = call(*self.gjs('thumbnails.js', self.folder, 20))
        self.assertEqual((run.returncode, run.stdout), (0, ''), run.stderr)
        db = sqlite3.connect(self.folder / 'small' / 'tasks.db')
        self.addCleanup(db.close)
        self.assertEqual(db.execute('SELECT id, failures FROM task').fetchall(), [('x.ppm', 1)])


class Interrupted(Folder):
    """^C in the middle of 100 running coroutines: all go back to their old places."""

    def test_javascript(self):
        config = 'sqlite:%s' % (self.folder / 'tasks.db')
        with subprocess.Popen(['gjs', '-m', os.environ['LANGUAGES_SLEEPER'], config], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            self.assertEqual(process.stdout.readline(), 'all run\n')
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT)
        self.assertEqual((process.returncode, errors), (0, ''))
        self.assertLess(time.monotonic() - start, 20)  # and not the hour that each of them sleeps
        db = sqlite3.connect(self.folder / 'tasks.db')
        self.addCleanup(db.close)
        rows = db.execute('SELECT id, state, failures, crashes FROM task ORDER BY place').fetchall()
        self.assertEqual(rows, [(str(i), 1, 0, 0) for i in range(150)])


@unittest.skipUnless((BUILT / 'squares-vala').exists(), 'built without Vala')
class Vala(Folder):
    def test_squares(self):
        self.squares(BUILT / 'squares-vala')

    def test_crawl(self):
        (self.folder / 'tree/empty/below').mkdir(parents=True)
        (self.folder / 'tree/ä %').write_text('12345')
        (self.folder / 'tree/link').symlink_to('/')
        run = call(BUILT / 'crawl-vala', self.folder / 'tree', 'sqlite:%s' % (self.folder / 'tasks.db'))
        self.assertEqual((run.returncode, run.stdout), (0, '3 folders, 2 files, 6 bytes\n'), run.stderr)
        again = call(BUILT / 'crawl-vala', self.folder / 'tree', 'sqlite:%s' % (self.folder / 'tasks.db'))
        self.assertEqual(again.stdout, run.stdout)


if __name__ == '__main__':
    unittest.main()
