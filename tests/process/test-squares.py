#!/usr/bin/env python3
# test-squares.py - the first version's example, as people run it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import collections
import json
import os
import signal
import unittest

import process

SQUARES = process.example('squares')

# Each task writes two lines
EATEN = ['%s: %d\npower of %d is %d' % (title, i, i, i * i) for title in ('my-task-A', 'my-task-B') for i in range(10)]


def eaten(lines):
    """The two lines of each task stand one after the other: how often each pair is there."""
    return collections.Counter('\n'.join(lines[i:i + 2]) for i in range(0, len(lines), 2))


class Squares(process.Case):
    def start(self, *arguments, **how):
        return process.Program(SQUARES, *arguments, cwd=self.folder, **how)

    def run_squares(self, *arguments, **how):
        return process.run(SQUARES, *arguments, cwd=self.folder, **how)

    def check_eaten(self, lines):
        self.assertEqual(eaten(lines), collections.Counter(EATEN))

    def check_twice(self, database, *arguments):
        """The first run eats all of it into the database, the second one finds nothing to do."""
        self.check_eaten(self.run_squares(*arguments).wait().split('\n'))
        self.assertEqual(self.finished(database), {'my-tasksA': 10, 'my-tasksB': 10})
        again = self.run_squares(*arguments)
        self.assertEqual((again.wait(), again.errors), ('', ''))
        self.assertEqual(self.finished(database), {'my-tasksA': 10, 'my-tasksB': 10})

    def finished(self, database):
        rows = process.query(self.path(database), 'SELECT name, (SELECT count (*) FROM finished WHERE q = queue.q),'
                             ' queue.finished, (SELECT count (*) FROM task WHERE q = queue.q) FROM queue')
        for _, marks, counted, tasks in rows:
            self.assertEqual((marks, tasks), (counted, 0))
        return {name: marks for name, marks, _, _ in rows}


class Stores(Squares):
    def test_memory(self):
        for _ in range(2):
            program = self.run_squares()
            self.check_eaten(program.wait().split('\n'))
            self.assertEqual(program.errors, '')

    def test_argument_uri(self):
        self.check_twice('tasks.db', 'sqlite:tasks.db')

    def test_argument_absolute_uri(self):
        self.check_twice('tasks.db', 'sqlite://' + self.path('tasks.db'))

    def test_argument_json(self):
        self.check_twice('tasks.db', json.dumps({'backend': 'sqlite', 'path': 'tasks.db'}))

    def test_argument_file(self):
        self.write('mine.json', '{"uri": "sqlite:mine.db"}')
        self.check_twice('mine.db', 'mine.json')

    def test_server_json(self):
        self.write('server.json', '{"backend": "sqlite", "path": "json.db"}')
        self.check_twice('json.db')

    def test_server_config(self):
        self.write('server.config', 'backend=sqlite\npath=config.db\n')
        self.check_twice('config.db')

    def test_server_json_comes_first(self):
        self.write('server.json', '{"uri": "sqlite:json.db"}')
        self.write('server.config', 'uri=sqlite:config.db\n')
        self.check_twice('json.db')

    def test_argument_wins(self):
        self.write('server.json', '{"uri": "sqlite:json.db"}')
        self.check_twice('argument.db', 'sqlite:argument.db')


class BadConfigurations(Squares):
    def refused(self, *arguments):
        program = self.run_squares(*arguments, status=78)
        self.assertEqual(program.wait(78), '')
        lines = program.errors.splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def test_unknown_scheme(self):
        self.assertIn('nonsense', self.refused('nonsense:x'))

    def test_unknown_key(self):
        line = self.refused('{"backend": "sqlite", "path": "x.db", "pth": "y.db"}')
        self.assertIn('unknown key “pth”', line)
        self.assertIn('path', line)

    def test_no_such_file(self):
        self.assertIn('missing.json', self.refused('missing.json'))

    def test_broken_json(self):
        self.write('server.json', '{"backend": "sqlite",\n "path": }')
        self.assertIn('server.json:2', self.refused())

    def test_no_backend(self):
        self.write('server.json', '{"path": "x.db"}')
        self.assertIn('expected a key “backend” or “uri”', self.refused())

    def test_file_that_others_may_write(self):
        self.write('server.json', '{"uri": "memory:"}')
        os.chmod(self.path('server.json'), 0o666)
        self.assertIn('./server.json: expected a file that neither its group nor others may write', self.refused())

    def test_missing_folder(self):
        self.assertIn('%s: the folder %s cannot be used: No such file or directory'
                      % (self.path('none', 'x.db'), self.path('none')), self.refused('sqlite:none/x.db'))

    def test_unknown_option(self):
        program = self.run_squares('--for-ever', status=64)
        self.assertIn('--for-ever', program.errors)


class Signals(Squares):
    def check_end(self, number, **how):
        program = self.start('--forever', 'sqlite:tasks.db', **how)
        self.check_eaten(program.wait_lines(40))
        self.assertIsNone(program.child.poll())
        program.signal(number)
        self.assertEqual(len(program.wait().split('\n')), 40)
        self.assertEqual(program.errors, '')
        self.assertEqual(self.finished('tasks.db'), {'my-tasksA': 10, 'my-tasksB': 10})

    def test_interrupt(self):
        self.check_end(signal.SIGINT)

    def test_terminate(self):
        self.check_end(signal.SIGTERM)

    def test_background_job(self):
        """Whoever was started with SIGINT ignored, as a shell's background job is, goes on ignoring it."""
        program = self.start('--forever', ignore=(signal.SIGINT,))
        self.check_eaten(program.wait_lines(40))
        self.assertEqual(self.ignored(program, signal.SIGINT), (True, False))
        self.assertEqual(self.ignored(program, signal.SIGTERM), (False, True))
        program.signal(signal.SIGINT)
        program.signal(signal.SIGTERM)
        program.wait()
        self.assertEqual(program.errors, '')

    def ignored(self, program, number):
        """Whether the kernel drops a signal of the program's, and whether the program has a handler for it."""
        with open('/proc/%d/status' % program.child.pid, encoding='ascii') as file:
            masks = dict(line.rstrip('\n').split(':\t', 1) for line in file if line.startswith(('SigIgn', 'SigCgt')))
        return tuple(bool(int(masks[name], 16) >> (number - 1) & 1) for name in ('SigIgn', 'SigCgt'))


if __name__ == '__main__':
    unittest.main()
