#!/usr/bin/env python3
# test-kills.py - four workers at one file: killed, stopped and interrupted; nothing is lost, nothing done twice
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-kills.py WORKER GHOST CHECKER [--kills N] [--seed N] [--keep]

A deck of faults is shuffled by the seed. How a victim is chosen: mostly one that has lived for a moment, now and then
any. It is stopped, looked at and killed as it stands; for some, marked in the deck, it is let go on and looked at again
until it stands inside a write transaction. When the faults are over, all has to drain.
"""

import argparse
import sys
import time
import traceback

import battery

N_WORKERS = 4
INSIDE = 5          # every so many kills is to hit a write transaction
FEWEST = 20         # of each effect; where fewer kills are asked for, as many as these


def make_deck(dice, n_kills):
    deck = [('kill', i % INSIDE == 0) for i in range(n_kills)]
    deck += [('interrupt', False)] * (n_kills // 5 + 1)
    deck += [('pause', False)] * (n_kills // 15 + 1)
    deck += [('pause', True)] * (n_kills // 25 + 1)
    dice.shuffle(deck)
    return deck


def choose(scene):
    """Who is next: mostly somebody who is at work, sometimes one who has just begun."""
    all_of_them = list(scene.workers.values())
    grown = [worker for worker in all_of_them if worker.age() > 0.3]
    return scene.dice.choice(grown if grown and scene.dice.random() < 0.9 else all_of_them)


def make_fault(scene, kind, inside):
    worker = choose(scene)
    if kind == 'kill':
        scene.kill(worker, inside)
        scene.start(worker.slot)
    elif kind == 'interrupt':
        worker.wait_ready()
        scene.interrupt(worker, scene.dice.choice((1, 1, 2, 3)), 0.03)
        scene.start(worker.slot)
    else:
        scene.pause(worker, inside, scene.lease * scene.dice.uniform(1.2, 1.8))


def play(scene, n_kills):
    for slot in range(1, N_WORKERS + 1):
        scene.start(slot)
    for worker in scene.workers.values():
        worker.wait_ready()
    for kind, inside in make_deck(scene.dice, n_kills):
        time.sleep(scene.dice.uniform(0, 0.3))
        make_fault(scene, kind, inside)
        scene.haunt()
    scene.drain()
    scene.stop()


def report_effects(report, scene, effects, n_kills):
    counts = effects.counts
    fewest = min(FEWEST, n_kills)
    started = sum(effects.was_started(kill.worker.name) for kill in scene.kills)
    report.note('%d lines; %d starts, %d completions, %d abandons; %d pauses, %d of them inside a write transaction; '
                '%d doubtful commits; exits %s'
                % (counts['lines'], counts['starts'], counts['completions'], counts['abandons'], scene.pauses,
                   scene.pauses_inside, counts['doubt'], dict(scene.statuses)))
    report.at_least('kills', len(scene.kills), n_kills)
    report.share('kills that hit a started task', started, len(scene.kills), 0.6)
    report.share('kills inside a write transaction', sum(kill.inside for kill in scene.kills), len(scene.kills), 0.1)
    report.at_least('pauses inside a write transaction', scene.pauses_inside, 1)
    report.at_least('reaps', counts['reaped'], fewest)
    report.at_least('repeated claims', counts['repeated'], fewest)
    for what in ('stale settles', 'again-ends', 'dropped ends', 'returns'):
        report.at_least(what, counts[what], fewest)


def main():
    parser = argparse.ArgumentParser()
    battery.add_arguments(parser)
    parser.add_argument('--kills', type=int, default=100)
    args = parser.parse_args()

    report = battery.Report()
    begin = time.monotonic()
    scene = battery.Battery(battery.programs_of(args), args.seed, keep=args.keep)
    try:
        play(scene, args.kills)
        report.note('seed %d, %.1f s' % (args.seed, time.monotonic() - begin))
        effects = battery.Effects(scene.files())
        scene.tell_final(effects.ids)
        report.verdict(*scene.judge())
        scene.check_database()
        report_effects(report, scene, effects, args.kills)
    except Exception:
        report.point(False, 'seed %d, after %d kills' % (args.seed, len(scene.kills)))
        for line in traceback.format_exc().splitlines():
            report.note(line)
    finally:
        scene.close()
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
