#!/usr/bin/env python3
# test-readme.py - the program in README.md is built and run, as README.md says
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = sys.argv[1]
README = open(os.path.join(TOP, 'README.md'), encoding='utf-8').read()
SECTION = README.split('\n## A program\n')[1].split('\n## ')[0]


def blocks(language):
    return re.findall(r'^```%s\n(.*?)^```$' % language, SECTION, re.M | re.S)


def shell(line, cwd):
    done = subprocess.run(['sh', '-c', line], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, '%s: %d\n%s' % (line, done.returncode, done.stderr)
    return done


def without_numbers(text):
    return sorted(re.sub(r'\d+', 'N', line) for line in text.splitlines())


class Readme(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='chihuo-readme-')
        self.addCleanup(self.folder.cleanup)
        self.path = self.folder.name

    def test_the_program(self):
        program, = blocks('c')
        commands, = blocks('sh')
        printed, = blocks('text')
        self.assertLessEqual(len(program.splitlines()), 40)
        with open(os.path.join(self.path, 'sizes.c'), 'w', encoding='utf-8') as file:
            file.write(program)
        for name in ('README.md', 'COPYING'):
            shutil.copy(os.path.join(TOP, name), self.path)

        compile_line, = [line for line in commands.splitlines() if line.startswith('cc ')]
        self.assertEqual(shell(compile_line.replace('cc ', 'cc -Wall -Werror ', 1), self.path).stderr, '')

        first, second = [line for line in commands.splitlines() if line.startswith('./sizes')]
        done = shell(first, self.path)
        self.assertEqual(without_numbers(done.stdout), without_numbers(printed))
        self.assertIn('README.md: %d bytes' % len(README.encode()), done.stdout)
        self.assertIn('1 delayed', done.stderr)

        # What is finished is not run again, and what failed is not due yet
        self.assertEqual(shell(second, self.path).stdout, '')

    def test_the_pages(self):
        for name in re.findall(r'\]\(([^)#:]+)\)', README):
            self.assertTrue(os.path.exists(os.path.join(TOP, name)), name)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
