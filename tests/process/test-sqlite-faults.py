#!/usr/bin/env python3
# test-sqlite-faults.py - what can be wrong with a database, and what a queue says to it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import unittest

import process

SHELL = os.environ['QUEUE_SHELL']

DEAD, WAITING = 4, 1


class Faults(process.Case):
    def setUp(self):
        super().setUp()
        self.db = self.path('tasks.db')

    def shell(self, db=None, timeout=30, **how):
        return process.Program(SHELL, 'sqlite:' + (db or self.db), str(timeout), cwd=self.folder, talk=True, **how)

    def ask(self, *questions, **how):
        """What a shell of its own answers."""
        shell = self.shell(**how)
        answers = [shell.ask(question) for question in questions]
        shell.wait()
        return answers

    def fill(self):
        self.assertEqual(self.ask('add a 10', 'add b 10'), ['ok added', 'ok added'])

    def check_refused(self, *words, db=None, **how):
        """Adding is an error, and the message names the file and what is wrong with it."""
        answer, = self.ask('add c 10', db=db, **how)
        self.assertTrue(answer.startswith('error '), answer)
        for word in (db or self.db,) + words:
            self.assertIn(word, answer)
        return answer

    def check_well(self, n):
        """All that was answered ok is there, and is eaten."""
        self.assertEqual(self.ask('eat'), ['ok %d' % n])
        self.check_eaten(n)

    def check_eaten(self, n):
        self.assertEqual(process.query(self.db, 'SELECT (SELECT count (*) FROM task), count (*) FROM finished'),
                         [(0, n)])
        self.assertEqual(process.query(self.db, 'PRAGMA integrity_check'), [('ok',)])


