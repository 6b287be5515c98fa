#!/usr/bin/env python3
# check-chaos-mutants.py - each bug planted into a store is found, by the invariant that is there to find it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-chaos-mutants.py MUTANTS FAULTS-TEST ARGUMENT…

MUTANTS is the mutants.txt beside FAULTS-TEST; the arguments are that test's, with programs of a build with
-Dmutants=true. Without a bug the same seeds have to break nothing.
"""

import os
import re
import subprocess
import sys

TRIES = 3       # when things happen is chance; each try has a seed of its own
CLEAN = {}      # (scene, seed) → what is said without a bug


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
    if (scene, seed) not in CLEAN:
        done = run(None, scene, seed, command)
        CLEAN[scene, seed] = done.stdout + done.stderr
    said = CLEAN[scene, seed]
    return re.search(r'^ok \d+ - lost 0', said, re.M) is not None, said


def find(mutant, scene, invariants, command):
    """The first line of one of the invariants; None, and what was said instead."""
    for seed in range(1, TRIES + 1):
        done = run(mutant, scene, seed, command)
        for invariant in invariants.split(','):
            found = re.search(r'^# (%s: .*)$' % re.escape(invariant), done.stdout, re.M)
            if found and done.returncode != 0:
                is_clean, said = run_clean(scene, seed, command)
                return ('seed %d, %s' % (seed, found.group(1)), '') if is_clean else (None, 'without it, too: ' + said)
    return None, done.stdout + done.stderr


def main(mutants, *command):
    planted = read(mutants)
    print('1..%d' % len(planted), flush=True)
    failed = 0
    for number, (name, scene, invariants) in enumerate(planted, 1):
        line, output = find(name, scene, invariants, command)
        failed += line is None
        print('%s %d - %s in %s by %s: %s' % ('ok' if line else 'not ok', number, name, scene, invariants, line),
              flush=True)
        if line is None:
            print(re.sub('^', '# ', output[-2000:], flags=re.M), flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
