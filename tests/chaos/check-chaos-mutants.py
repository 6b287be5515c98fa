#!/usr/bin/env python3
# check-chaos-mutants.py - each bug planted into a store is found, by the invariant that is there to find it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-chaos-mutants.py MUTANTS FAULTS-TEST ARGUMENT…

MUTANTS is the mutants.txt beside FAULTS-TEST; the arguments are that test's, with programs of a build with
-Dmutants=true. Without a bug the same seeds have to break nothing.
"""

import concurrent.futures
import os
import re
import subprocess
import sys

TRIES = 3       # when things happen is chance; each try has a seed of its own


def read(path):
    """Name, scene, invariants of each mutant."""
    with open(path, encoding='utf-8') as file:
        return [line.split() for line in file if line.strip() and not line.startswith('#')]


def run(mutant, scene, seed, command):
    environment = dict(os.environ)
    environment.pop('CHIHUO_MUTANT', None)
    if mutant is not None:
        environment['CHIHUO_MUTANT'] = mutant
    return subprocess.run([sys.executable, *command, '--scene', scene, '--seed', str(seed), '--faults', '60'],
                          capture_output=True, text=True, check=False, env=environment, timeout=300)


def run_clean(scene, seed, command):
    """Whether nothing is broken without a bug, and what is said. With so few faults some effect may be too rare: that
    is no matter here."""
    done = run(None, scene, seed, command)
    said = done.stdout + done.stderr
    return re.search(r'^ok \d+ - lost 0', said, re.M) is not None, said


def find(mutant, scene, invariants, command):
    """The first line of one of the invariants, with its seed; None, and what was said instead."""
    for seed in range(1, TRIES + 1):
        done = run(mutant, scene, seed, command)
        for invariant in invariants.split(','):
            found = re.search(r'^# (%s: .*)$' % re.escape(invariant), done.stdout, re.M)
            if found and done.returncode != 0:
                return found.group(1), seed
    return None, done.stdout + done.stderr


def tell(number, is_right, what, said):
    """A line of TAP, and what was said where something is wrong; 1 if it is."""
    print('%s %d - %s' % ('ok' if is_right else 'not ok', number, what), flush=True)
    if not is_right:
        print(re.sub('^', '# ', said[-2000:], flags=re.M), flush=True)
    return 0 if is_right else 1


def main(mutants, *command):
    planted = read(mutants)
    failed = 0
    # side by side, since a scene mostly waits for leases to end
    with concurrent.futures.ThreadPoolExecutor(len(planted)) as pool:
        found = list(pool.map(lambda mutant: find(*mutant, command), planted))
        scenes = sorted({(mutant[1], seed) for mutant, (line, seed) in zip(planted, found) if line})
        clean = list(pool.map(lambda scene: run_clean(*scene, command), scenes))
    print('1..%d' % (len(planted) + len(scenes)), flush=True)
    for number, ((name, scene, invariants), (line, said)) in enumerate(zip(planted, found), 1):
        failed += tell(number, line is not None, '%s in %s by %s: %s' % (name, scene, invariants, line), said)
    for number, ((scene, seed), (is_clean, said)) in enumerate(zip(scenes, clean), len(planted) + 1):
        failed += tell(number, is_clean, 'no bug in %s: seed %d breaks nothing' % (scene, seed), said)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
