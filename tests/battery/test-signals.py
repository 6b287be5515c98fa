#!/usr/bin/env python3
# test-signals.py - a worker under load is interrupted at random moments: it ends well, and what it held goes back
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-signals.py WORKER GHOST CHECKER [--rounds N] [--seed N] [--keep]

One worker after the other at one file, each gets SIGINT or SIGTERM at a random moment: once in one scene, two or three
times in the other, where some tasks do not hear. What stood in the queue before and is not done must stand at its old
place, in the same order, as plain sqlite3 reads it, with nothing counted. The checker judges the history of each scene:
in the first there is no fault, so that it judges the order of all claims, too.
"""

import argparse
import collections
import signal
import sys
import time
import traceback

import battery

N_TASKS = 60        # so many wait, in the beginning of each round
FEWEST = 20         # of each effect; in fewer than 100 rounds, a fifth of them
ORDER = 'SELECT id, state, place, failures, crashes, abandoned FROM task ORDER BY priority, place'
Task = collections.namedtuple('Task', 'id state place failures crashes abandoned')
OPTIONS = ('--plain', '--depth', '0', '--doubt', '0', '--work', '40')


class Scene(battery.Battery):
    """A row of stops."""

    def __init__(self, programs, seed, keep, deaf):
        super().__init__(programs, seed, keep=keep)
        self.deaf = deaf
        self.n_busy = 0     # signals that came while code ran
        self.problems = []

    def count_waiting(self):
        return self.query('SELECT count (*) FROM task')[0][0] if self.lives else 0

    def read_tasks(self):
        return [Task(*row) for row in self.query(ORDER)]

    def play_round(self, n_signals):
        worker = self.start(1, *OPTIONS, '--deaf', str(self.deaf), '--add', str(max(0, N_TASKS - self.count_waiting())))
        worker.wait_ready()
        before = self.read_tasks()
        time.sleep(self.dice.uniform(0, 0.12))
        text = worker.text()
        self.n_busy += text.count(' start - ') > text.count(' end - ')
        status = self.interrupt(worker, n_signals, 0.03)
        self.problems += ['%s: %s' % (worker.name, text)
                          for text in battery.find_stop_problems(before, self.read_tasks(), n_signals)]
        if '# over %d\n' % status not in worker.text():
            self.problems.append('%s: it ended with %d, its run did not' % (worker.name, status))

    def play(self, numbers):
        for number in numbers:
            self.play_round(number)
        self.start(1, *OPTIONS, '--deaf', '0')
        self.drain()
        self.stop()
        effects = battery.Effects(self.files())
        self.tell_final(effects.ids)
        self.check_database()
        return effects


def report_scene(report, scene, effects, n_rounds):
    for text in scene.problems[:20]:
        report.note(text)
    report.point(not scene.problems, 'returned tasks stand at their old places')
    report.verdict(*scene.judge())
    report.note('%d starts, %d completions, %d abandons; exits %s'
                % (effects.counts['starts'], effects.counts['completions'], effects.counts['abandons'],
                   dict(scene.statuses)))
    report.share('stops while code ran', scene.n_busy, n_rounds, 0.6)
    report.at_least('returns', effects.counts['returns'], min(FEWEST, n_rounds))


def play_scene(report, programs, args, name, numbers, deaf):
    """Its effects; None if it went wrong."""
    scene = Scene(programs, args.seed, args.keep, deaf)
    report.note('%s: %d rounds, %d signals' % (name, len(numbers), sum(numbers)))
    try:
        effects = scene.play(numbers)
        report_scene(report, scene, effects, len(numbers))
        return scene, effects
    except Exception:
        report.point(False, '%s: seed %d, round %d' % (name, args.seed, scene.lives[1]))
        for line in traceback.format_exc().splitlines():
            report.note(line)
        return scene, battery.Effects([])
    finally:
        scene.close()


def main():
    parser = argparse.ArgumentParser()
    battery.add_arguments(parser)
    parser.add_argument('--rounds', type=int, default=100)
    args = parser.parse_args()

    report = battery.Report()
    begin = time.monotonic()
    signal.signal(signal.SIGINT, signal.SIG_DFL)    # whatever started us, the workers are to hear it
    n_once = args.rounds // 3 + 1
    numbers = [2 + i % 2 for i in range(args.rounds - n_once)]
    programs = battery.programs_of(args)
    play_scene(report, programs, args, 'once', [1] * n_once, 0)
    scene, effects = play_scene(report, programs, args, 'often', numbers, 0.3)
    fewest = min(FEWEST, args.rounds // 5)
    report.at_least('runs that were given up', effects.counts['abandons'], fewest)
    report.at_least('exits with 75', scene.statuses[75], fewest)
    report.note('seed %d, %.1f s' % (args.seed, time.monotonic() - begin))
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
