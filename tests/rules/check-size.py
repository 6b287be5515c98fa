#!/usr/bin/env python3
# check-size.py - files and functions stay small enough to read
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import rules

FILE_LINES = 800
FUNCTION_LINES = 120
LONG_LINES = 60        # of the library's functions at most LONG_SHARE are longer
LONG_SHARE = 0.03
LINE_WIDTH = 120       # the style is 100; a table may need more


def check(top):
    problems, total, long_ones = [], 0, []
    for name in rules.files(top, 'chihuo', 'examples', 'tests', ending=('.c', '.h', '.h.in', '.py')):
        text = rules.read(top, name)
        lines = text.rstrip('\n').split('\n')
        if len(lines) > FILE_LINES:
            problems.append('%s:1: %d lines, %d are allowed' % (name, len(lines), FILE_LINES))
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_WIDTH:
                problems.append('%s:%d: %d columns, %d are allowed' % (name, number, len(line), LINE_WIDTH))
        if not name.endswith('.c'):
            continue
        for function, _, first, last in rules.functions(text):
            length = last - first + 1
            if length > FUNCTION_LINES:
                problems.append('%s:%d: %s() has %d lines, %d are allowed'
                                % (name, first, function, length, FUNCTION_LINES))
            if name.startswith('chihuo/'):
                total += 1
                if length > LONG_LINES:
                    long_ones.append('%s() %d' % (function, length))
    if len(long_ones) > max(1, total * LONG_SHARE):
        problems.append('chihuo: %d of %d functions are longer than %d lines: %s'
                        % (len(long_ones), total, LONG_LINES, ', '.join(long_ones)))
    return problems


def function(name, length):
    return 'static void\n%s (int a,\n%s int b)\n{\n%s}\n' % (name, ' ' * len(name), '  a = b;\n' * (length - 5))


def plant(text):
    return lambda top: rules.append(top, 'chihuo/chihuo-batch.c', text)


PLANTS = (
    ('a file that is too long', plant('\n' * 700 + '/* the end */\n'), 'lines, 800 are allowed'),
    ('a function that is too long', plant(function('planted', 121)), 'planted() has 121 lines'),
    ('too many long functions', plant(''.join(function('planted_%d' % i, 61) for i in range(200))), 'longer than 60'),
    ('a line that is too long', plant('/* ' + 'a' * 120 + ' */\n'), 'columns'),
)

if __name__ == '__main__':
    rules.main(check, PLANTS)
