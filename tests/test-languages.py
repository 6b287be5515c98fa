#!/usr/bin/env python3
# test-languages.py - the examples in JavaScript and Vala do what they say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

SCRIPTS = pathlib.Path(os.environ['LANGUAGES_SCRIPTS'])
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


class Ended(Folder):
    """A program that ends while its loop runs: no crash, and nothing is lost."""

    def test_javascript(self):
        run = call('gjs', '-m', SCRIPTS / 'alive.js', 'sqlite:%s' % (self.folder / 'tasks.db'))
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, 'the end\n', ''))
        db = sqlite3.connect(self.folder / 'tasks.db')
        self.addCleanup(db.close)
        self.assertEqual(db.execute('SELECT id, crashes FROM task ORDER BY id').fetchall(), [('a', 0), ('b', 0)])


class Interrupted(Folder):
    """^C in the middle of 100 running coroutines: all go back to their old places."""

    def test_javascript(self):
        config = 'sqlite:%s' % (self.folder / 'tasks.db')
        with subprocess.Popen(['gjs', '-m', SCRIPTS / 'sleeper.js', config], stdout=subprocess.PIPE,
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


class Installed(Folder):
    """What `meson install` puts somewhere is enough: no variable of the build is set."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='chihuo-installed-')
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        subprocess.run([shutil.which('meson'), 'install', '-C', os.environ['LANGUAGES_BUILD'], '--no-rebuild',
                        '--destdir', folder.name], check=True, stdout=subprocess.DEVNULL)

    def find(self, name):
        return next(self.root.rglob(name)).parent

    def environment(self):
        ours = ('LD_LIBRARY_PATH', 'GI_TYPELIB_PATH', 'GJS_PATH')
        share = self.find('Chihuo.js').parent.parent
        return {name: value for name, value in os.environ.items() if name not in ours} | {
            'LD_LIBRARY_PATH': str(self.find('libchihuo-1.so')),
            'GI_TYPELIB_PATH': str(self.find('Chihuo-1.typelib')),
            'XDG_DATA_DIRS': '%s:/usr/local/share:/usr/share' % share,
        }

    def test_javascript(self):
        run = subprocess.run(['gjs', '-m', SOURCES / 'squares.js', 'memory:'], capture_output=True, text=True,
                             timeout=TIMEOUT, env=self.environment(), check=False)
        self.assertEqual((run.returncode, sorted(run.stdout.split('\n')[:-1])), (0, POWERS), run.stderr)

    def test_all_of_javascript(self):
        run = subprocess.run(['gjs', '-m', SCRIPTS / 'test-loop.js'], capture_output=True, text=True,
                             timeout=TIMEOUT, env=self.environment(), check=False)
        self.assertEqual(run.returncode, 0, run.stdout)

    @unittest.skipUnless((BUILT / 'squares-vala').exists(), 'built without Vala')
    def test_vala(self):
        program = self.folder / 'squares'
        build = subprocess.run(
            ['valac', '--vapidir', self.find('chihuo-1.vapi'), '--pkg', 'chihuo-1', SOURCES / 'squares.vala',
             '-o', program, '-X', '-w', '-X', '-I%s' % self.find('chihuo.h').parent,
             '-X', '-L%s' % self.find('libchihuo-1.so'),
             '-X', '-lchihuo-1'],
            capture_output=True, text=True, timeout=TIMEOUT, cwd=self.folder, check=False,
            env=os.environ | {'PKG_CONFIG_PATH': str(self.find('chihuo-1.pc'))})
        self.assertEqual(build.returncode, 0, build.stderr)
        run = subprocess.run([program, 'memory:'], capture_output=True, text=True, timeout=TIMEOUT, check=False,
                             env=self.environment())
        self.assertEqual((run.returncode, sorted(run.stdout.split('\n')[:-1])), (0, POWERS), run.stderr)


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
