#!/usr/bin/env python3
# test-examples.py - the examples do what they say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import subprocess
import sys
import tempfile
import unittest

top, folder, python = sys.argv[1], os.environ['EXAMPLES'], os.environ.get('EXAMPLES_PYTHON')


def run(*command, cwd, status=0):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, '%s: %s\n%s' % (command, done.returncode, done.stderr)
    return done


class Begin(unittest.TestCase):
    def test_files_that_are_there_and_not(self):
        lines = run(os.path.join(folder, 'begin'), 'COPYING', 'nowhere', cwd=top).stdout.splitlines()
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
        for folder in ('chihuo', 'chihuo/backends'):
            for name in os.listdir(os.path.join(top, folder)):
                if name.endswith('.c'):
                    with open(os.path.join(top, folder, name), encoding='utf-8') as file:
                        purpose = re.match(r'/\* \S+ - (.*)', file.readline()).group(1)
                    present.append((name[len('chihuo-'):-len('.c')], purpose))
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


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
