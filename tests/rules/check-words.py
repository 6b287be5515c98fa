#!/usr/bin/env python3
# check-words.py - nothing is left for later, and every file says what it is
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import re

import rules

# Put together here so that this file does not hold them
BANNED = re.compile(r'\b(%s)\b' % '|'.join(('TO' 'DO', 'FIX' 'ME', 'X' 'XX', 'HA' 'CK', '[Ff]or' ' now')))
LICENSE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
LICENSED = ('.c', '.h', '.h.in', '.py', '.sh', '.js', '.vala', '.lua', 'bootstrap', '.ci/run')
TEXT = LICENSED + ('.md', '.build', '.txt', '.in', '.toml', '.csv', '.sql', '.api')


def check(top):
    problems = []
    for name in rules.all_files(top):
        if not name.endswith(TEXT):
            continue
        lines = rules.read(top, name).split('\n')
        for number, line in enumerate(lines, 1):
            if BANNED.search(line):
                problems.append('%s:%d: “%s”: do it, or open an issue' % (name, number, BANNED.search(line).group()))
            if line != line.rstrip() and not name.endswith(('.md', '.csv')):
                problems.append('%s:%d: space at the end of the line' % (name, number))
            if '\t' in line and name.endswith(('.c', '.h', '.py', '.build')):
                problems.append('%s:%d: a tab' % (name, number))
        if name.endswith(LICENSED):
            problems += check_head(name, lines)
    return problems


def check_head(name, lines):
    """SPDX line, and for C files the name and a purpose in one line."""
    problems = []
    if not any(LICENSE in line for line in lines[:6]):
        problems.append('%s:1: “%s” is missing' % (name, LICENSE))
    if name.endswith(('.c', '.h')):
        base = name.split('/')[-1]
        if not re.match(r'/\* %s - \S.*' % re.escape(base), lines[0]):
            problems.append('%s:1: “/* %s - what it is for” is missing' % (name, base))
    return problems


def plant(name, text):
    return lambda top: rules.append(top, name, text)


PLANTS = (
    ('a note for later', plant('chihuo/chihuo-batch.c', '/* TO' 'DO: more */\n'), 'do it, or open an issue'),
    ('a note in a page', plant('README.md', 'X' 'XX\n'), 'do it, or open an issue'),
    ('a lame excuse', plant('chihuo/chihuo-batch.c', '/* good enough for' ' now */\n'), 'do it, or open an issue'),
    ('a file without a license', lambda top: rules.write(top, 'tests/test-planted.c',
                                                         '/* test-planted.c - a plant */\n'), 'is missing'),
    ('a file without a purpose', lambda top: rules.write(top, 'tests/test-planted.c',
                                                         '/* %s */\n' % LICENSE), 'what it is for'),
    ('space at the end', plant('chihuo/chihuo-batch.c', 'int a; \n'), 'space at the end'),
    ('a tab', plant('chihuo/chihuo-batch.c', '\tint a;\n'), 'a tab'),
)

if __name__ == '__main__':
    rules.main(check, PLANTS)
