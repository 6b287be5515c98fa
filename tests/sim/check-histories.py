#!/usr/bin/env python3
# check-histories.py - the checker refuses what it should, by the invariant it should, and accepts the rest
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-histories.py CHECKER SIM FOLDER

Each file of FOLDER says in a line “# expect: …” which invariant has to speak, or nothing. Histories of the simulation
are judged as text, too: what is written and read again must get the same verdict.
"""

import os
import re
import subprocess
import sys
import tempfile

FEWEST_BAD, FEWEST_GOOD = 12, 4
SEEDS = range(1, 21)
DAMAGE = (('start - ', 'begin - '), ('token=', 'toke='), ('answer=ok', 'answer=fine'))


def judge(checker, path):
    """Exit status, and the names of the invariants that spoke."""
    done = subprocess.run([checker, path], capture_output=True, text=True, check=False)
    return done.returncode, re.findall(r'^([a-z-]+): ', done.stdout, re.M)


def check_file(checker, path):
    with open(path, encoding='utf-8') as file:
        expected = re.search(r'^# expect: (\S+)$', file.read(), re.M).group(1)
    status, spoke = judge(checker, path)
    right = status == 0 and not spoke if expected == 'nothing' else status == 1 and expected in spoke
    return expected, right, '%s: expected %s, got status %d, %s' % (os.path.basename(path), expected, status, spoke)


def check_seed(checker, sim, seed, path):
    """A history as text, the same in each process, whole and damaged."""
    text, again = (subprocess.run([sim, '--seed', str(seed), '--log'], capture_output=True, text=True,
                                  check=True).stdout for _ in range(2))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    right = text == again and judge(checker, path)[0] == 0
    for old, new in DAMAGE:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text.replace(old, new, 1))
        right = right and (old not in text or judge(checker, path)[0] == 2)
    return right


def main(checker, sim, folder):
    results = [check_file(checker, os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
    n_bad = sum(expected != 'nothing' for expected, _, _ in results)
    points = [(right, text) for _, right, text in results]
    points += [(n_bad >= FEWEST_BAD, '%d bad histories' % n_bad),
               (len(results) - n_bad >= FEWEST_GOOD, '%d good histories' % (len(results) - n_bad))]
    with tempfile.TemporaryDirectory(prefix='chihuo-') as place:
        points += [(check_seed(checker, sim, seed, os.path.join(place, 'history')), 'seed %d as text' % seed)
                   for seed in SEEDS]
    print('1..%d' % len(points))
    for number, (right, text) in enumerate(points, 1):
        print('%s %d %s' % ('ok' if right else 'not ok', number, text))
    return 0 if all(right for right, _ in points) else 1


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
