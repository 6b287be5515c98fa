#!/usr/bin/env python3
# check-bootstrap.py - bootstrap on machines that this one is not: without apt, without root, with all there
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-bootstrap.py TOP

Runs `bootstrap deps` with a PATH of its own: a few real tools, and stand-ins that write down how they were called.
"""

import os
import shutil
import subprocess
import sys
import tempfile

TOOLS = ('sh', 'cat', 'dirname', 'env', 'grep', 'tr')


class Machine:
    """A made-up machine. Stand-ins are lines of shell; $LOG takes what they were called with."""

    def __init__(self, **stand_ins):
        self.folder = tempfile.TemporaryDirectory(prefix='chihuo-rules-')
        self.log = os.path.join(self.folder.name, 'log')
        for tool in TOOLS:
            os.symlink(shutil.which(tool), os.path.join(self.folder.name, tool))
        for name, body in stand_ins.items():
            path = os.path.join(self.folder.name, name.replace('_', '-'))
            with open(path, 'w', encoding='utf-8') as file:
                file.write('#!/bin/sh\n%s\n' % body)
            os.chmod(path, 0o755)

    def run(self, top, *arguments):
        """Exit status, output, calls."""
        done = subprocess.run([os.path.join(top, 'bootstrap'), *arguments], capture_output=True, text=True, check=False,
                              env={'PATH': self.folder.name, 'LOG': self.log})
        calls = []
        if os.path.exists(self.log):
            with open(self.log, encoding='utf-8') as file:
                calls = file.read().splitlines()
        return done.returncode, done.stdout + done.stderr, calls


ALL_THERE = 'echo installed'
ONE_MISSING = 'for last; do :; done; [ "$last" = sqlite3 ] || echo installed'
NOTE = 'echo "apt-get $*" >> "$LOG"'
FAIL_ONCE = NOTE + '; [ "$1" = update ] || [ "$(grep -c install "$LOG")" -gt 1 ]'
SUDO = 'echo "sudo" >> "$LOG"; "$@"'
INSTALL = 'apt-get install --yes --no-install-recommends sqlite3'
KNOWN = 'true'
ROOT, USER = 'echo 0', 'echo 1000'


def expect(what, got, status, calls=(), words=()):
    """One line for each thing that is not as expected."""
    problems = []
    if got[0] != status:
        problems.append('%s: exit status %d, expected %d' % (what, got[0], status))
    if got[2] != list(calls):
        problems.append('%s: calls %s, expected %s' % (what, got[2], list(calls)))
    problems += ['%s: no “%s” in what it says' % (what, word) for word in words if word not in got[1]]
    return problems


def check(top):
    def deps(**stand_ins):
        return Machine(**stand_ins).run(top, 'deps')

    def plain(*arguments):
        return Machine(id=USER).run(top, *arguments)

    return (
        expect('help', plain('--help'), 0, words=('Usage:', 'demo', 'test'))
        + expect('no command', plain(), 2, words=('Usage:',))
        + expect('unknown command', plain('dance'), 2, words=('Usage:',))
        + expect('no apt', deps(id=ROOT), 1, words=('no apt-get', '  meson\n', '  gcc\n', '  python3\n', '  sqlite3\n'))
        + expect('all there', deps(id=USER, dpkg_query=ALL_THERE, apt_cache=KNOWN, apt_get=NOTE), 0)
        + expect('one missing', deps(id=ROOT, dpkg_query=ONE_MISSING, apt_cache=KNOWN, apt_get=NOTE), 0, [INSTALL])
        + expect('old lists', deps(id=ROOT, dpkg_query=ONE_MISSING, apt_cache=KNOWN, apt_get=FAIL_ONCE), 0,
                 [INSTALL, 'apt-get update', INSTALL])
        + expect('no lists', deps(id=ROOT, dpkg_query=ONE_MISSING, apt_cache='false', apt_get=NOTE), 0,
                 ['apt-get update', INSTALL])
        + expect('apt in vain', deps(id=ROOT, dpkg_query=ONE_MISSING, apt_cache=KNOWN, apt_get=NOTE + '; false'), 1,
                 [INSTALL, 'apt-get update'])
        + expect('with sudo', deps(id=USER, sudo=SUDO, dpkg_query=ONE_MISSING, apt_cache=KNOWN, apt_get=NOTE), 0,
                 ['sudo', INSTALL])
        + expect('without sudo', deps(id=USER, dpkg_query=ONE_MISSING, apt_cache=KNOWN, apt_get=NOTE), 1,
                 words=('root is needed',)))


# Each makes bootstrap do something it should not, and has to be found
PLANTS = (
    ('-z "$missing"', '-z "$HOME"'),
    ("test_packages='python3 ", "test_packages='"),
    ('id -u', 'echo 0'),
    ('sudo env', 'env'),
    ('as_root apt-get update', 'true'),
    ('    exit 2', '    exit 0'),
)


def self_test(top):
    """The plants that are not found."""
    with open(os.path.join(top, 'bootstrap'), encoding='utf-8') as file:
        text = file.read()
    with tempfile.TemporaryDirectory(prefix='chihuo-rules-') as place:
        for old, new in PLANTS:
            with open(os.path.join(place, 'bootstrap'), 'w', encoding='utf-8') as file:
                file.write(text.replace(old, new))
            os.chmod(os.path.join(place, 'bootstrap'), 0o755)
            if old not in text or not check(place):
                yield 'not found: “%s” in place of “%s”' % (new, old)


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    problems = check(arguments[0]) + list(self_test(arguments[0]))
    print('\n'.join(problems) or 'bootstrap does what it should on 11 machines')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