class Places(Faults):
    def test_missing_folder(self):
        self.check_refused(self.path('none'), 'No such file or directory', db=self.path('none', 'tasks.db'))
        self.assertEqual(os.listdir(self.folder), [])

    def test_folder(self):
        os.mkdir(self.db)
        self.check_refused('is no regular file')
        self.assertEqual(os.listdir(self.folder), ['tasks.db'])

    def test_symbolic_link(self):
        """Neither to a database, nor to where one could be created."""
        self.fill()
        for target in ('tasks.db', 'nowhere.db'):
            link = self.path('link.db')
            os.symlink(target, link)
            self.check_refused('is a symbolic link', db=link)
            os.unlink(link)
        self.assertFalse(os.path.exists(self.path('nowhere.db')))
        self.check_well(2)

    def test_symbolic_link_of_the_lock(self):
        """The files beside the database are not followed either: a stranger's file keeps its bytes."""
        precious = self.write('precious', 'keep this')
        for name in ('-lock', '-touch'):
            db = self.path('of' + name)
            os.symlink('precious', db + name)
            self.check_refused(name, db=db)
        with open(precious, encoding='ascii') as file:
            self.assertEqual(file.read(), 'keep this')

    def test_private(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        shell = self.shell()
        self.assertEqual(shell.ask('add a 10'), 'ok added')
        modes = {name: stat.S_IMODE(os.stat(self.path(name)).st_mode) for name in os.listdir(self.folder)}
        shell.wait()
        self.assertEqual(modes, {'tasks.db' + end: 0o600 for end in ('', '-wal', '-shm', '-lock', '-touch')})


class Contents(Faults):
    def check_untouched(self, *words):
        with open(self.db, 'rb') as file:
            before = file.read()
        self.check_refused(*words)
        with open(self.db, 'rb') as file:
            self.assertEqual(file.read(), before)

    def test_no_database(self):
        self.write('tasks.db', 'This is a letter to my aunt, and no database at all. ' * 100)
        self.check_untouched('it is no SQLite database')

    def test_short_text(self):
        self.write('tasks.db', 'aunt')
        self.check_untouched('it is no SQLite database')

    def test_newer_schema(self):
        self.fill()
        (version,), = process.query(self.db, 'PRAGMA user_version')
        process.query(self.db, 'PRAGMA user_version = %d' % (version + 1))
        self.check_untouched('has schema %d' % (version + 1), 'reads schema %d' % version)
        process.query(self.db, 'PRAGMA user_version = %d' % version)
        self.check_well(2)

    def test_foreign_database(self):
        process.query(self.db, 'CREATE TABLE letters (text)')
        self.check_untouched('is a database of another program')
        self.assertEqual(process.query(self.db, 'SELECT name FROM sqlite_master'), [('letters',)])
        self.assertEqual(process.query(self.db, 'PRAGMA journal_mode'), [('delete',)])

    def test_foreign_application(self):
        process.query(self.db, 'PRAGMA application_id = 4711')
        self.check_untouched('is a database of another program', '4711')

    def test_damaged_database(self):
        self.fill()
        with open(self.db, 'r+b') as file:
            file.seek(4096)
            file.write(b'\xff' * (os.path.getsize(self.db) - 4096))
        self.check_refused('damaged')


class ReadOnly(Faults):
    def open_to_nobody(self):
        """As somebody whom permissions bind, and who may look into the folder."""
        if os.geteuid() == 0:
            for place in [self.folder] + [self.path(name) for name in os.listdir(self.folder)]:
                os.chown(place, process.nobody(), process.nobody())

    def test_file(self):
        self.fill()
        self.open_to_nobody()
        for end in ('-wal', '-shm'):
            if os.path.exists(self.db + end):
                os.unlink(self.db + end)
        os.chmod(self.db, 0o400)
        self.check_refused('read-only', user=process.nobody())
        os.chmod(self.db, 0o600)
        self.assertEqual(self.ask('add c 10', user=process.nobody()), ['ok added'])
        self.check_well(3)

    def test_folder(self):
        self.open_to_nobody()
        os.chmod(self.folder, 0o500)
        self.addCleanup(os.chmod, self.folder, 0o700)
        self.check_refused('cannot be created: Permission denied', user=process.nobody())
        self.assertEqual(os.listdir(self.folder), [])

    def test_file_that_may_not_be_read(self):
        self.fill()
        self.open_to_nobody()
        os.chmod(self.db, 0)
        self.check_refused('cannot be opened', user=process.nobody())
        os.chmod(self.db, 0o600)
        self.check_well(2)

    @unittest.skipIf(os.geteuid() != 0 or shutil.which('chattr') is None, 'only the superuser can say so')
    def test_immutable_file(self):
        """It binds even the superuser."""
        self.fill()
        for end in ('-wal', '-shm'):
            if os.path.exists(self.db + end):
                os.unlink(self.db + end)
        if subprocess.run(['chattr', '+i', self.db], stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest('this file system knows no immutable files')
        try:
            self.check_refused('read-only')
        finally:
            subprocess.run(['chattr', '-i', self.db], check=True)
        self.check_well(2)


class Locked(Faults):
    def hold(self):
        """Another program that holds the database, as a person in sqlite3 would."""
        holder = sqlite3.connect(self.db, isolation_level=None)
        self.addCleanup(holder.close)
        holder.execute('BEGIN EXCLUSIVE')
        return holder

    def check_late(self, shell):
        """Returns whether the call may be carried out all the same."""
        answer = shell.ask('add c 10')
        self.assertRegex(answer, '^error (backend|unknown-outcome): ')
        self.assertIn(self.db, answer)
        self.assertIn('another process holds the database', answer)
        return answer.startswith('error unknown-outcome')

    def check_stored(self, certain, perhaps):
        """What was answered ok is there, and beside it at most what nobody could know of."""
        ids = {id for id, in process.query(self.db, 'SELECT id FROM task UNION SELECT id FROM finished')}
        self.assertLessEqual(certain, ids)
        self.assertLessEqual(ids, certain | perhaps)

    def test_at_the_first_call(self):
        self.fill()
        holder = self.hold()
        shell = self.shell(timeout=3)
        unknown = self.check_late(shell)
        holder.execute('ROLLBACK')
        self.assertEqual(shell.ask('add d 10'), 'ok added')
        shell.wait()
        self.check_stored({'a', 'b', 'd'}, {'c'} if unknown else set())

    def test_while_it_is_open(self):
        shell = self.shell(timeout=3)
        self.assertEqual([shell.ask('add a 10'), shell.ask('add b 10')], ['ok added', 'ok added'])
        holder = self.hold()
        unknown = self.check_late(shell)
        holder.execute('ROLLBACK')
        self.assertEqual(shell.ask('add d 10'), 'ok added')
        self.assertIn(shell.ask('eat'), ('ok 3', 'ok 4') if unknown else ('ok 3',))
        shell.wait()
        self.check_stored({'a', 'b', 'd'}, {'c'} if unknown else set())

    def test_call_outlasts_the_lock(self):
        """Whoever has the patience is never told of it."""
        self.fill()
        holder = self.hold()
        shell = self.shell(timeout=process.PATIENCE)
        shell.child.stdin.write(b'add c 10\n')
        shell.child.stdin.flush()
        with self.assertRaises(subprocess.TimeoutExpired):
            shell.child.wait(3)
        self.assertEqual(shell.lines, [])
        holder.execute('ROLLBACK')
        self.assertEqual(shell.wait_lines(1), ['ok added'])
        shell.wait()
        self.check_well(3)


class Full(Faults):
    def add_until_full(self, shell):
        """How many tasks found a place, and what the next one was told."""
        for i in range(1000):
            answer = shell.ask('add %d 50000' % i)
            if answer != 'ok added':
                return i, answer
        raise AssertionError('the disk is not full')

    def check_stored(self, n):
        self.assertEqual(process.query(self.db, 'SELECT id FROM task ORDER BY n'), [(str(i),) for i in range(n)])

    def test_limit(self):
        """A limit for the size of a file stands for the end of the disk."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))

        shell = self.shell(timeout=2, limit=limit)
        n, answer = self.add_until_full(shell)
        self.check_full(n, answer)
        self.check_stored(n)
        resource.prlimit(shell.child.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        # where the disk itself failed, nobody could know whether the last one was stored
        expected = ('ok added', 'ok known') if answer.startswith('error unknown-outcome') else ('ok added',)
        self.assertIn(shell.ask('add %d 50000' % n), expected)
        shell.wait()
        self.check_well(n + 1)

    def check_full(self, n, answer):
        self.assertGreater(n, 3)
        self.assertTrue(answer.startswith('error '), answer)
        self.assertIn(self.db + ': the disk', answer)

    @unittest.skipIf(os.geteuid() != 0, 'only the superuser mounts')
    def test_small_disk(self):
        disk = self.path('disk')
        os.mkdir(disk)
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest('nothing can be mounted here')
        self.addCleanup(subprocess.run, ['umount', disk], check=True)
        self.db = os.path.join(disk, 'tasks.db')
        shell = self.shell()
        n, answer = self.add_until_full(shell)
        self.check_full(n, answer)
        self.assertTrue(answer.startswith('error backend: '), answer)
        self.assertIn('the disk is full', answer)
        self.check_stored(n)
        subprocess.run(['mount', '-o', 'remount,size=8m', disk], check=True)
        self.assertEqual(shell.ask('add %d 50000' % n), 'ok added')
        self.assertEqual(shell.ask('eat'), 'ok %d' % (n + 1))
        shell.wait()
        self.check_eaten(n + 1)

    @unittest.skipIf(not os.path.exists('/dev/full'), 'there is no /dev/full')
    def test_device(self):
        self.check_refused('is no regular file', db='/dev/full')


class Junk(Faults):
    """Another program wrote rows that are no tasks: they are dead, each with the reason, and the rest is eaten."""

    def plant(self, id, info, **columns):
        row = {'q': 1, 'id': id, 'state': WAITING, 'priority': 0, 'place': self.next_place(), 'time': 0, 'timeout': 0,
               'own_tries': 0, 'info': info} | columns
        process.query(self.db, 'INSERT INTO task (%s) VALUES (%s)' % (', '.join(row), ', '.join('?' * len(row))),
                      *row.values())
        process.query(self.db, 'UPDATE queue SET waiting = waiting + 1, tail = tail + 1')

    def next_place(self):
        return process.query(self.db, 'SELECT tail FROM queue')[0][0]

    def check_dead(self, *junk):
        """Each of the junk is dead for its reason; what stands before and behind it is eaten."""
        self.fill()
        for id, info, _ in junk:
            self.plant(id, info)
        self.assertEqual(self.ask('add c 10'), ['ok added'])
        shell = self.shell()
        self.assertEqual(shell.ask('eat'), 'ok 3')
        self.assertEqual(shell.ask('add d 10'), 'ok added')
        self.assertEqual(shell.ask('eat'), 'ok 1')
        shell.wait()
        self.assertIn('%d dead' % len(junk), shell.errors)
        rows = process.query(self.db, 'SELECT id, info, state, error, failures, crashes FROM task ORDER BY n')
        self.assertEqual(len(rows), len(junk), rows)
        for (id, info, reason), row in zip(junk, rows):
            self.assertEqual(row[2], DEAD, row)
            self.assertIn(reason, row[3])
            self.assertEqual(row[4:], (0, 0))
        self.assertEqual(process.query(self.db, 'SELECT waiting, delayed, running, dead, finished FROM queue'),
                         [(0, 0, 0, len(junk), 4)])

    def test_infos(self):
        self.check_dead(
            ('broken', '{"a": ', 'the info: byte 6: expected a value'),
            ('words', 'hello aunt', 'the info: byte 0: expected a value'),
            ('two', '1 2', 'the info: byte 2: expected'),
            ('empty', '', 'the info is no text'),
            ('deep', '[' * 100000 + ']' * 100000, 'the info: byte 128: '),
            ('nul', '"a\0b"', 'the info: byte 2: '),
            ('big', '"%s"' % ('x' * (2 << 20)), 'the info: '),
        )

    def test_bytes_as_info(self):
        self.check_dead(('blob', b'\x01\x02', 'the info is no text'), ('good blob', b'1', 'the info is no text'))

    def test_ids(self):
        self.check_dead(
            ('', '1', 'expected an id of 1 to 4096 bytes, not an empty one'),
            ('x' * 5000, '1', 'expected an id of 1 to 4096 bytes'),
            (b'\xff\xfe', '1', 'the id is no text'),
            ('a\0b', '1', 'byte 1 of the id'),
        )

    def test_text_that_is_no_utf_8(self):
        self.fill()
        process.query(self.db, "INSERT INTO task (q, id, state, priority, place, time, timeout, own_tries, info)"
                      " VALUES (1, CAST (x'ff41' AS TEXT), 1, 0, 100, 0, 0, 0, '1'),"
                      " (1, 'latin', 1, 0, 101, 0, 0, 0, CAST (x'22e922' AS TEXT))")
        process.query(self.db, 'UPDATE queue SET waiting = waiting + 2, tail = 102')
        self.assertEqual(self.ask('eat'), ['ok 2'])
        rows = process.query(self.db, 'SELECT state, error FROM task ORDER BY n')
        self.assertEqual([state for state, _ in rows], [DEAD, DEAD])
        for _, error in rows:
            self.assertIn('UTF-8', error)

    def test_numbers_out_of_range(self):
        """Odd numbers make no junk of a task: it is run all the same."""
        self.fill()
        self.plant('priority', '1', priority=1 << 40)
        self.plant('time-out', '1', timeout=-1)
        self.plant('tries', '1', own_tries=-1, failures=-5)
        self.check_well(5)


if __name__ == '__main__':
    unittest.main()
