#!/usr/bin/env python3
# check-mutants.py - each planted bug is found, by the invariant that is there to find it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-mutants.py MUTANTS PLACE COMMAND… [-- PLACE COMMAND…]…

MUTANTS is mutants.txt, of which those of these places are looked at; the commands run programs of a build with
-Dmutants=true. Without a bug they find nothing, with the same seeds.
"""

import os
import re
import subprocess
import sys


def read(path):
    """Name, place, invariant of each mutant."""
    with open(path, encoding='utf-8') as file:
        return [line.split() for line in file if line.strip() and not line.startswith('#')]


def run(mutant, *command):
    environment = dict(os.environ)
    environment.pop('CHIHUO_MUTANT', None)
    if mutant is not None:
        environment['CHIHUO_MUTANT'] = mutant
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=600)
    return done.returncode, done.stdout + done.stderr


def spoke(invariant, output):
    """The first line of the invariant, and how many seeds it took."""
    found = re.search(r'^[# ]*(%s: .*)$' % re.escape(invariant), output, re.M)
    seed = re.search(r'^seed (\d+):', output, re.M)
    return found and '%s%s' % ('seed %s, ' % seed.group(1) if seed else '', found.group(1))


def split(words):
    """The command of each place."""
    commands = {}
    for group in ' '.join(words).split(' -- '):
        place, *command = group.split(' ')
        commands[place] = command
    return commands


def main(mutants, *words):
    commands = split(words)
    points = []
    for place, command in commands.items():
        status, output = run(None, *command)
        points.append((status == 0, '%s: nothing without a bug' % place, output))
    for name, place, invariant in read(mutants):
        if place not in commands:
            continue
        more = ('--until', invariant) if place == 'sim' else ()
        status, output = run(name, *commands[place], *more)
        line = spoke(invariant, output)
        points.append((status != 0 and bool(line), '%s by %s: %s' % (name, invariant, line), output))
    print('1..%d' % len(points))
    for number, (right, text, output) in enumerate(points, 1):
        print('%s %d %s' % ('ok' if right else 'not ok', number, text))
        if not right:
            print(re.sub('^', '# ', output[-2000:], flags=re.M))
    return 0 if all(right for right, _, _ in points) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
