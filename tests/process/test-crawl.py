#!/usr/bin/env python3
# test-crawl.py - a tree is counted exactly, however often the count is interrupted
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import random
import re
import signal
import sqlite3
import time
import unittest

import process

CRAWL = process.example('crawl')


def figures(folder):
    """What a tree holds, as the crawl says it."""
    folders = files = size = 0
    for place, _, names in os.walk(os.fsencode(folder)):
        folders += 1
        below = list(os.scandir(place))
        files += sum(not entry.is_dir(follow_symlinks=False) for entry in below)
        size += sum(entry.stat(follow_symlinks=False).st_size for entry in below
                    if not entry.is_dir(follow_symlinks=False))
    return '%d folders, %d files, %d bytes' % (folders, files, size)


def fill(folder, rng):
    """Some files, of some sizes."""
    for i in range(rng.randrange(4)):
        with open(os.path.join(folder, b'file %d' % i), 'wb') as file:
            file.write(b'x' * rng.randrange(2000))


def plant(folder, n, rng):
    """A tree of n folders, some wide, some deep."""
    folders = [os.fsencode(folder)]
    for i in range(n):
        path = os.path.join(rng.choice(folders[-30:]), b'folder %d' % i)
        os.mkdir(path)
        fill(path, rng)
        folders.append(path)


class Crawl(process.Case):
    def setUp(self):
        super().setUp()
        self.tree = self.path('tree')
        self.db = self.path('crawl.db')
        os.mkdir(self.tree)

    def crawl(self, *arguments, **how):
        return process.run(CRAWL, *arguments, self.tree, **how).wait(None)

    def queue(self, name):
        return process.query(self.db, 'SELECT queue.waiting, queue.running, queue.dead, queue.finished,'
                             ' (SELECT count (*) FROM finished WHERE finished.q = queue.q),'
                             ' (SELECT count (*) FROM task WHERE task.q = queue.q)'
                             ' FROM queue WHERE name = ?', name)

    def check_queues(self, n):
        """All n folders are finished, and each is counted in one task of the second queue."""
        self.assertEqual(self.queue('crawl'), [(0, 0, 0, n, n, 0)])
        self.assertEqual(self.queue('crawl-totals'), [(n, 0, 0, 0, 0, n)])


class Figures(Crawl):
    def test_memory_and_file(self):
        plant(self.tree, 300, random.Random(1))
        expected = figures(self.tree)
        self.assertEqual(self.crawl(), expected)
        self.assertEqual(self.crawl('--db', self.db), expected)
        self.check_queues(301)

    def test_second_run_does_nothing_new(self):
        """Finished is finished: what the tree grew since is not looked at again."""
        plant(self.tree, 50, random.Random(2))
        expected = figures(self.tree)
        self.assertEqual(self.crawl('--db', self.db), expected)
        tokens = process.query(self.db, 'SELECT name, token FROM queue ORDER BY name')
        plant(self.tree, 0, random.Random(3))
        os.mkdir(os.path.join(self.tree, 'new'))
        self.assertEqual(self.crawl('--db', self.db), expected)
        self.assertEqual(process.query(self.db, 'SELECT name, token FROM queue ORDER BY name'), tokens)

    def test_two_trees_in_one_file(self):
        plant(self.tree, 20, random.Random(4))
        other = self.tree + '2'
        os.mkdir(other)
        plant(other, 30, random.Random(5))
        for tree in (self.tree, other, self.tree):
            self.assertEqual(process.run(CRAWL, '--db', self.db, tree).wait(), figures(tree))

    def test_links_are_not_followed(self):
        plant(self.tree, 5, random.Random(6))
        os.symlink('.', os.path.join(self.tree, 'round'))
        os.symlink('nowhere', os.path.join(self.tree, 'dangling'))
        self.assertEqual(self.crawl(), figures(self.tree))

    def test_missing_folder(self):
        self.tree = self.path('nowhere')
        self.assertEqual(self.crawl(), '1 folders, 0 files, 0 bytes\n1 could not be read')


