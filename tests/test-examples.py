#!/usr/bin/env python3
# test-examples.py - the examples do what they say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import subprocess
import sys
import tempfile
import unittest

folder, python = os.environ['EXAMPLES'], os.environ.get('EXAMPLES_PYTHON')


def run(*command, cwd, status=0):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, '%s: %s\n%s' % (command, done.returncode, done.stderr)
    return done


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
        self.assertEqual(lines, ['eaten: %d {"square": %d}' % (i, i * i) for i in range(1, 6)])


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
