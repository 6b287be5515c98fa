#!/usr/bin/env python3
# join.py - makes C strings of the scripts: for each its preludes and its body
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""join.py OUTPUT MUTANTS FOLDER: MUTANTS (true or false) says whether planted bugs are kept"""
import os, re, sys

RECORDS = ['frame', 'life', 'records']
REQUEST = RECORDS + ['request', 'items']
SCRIPTS = [
    # name, flags, what it is made of; in the order of ChihuoRedisScript
    ('add', '', REQUEST + ['add']),
    ('do', 'allow-oom', REQUEST + ['claim', 'do']),
    ('reap', 'allow-oom', RECORDS + ['audit', 'reap']),
    ('sweep', 'allow-oom', RECORDS + ['sweep']),
    ('look', 'no-writes,allow-oom', ['frame', 'look']),
    ('page', 'no-writes,allow-oom', ['frame', 'page']),
    ('marks', 'allow-oom', ['frame', 'marks']),
    ('stats', 'no-writes,allow-oom', ['frame', 'stats']),
]


def read(folder, part, mutants):
    """The lines of a part without its comments; a planted bug is a comment with a meaning"""
    with open(os.path.join(folder, part + '.lua'), encoding='utf-8') as lines:
        for line in map(str.strip, lines):
            if not (mutants and line.startswith('--@mutant ')):
                line = re.sub(r'\s*--.*', '', line)
            if line:
                yield line


def join(folder, flags, parts, mutants):
    first = '#!lua flags=' + flags if flags else '#!lua'
    return [first] + [line for part in parts for line in read(folder, part, mutants)]


def quote(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def main(output, mutants, folder):
    with open(output, 'w', encoding='ascii') as out:
        for name, flags, parts in SCRIPTS:
            lines = join(folder, flags, parts, mutants == 'true')
            out.write(f'static const char {name}_script[] =\n  ' + '\n  '.join(map(quote, lines)) + ';\n\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
