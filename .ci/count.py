#!/usr/bin/env python3
# count.py - counts what passed and failed in the logs of meson test
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""count.py NAME=LOG... prints one line for each log, what failed, and “N passed, N failed” at the end.

A LOG is a testlog.json. Each TAP line counts for itself, a program without TAP counts as one. Nothing may be
skipped: a skip is a failure, and so is a log that is missing or holds nothing. Below what failed stand the last
lines that its program said, for whoever sees only the end of a long log.
"""

import json
import re
import sys

POINT = re.compile(r'^(not )?ok\b([^#\n]*)(#\s*(?:skip|todo)\b)?', re.I | re.M)
GOOD = ('OK', 'EXPECTEDFAIL')
LAST_LINES = 20


def last_words(entry):
    """What a program said last, to both of its outputs."""
    said = ((entry.get('stdout') or '') + (entry.get('stderr') or '')).splitlines()
    return ['    | %s' % line[:200] for line in said[-LAST_LINES:]]


def count_entry(entry):
    """How much of one test program passed, and what failed."""
    points = [] if 'SKIP' == entry['result'] else POINT.findall(entry.get('stdout') or '')
    failed = ['%s:%s %s' % (entry['name'], name.rstrip(), 'skipped' if skip else 'not ok')
              for bad, name, skip in points if bad or skip]
    passed = len(points) - len(failed)
    if entry['result'] not in GOOD:
        failed = (failed or ['%s: %s' % (entry['name'], entry['result'].lower())])
        failed[-1] = '\n'.join([failed[-1]] + last_words(entry))
    elif not points:
        passed = 1
    return passed, failed


def count_log(lines):
    passed, failed = 0, []
    for line in lines:
        if line.strip():
            good, bad = count_entry(json.loads(line))
            passed += good
            failed += bad
    if passed + len(failed) == 0:
        failed = ['nothing ran']
    return passed, failed


def count_file(path):
    try:
        with open(path, encoding='utf-8') as file:
            return count_log(file)
    except (OSError, ValueError, KeyError) as error:
        return 0, ['no log: %s' % error]


def entry(result, stdout=''):
    return json.dumps({'name': 'a', 'result': result, 'stdout': stdout})


def self_test():
    for lines, passed, failed in (
            ([entry('OK')], 1, 0),
            ([entry('OK', '1..2\nok 1 a\nok 2 b\n')], 2, 0),
            ([entry('OK', 'ok 1 a\nok 2 b # SKIP no server\n')], 1, 1),
            ([entry('FAIL', 'ok 1 a\nnot ok 2 b\n')], 1, 1),
            ([entry('FAIL', 'ok 1 a\n')], 1, 1),
            ([entry('ERROR')], 0, 1),
            ([entry('TIMEOUT', 'ok 1 a\n')], 1, 1),
            ([entry('SKIP')], 0, 1),
            ([entry('SKIP', '1..0 # SKIP\nok 1 a # SKIP\n')], 0, 1),
            ([], 0, 1),
            ([entry('OK'), entry('OK'), entry('FAIL')], 2, 1)):
        good, bad = count_log(lines)
        assert (good, len(bad)) == (passed, failed), (lines, good, bad)
    assert len(count_file('/nowhere')[1]) == 1
    assert count_entry(json.loads(entry('FAIL', 'not ok 1 b\n# why\n')))[1] == ['a: 1 b not ok\n    | not ok 1 b\n    | # why']
    print('self-test: all counted right')


def main(arguments):
    total, wrong = 0, 0
    for argument in arguments:
        name, path = argument.split('=', 1)
        passed, failed = count_file(path)
        print('%-12s %d passed, %d failed' % (name, passed, len(failed)))
        for line in failed:
            print('  %s' % line)
        total += passed
        wrong += len(failed)
    print('%d passed, %d failed' % (total, wrong))
    return 1 if wrong or not total else 0


if __name__ == '__main__':
    if sys.argv[1:] == ['--self-test']:
        self_test()
    elif len(sys.argv) > 1 and all('=' in argument for argument in sys.argv[1:]):
        sys.exit(main(sys.argv[1:]))
    else:
        sys.exit(__doc__)
