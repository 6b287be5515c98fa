#!/usr/bin/env python3
# test-examples.py - the examples do what they say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

top, folder, python = sys.argv[1], os.environ['EXAMPLES'], os.environ.get('EXAMPLES_PYTHON')


def run(*command, cwd, status=0):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, '%s: %s\n%s' % (command, done.returncode, done.stderr)
    return done


class Begin(unittest.TestCase):
    def test_files_that_are_there_and_not(self):
        # who is first is chance
        lines = sorted(run(os.path.join(folder, 'begin'), 'COPYING', 'nowhere', cwd=top).stdout.splitlines())
        self.assertEqual(lines[0], 'COPYING: %d' % os.path.getsize(os.path.join(top, 'COPYING')))
        self.assertIn('nowhere is dead: Error when getting information', lines[1])
        self.assertEqual(len(lines), 2)


class Pages(unittest.TestCase):
    """What a page quotes from an example stands there, word by word."""

    def test_quotes(self):
        quotes = 0
        for name in os.listdir(os.path.join(top, 'doc')):
            if name.endswith('.md'):
                with open(os.path.join(top, 'doc', name), encoding='utf-8') as page:
                    quotes += self.check(name, page.read())
        self.assertGreater(quotes, 3)

    def test_the_map_is_complete(self):
        with open(os.path.join(top, 'doc/hacking.md'), encoding='utf-8') as page:
            named = re.findall(r'^\| `([a-z-]+)` \| ([^|]+) \|$', page.read(), re.M)
        present = []
        for folder, prefix in (('chihuo', 'chihuo-'), ('chihuo/backends', 'chihuo-'),
                               ('chihuo/programs/lodis', 'lodis-')):
            for name in os.listdir(os.path.join(top, folder)):
                if name.endswith('.c') and name.startswith(prefix):
                    with open(os.path.join(top, folder, name), encoding='utf-8') as file:
                        purpose = re.match(r'/\* \S+ - (.*)', file.readline()).group(1)
                    present.append((name[len(prefix):-len('.c')], purpose))
        self.assertEqual(sorted(named), sorted(present))

    def check(self, page, text):
        code = r'^```(?:c|python|js|vala)'
        found = re.findall(code + r'\n(?:/\*|#|//) (examples/\S+)(?: \*/)?\n(.*?)^```$', text, re.M | re.S)
        self.assertEqual(len(found), len(re.findall(code + '$', text, re.M)), page)
        for example, quote in found:
            with open(os.path.join(top, example), encoding='utf-8') as file:
                self.assertIn(quote, file.read(), '%s quotes %s' % (page, example))
        return len(found)


class OwnBackend(unittest.TestCase):
    eaten = ['eaten: %d' % i for i in range(1, 6)]

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='chihuo-examples-')
        self.addCleanup(self.folder.cleanup)

    def test_it_lasts(self):
        program = os.path.join(folder, 'own-backend')
        self.assertEqual(run(program, cwd=self.folder.name).stdout.splitlines(), self.eaten)
        self.assertEqual(os.listdir(self.folder.name), ['own.store'])
        self.assertEqual(run(program, cwd=self.folder.name).stdout, '')

    def test_its_configuration_is_checked(self):
        program = os.path.join(folder, 'own-backend')
        self.assertIn('expected the path', run(program, 'file:', cwd=self.folder.name, status=78).stderr)
        self.assertIn('durabel', run(program, 'file:x?durabel=no', cwd=self.folder.name, status=78).stderr)
        self.assertEqual(run(program, 'memory:', cwd=self.folder.name).stdout.splitlines(), self.eaten)

    @unittest.skipIf(python is None, 'built without introspection')
    def test_in_python(self):
        lines = run('/usr/bin/python3', python, cwd=self.folder.name).stdout.splitlines()
        self.assertEqual(lines, ['eaten: %d {"square":%d}' % (i, i * i) for i in range(1, 6)])


class Eater:
    """A process that eats what is shared; what it has eaten stands in its list."""

    def __init__(self, *command):
        self.eaten = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.eaten.append(line.removeprefix('eaten: ').rstrip())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.reader.join()
        self.process.stdout.close()
        return status


@unittest.skipIf(shutil.which('redis-server') is None, 'there is no redis-server')
class Redis(unittest.TestCase):
    """On a private server, over a unix socket."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='chihuo-examples-')
        self.addCleanup(self.folder.cleanup)
        socket = os.path.join(self.folder.name, 'socket')
        self.uri = 'redis+unix://' + socket
        self.server = subprocess.Popen(['redis-server', '--port', '0', '--unixsocket', socket, '--save', '',
                                        '--dir', self.folder.name], stdout=subprocess.DEVNULL)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.wait_until(lambda: os.path.exists(socket), 'a server')

    def wait_until(self, condition, what):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, 'waited for ' + what)
            time.sleep(0.01)

    def test_squares(self):
        program = os.path.join(folder, 'squares')
        lines = run(program, self.uri, cwd=self.folder.name).stdout.splitlines()
        self.assertEqual(sorted(lines), sorted(line for i in range(10) for title in 'AB' for line in
                                               ('my-task-%s: %d' % (title, i), 'power of %d is %d' % (i, i * i))))
        self.assertEqual(run(program, self.uri, cwd=self.folder.name).stdout, '')

    def test_squares_of_two_processes(self):
        both = [subprocess.Popen([os.path.join(folder, 'squares'), self.uri], stdout=subprocess.PIPE, text=True)
                for _ in range(2)]
        lines = sum((process.communicate(timeout=60)[0].splitlines() for process in both), [])
        self.assertEqual([process.returncode for process in both], [0, 0])
        self.assertEqual(sorted(line for line in lines if line.startswith('my-task')),
                         sorted('my-task-%s: %d' % (title, i) for i in range(10) for title in 'AB'))

    def test_crawl(self):
        os.makedirs(os.path.join(self.folder.name, 'tree/empty/below'))
        with open(os.path.join(self.folder.name, 'tree/file'), 'w', encoding='utf-8') as file:
            file.write('12345')
        for _ in range(2):
            crawl = run(os.path.join(folder, 'crawl'), '--db', self.uri, 'tree', cwd=self.folder.name)
            self.assertEqual(crawl.stdout, '3 folders, 1 files, 5 bytes\n')

    def test_share(self):
        program = os.path.join(folder, 'share')
        eaters = [Eater(program, self.uri), Eater(program, self.uri)]
        added = []
        while not all(eater.eaten for eater in eaters):
            self.assertLess(len(added), 2000, 'one of them eats nothing')
            ids = [str(len(added) + i) for i in range(50)]
            self.assertEqual(run(program, self.uri, *ids, cwd=self.folder.name).stdout, 'added: 50\n')
            added += ids
            self.wait_until(lambda: sum(len(eater.eaten) for eater in eaters) >= len(added), 'the last one')
        self.assertEqual([eater.stop() for eater in eaters], [0, 0])
        self.assertEqual(sorted(eaters[0].eaten + eaters[1].eaten), sorted(added))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
