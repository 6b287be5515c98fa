#!/usr/bin/env python3
# check-instructions.py - what was won in speed stays: instructions per task, against the committed number
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-instructions.py BENCH NUMBERS            compares; fails where one differs by more than 10 %
check-instructions.py --renew BENCH NUMBERS    writes the numbers that are measured now
check-instructions.py --self-test              proves that a difference is found

Callgrind counts them, so they repeat (within 4 %) where a clock does not. A run that only adds is taken off
one that adds and eats: what is left is claiming, running, settling, and the start and end of one loop. A number that
is better than the committed one fails, too: it wants to be kept, with --renew.
"""

import csv
import os
import re
import subprocess
import sys
import tempfile

MARGIN = 0.10

# How many tasks: so many that the start of a loop hardly counts
NAMES = {'memory-process': 50000, 'sqlite-process': 5000}

# How many tasks a worker takes at once depends on how quick they are, so on the machine's other work: the least counts
TIMES = 3


def count(bench, name, role, n_tasks):
    """The instructions of a process that adds, or adds and eats."""
    with tempfile.TemporaryDirectory(prefix='chihuo-instructions-') as folder:
        config = 'memory:bench' if name.startswith('memory') else 'sqlite:%s/tasks.db' % folder
        return count_in(folder, [bench, '--child', role, config, str(n_tasks)])


def count_in(folder, child):
    command = ['valgrind', '--tool=callgrind', '--fair-sched=yes',
               '--callgrind-out-file=' + os.path.join(folder, 'callgrind.out'), *child]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                         text=True, check=False)
    found = re.search(r'Collected : (\d+)', run.stderr)
    if run.returncode != 0 or found is None:
        sys.exit('%s\n%s failed with %d' % (run.stderr, ' '.join(command), run.returncode))
    return int(found.group(1))


def measure(bench):
    """Name → instructions per task."""
    numbers = {}
    for name, n_tasks in NAMES.items():
        adding = count(bench, name, 'adding', n_tasks)
        eating = min(count(bench, name, 'eating', n_tasks) for _ in range(TIMES))
        numbers[name] = (eating - adding) // n_tasks
    return numbers


def read(path):
    with open(path, encoding='utf-8', newline='') as file:
        return {row['name']: int(row['instructions']) for row in csv.DictReader(file)}


def write(path, numbers):
    with open(path, 'w', encoding='utf-8', newline='') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(('name', 'instructions'))
        writer.writerows(numbers.items())


def compare(numbers, committed):
    """What is wrong, one text for each."""
    for name in NAMES:
        if name not in committed:
            yield '%s: no number is committed' % name
            continue
        share = numbers[name] / committed[name]
        if share > 1 + MARGIN:
            yield '%s: %d instructions per task, %d are committed: %.0f %% more' % (
                name, numbers[name], committed[name], (share - 1) * 100)
        elif share < 1 - MARGIN:
            yield '%s: %d instructions per task, %d are committed: %.0f %% fewer; keep that with --renew' % (
                name, numbers[name], committed[name], (1 - share) * 100)


def self_test():
    committed = dict.fromkeys(NAMES, 1000)
    assert not list(compare(dict.fromkeys(NAMES, 1000), committed))
    assert not list(compare(dict.fromkeys(NAMES, 1099), committed))
    assert not list(compare(dict.fromkeys(NAMES, 901), committed))
    assert len(list(compare(dict.fromkeys(NAMES, 1101), committed))) == len(NAMES)
    assert len(list(compare(dict.fromkeys(NAMES, 899), committed))) == len(NAMES)
    assert len(list(compare(committed, {}))) == len(NAMES)


def main(arguments):
    if arguments == ['--self-test']:
        return self_test()
    renew = arguments[:1] == ['--renew']
    if len(arguments) != 2 + renew:
        sys.exit(__doc__)
    bench, path = arguments[renew:]
    numbers = measure(bench)
    for name, number in numbers.items():
        print('%s: %d instructions per task' % (name, number))
    if renew:
        return write(path, numbers)
    problems = list(compare(numbers, read(path)))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