class Names(Crawl):
    def make(self, *names):
        path = os.path.join(os.fsencode(self.tree), *names)
        os.makedirs(path)
        return path

    def make_deep(self, length):
        """A folder whose path has just that many bytes: made step by step, since no call takes it whole."""
        path = os.fsencode(self.tree)
        place = os.open(path, os.O_RDONLY)
        missing = length - len(path)
        while missing > 0:
            size = min(missing - 1, 200)
            size -= missing - 1 - size == 1     # one byte more has no room for a name
            name = b'd' * size
            os.mkdir(name, dir_fd=place)
            below = os.open(name, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = below
            missing -= size + 1
        return place

    def leave_file(self, place, text):
        with open(os.open('file', os.O_WRONLY | os.O_CREAT, dir_fd=place), 'w', encoding='ascii') as file:
            file.write(text)
        os.close(place)

    def test_path_of_3000_bytes(self):
        self.leave_file(self.make_deep(3000), 'deep down')
        n = 1 + (3000 - len(self.tree) + 200) // 201
        self.assertEqual(self.crawl('--db', self.db), '%d folders, 1 files, 9 bytes' % n)
        self.check_queues(n)
        self.assertEqual(process.query(self.db, 'SELECT max (length (CAST (id AS BLOB))) FROM finished'), [(3000,)])

    def test_latin_1_names(self):
        for name in (b'caf\xe9', b'100 %', b'%E9', b'\xff\xfe', 'é'.encode(), b'new\nline', b'\x01E9'):
            with open(os.path.join(self.make(name, b'below \xe9'), b'file \xe9'), 'wb') as file:
                file.write(b'x' * 10)
        self.assertEqual(self.crawl('--db', self.db), figures(self.tree))
        self.assertEqual(figures(self.tree), '15 folders, 7 files, 70 bytes')
        self.check_queues(15)
        self.assertEqual(self.crawl(), figures(self.tree))

    def test_latin_1_root(self):
        self.tree = self.make(b'caf\xe9')
        self.make(b'below')
        self.assertEqual(self.crawl('--db', self.db), '2 folders, 0 files, 0 bytes')

    def test_path_that_is_too_long(self):
        """4,095 bytes are the most that Linux opens; an id has 4,096, and % counts three times in it."""
        self.leave_file(self.make_deep(4200), 'out of reach')
        lines = self.crawl('--db', self.db).split('\n')
        self.assertRegex(lines[0], '^[0-9]+ folders, 0 files, 0 bytes$')
        self.assertEqual(lines[1:], ['1 could not be read'])

    def test_id_that_is_too_long(self):
        path = self.tree
        for _ in range(7):
            path = os.path.join(path, '%' * 200)
        os.makedirs(path)
        self.assertEqual(self.crawl('--db', self.db).split('\n')[1:], ['1 could not be read'])

    def test_folder_that_cannot_be_read(self):
        plant(self.tree, 10, random.Random(7))
        expected = figures(self.tree).split(' ', 1)
        os.mkdir(os.path.join(self.tree, 'closed'))
        os.chmod(os.path.join(self.tree, 'closed'), 0)
        os.chmod(self.folder, 0o755)
        program = process.run(CRAWL, self.tree, user=process.nobody())
        self.assertEqual(program.wait(), '%d %s\n1 could not be read' % (int(expected[0]) + 1, expected[1]))


class Interrupted(Crawl):
    FOLDERS = 600
    TIMES = 10

    def setUp(self):
        super().setUp()
        self.rng = random.Random(8)
        plant(self.tree, self.FOLDERS, self.rng)
        self.expected = figures(self.tree)

    def n_finished(self):
        try:
            found = process.query(self.db, "SELECT finished FROM queue WHERE name = 'crawl'")
        except sqlite3.OperationalError:    # there is no table yet
            return 0
        return found[0][0] if found else 0

    def interrupt(self, number, goal):
        """Starts the crawl, and interrupts it once that many folders are finished."""
        program = process.Program(CRAWL, '--db', self.db, self.tree)
        while self.n_finished() < goal and program.child.poll() is None:
            pass
        program.signal(number)
        program.wait(None)
        return program

    def go_on_to_the_end(self):
        self.assertEqual(self.crawl('--db', self.db), self.expected)
        self.check_queues(self.FOLDERS + 1)
        tokens = process.query(self.db, 'SELECT name, token FROM queue ORDER BY name')
        self.assertEqual(self.crawl('--db', self.db), self.expected)
        self.assertEqual(process.query(self.db, 'SELECT name, token FROM queue ORDER BY name'), tokens)

    def goals(self):
        return sorted(self.rng.sample(range(self.FOLDERS * 3 // 4), self.TIMES))

    def test_by_interrupt(self):
        interrupted = 0
        for goal in self.goals():
            program = self.interrupt(signal.SIGINT, goal)
            # before chihuo_run() has begun, the signal just ends the program
            self.assertIn(program.child.returncode, (0, -signal.SIGINT), program.errors)
            interrupted += 'interrupted: start it again to go on' in program.lines
            if program.child.returncode == 0:
                self.assertEqual(process.query(self.db, 'SELECT sum (running) FROM queue'), [(0,)])
        # on a busy machine a program may be through before the signal reaches it
        self.assertGreaterEqual(interrupted, self.TIMES // 4)
        self.go_on_to_the_end()

    def test_by_kill(self):
        killed = 0
        for goal in self.goals():
            program = self.interrupt(signal.SIGKILL, goal)
            self.assertIn(program.child.returncode, (0, -signal.SIGKILL))
            killed += program.child.returncode != 0
        self.assertGreater(killed, self.TIMES // 2)
        self.go_on_to_the_end()


class KilledAtTheStart(Crawl):
    def test_while_the_database_is_created(self):
        """Or opened, or filled for the first time."""
        rng = random.Random(11)
        plant(self.tree, 20, rng)
        for i in range(10):
            self.db = self.path('%d.db' % i)
            for _ in range(6):
                program = process.Program(CRAWL, '--db', self.db, self.tree)
                time.sleep(rng.uniform(0, 0.03))
                program.signal(signal.SIGKILL)
                program.wait(None)
            self.assertEqual(self.crawl('--db', self.db), figures(self.tree))
            self.check_queues(21)


class Terminal(Crawl):
    def test_progress_bar(self):
        plant(self.tree, 400, random.Random(9))
        status, written = process.run_in_terminal(CRAWL, self.tree)
        self.assertEqual(status, 0)
        text = written.decode()
        bars = re.findall(r'\r\[(#*) *\] ([0-9]+) of ([0-9]+) folders\x1b\[K', text)
        self.assertTrue(bars, text)
        for bar, done, known in bars:
            self.assertLessEqual(int(done), int(known))
            self.assertEqual(len(bar), 40 * int(done) // int(known))
        self.assertEqual(bars[-1][1:], ('401', '401'))
        self.assertTrue(text.endswith('\r\x1b[K' + figures(self.tree) + '\r\n'), text)

    def test_no_bar_without_a_terminal(self):
        plant(self.tree, 50, random.Random(10))
        self.assertEqual(self.crawl(), figures(self.tree))


if __name__ == '__main__':
    unittest.main()
