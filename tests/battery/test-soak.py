#!/usr/bin/env python3
# test-soak.py - three workers at one file for a long time, with faults: they grow neither in memory nor in descriptors
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-soak.py WORKER GHOST CHECKER --soak SECONDS [--every SECONDS] [--seed N] [--keep]

Every few seconds a fault: a kill, a stop by a signal, a pause, a pause inside a write transaction. The first worker is
only ever paused, so that it lives from the beginning to the end; its resident size and its descriptors are read every
second from /proc. The rule: after the warm-up (the first fifth of the time; in short runs more, up to a minute) its
descriptors stay within 1 of what they mostly are, and the slope of a straight line through its resident sizes (least
squares) is below 1 MiB an hour; in less than 20 minutes, where noise is larger than that, the line may rise by 1 MiB.
The others are sampled and printed too. In the end all has to drain, and the checker judges the whole history.
"""

import argparse
import os
import sys
import time
import traceback

import battery

N_WORKERS = 3
OPTIONS = ('--work', '250', '--concurrency', '2', '--depth', '40', '--ids', '400', '--gap', '120')
KINDS = ('kill', 'kill', 'interrupt', 'pause', 'inside')
WARM_UP = 60                # seconds
ALLOWED = 1 << 20           # bytes an hour
SHORT = 1200                # seconds
PAGE = os.sysconf('SC_PAGESIZE')


class Sample:
    def __init__(self, worker):
        self.time = time.monotonic()
        with open('/proc/%d/statm' % worker.pid, encoding='ascii') as file:
            self.size = int(file.read().split()[1]) * PAGE
        self.descriptors = len(os.listdir('/proc/%d/fd' % worker.pid))


def slope_of(samples):
    """Bytes a second, by least squares."""
    n = len(samples)
    mean_time = sum(sample.time for sample in samples) / n
    mean_size = sum(sample.size for sample in samples) / n
    spread = sum((sample.time - mean_time) ** 2 for sample in samples)
    return sum((sample.time - mean_time) * (sample.size - mean_size) for sample in samples) / spread


class Soak(battery.Battery):
    def __init__(self, programs, seed, keep):
        super().__init__(programs, seed, keep=keep)
        self.samples = {}           # name of a life → its samples
        self.faults = 0

    def start_worker(self, slot):
        worker = self.start(slot, *OPTIONS)
        worker.wait_ready()
        self.samples[worker.name] = []

    def sample(self):
        for worker in self.workers.values():
            worker.check_alive()
            self.samples[worker.name].append(Sample(worker))

    def make_fault(self):
        kind = self.dice.choice(KINDS)
        slot = self.dice.randrange(1 if kind in ('pause', 'inside') else 2, N_WORKERS + 1)
        worker = self.workers[slot]
        self.faults += 1
        if kind == 'kill':
            self.kill(worker, self.dice.random() < 0.3)
            self.start_worker(slot)
        elif kind == 'interrupt':
            self.interrupt(worker, self.dice.choice((1, 2, 3)), 0.03)
            self.start_worker(slot)
        else:
            self.pause(worker, kind == 'inside', self.lease * self.dice.uniform(1.2, 1.8))

    def play(self, seconds, every, note):
        for slot in range(1, N_WORKERS + 1):
            self.start_worker(slot)
        begin = time.monotonic()
        next_fault = begin + every
        next_note = begin
        while time.monotonic() < begin + seconds:
            if time.monotonic() >= next_fault:
                self.make_fault()
                self.haunt()
                next_fault += every
            self.sample()
            if time.monotonic() >= next_note:
                note(self.line(time.monotonic() - begin))
                next_note += max(30, seconds / 60)
            time.sleep(1)
        self.drain()
        self.stop()

    def line(self, age):
        last = [(name, samples[-1]) for name, samples in self.samples.items()
                if name in {worker.name for worker in self.workers.values()}]
        return '%5.0f s, %d faults: %s' % (age, self.faults, ', '.join(
            '%s %.2f MiB %d fds' % (name, sample.size / (1 << 20), sample.descriptors) for name, sample in last))


def report_samples(report, samples, seconds):
    warm = max(seconds / 5, min(WARM_UP, seconds / 3))
    steady = [sample for sample in samples if sample.time - samples[0].time >= warm]
    if len(steady) < 10:
        report.point(False, 'only %d samples after the warm-up of %.0f s' % (len(steady), warm))
        return
    slope = slope_of(steady)
    sizes = [sample.size / (1 << 20) for sample in steady]
    counts = [sample.descriptors for sample in steady]
    middle = sorted(counts)[len(counts) // 2]
    report.note('w1.1: %d samples after %.0f s: %.2f to %.2f MiB, at last %.2f; %d to %d descriptors'
                % (len(steady), warm, min(sizes), max(sizes), sizes[-1], min(counts), max(counts)))
    span = steady[-1].time - steady[0].time
    allowed = ALLOWED / 3600 if seconds >= SHORT else ALLOWED / span
    report.point(slope < allowed, 'resident size: %.3f MiB an hour, below %.3f'
                 % (slope * 3600 / (1 << 20), allowed * 3600 / (1 << 20)))
    report.point(max(counts) - middle <= 1 and middle - min(counts) <= 1,
                 'descriptors: %d to %d, within 1 of %d' % (min(counts), max(counts), middle))


def main():
    parser = argparse.ArgumentParser()
    battery.add_arguments(parser)
    parser.add_argument('--soak', type=int, default=100, help='for how many seconds')
    parser.add_argument('--every', type=float, default=5, help='a fault every so many seconds')
    args = parser.parse_args()

    report = battery.Report()
    scene = Soak(battery.programs_of(args), args.seed, args.keep)
    try:
        scene.play(args.soak, args.every, report.note)
        effects = battery.Effects(scene.files())
        scene.tell_final(effects.ids)
        report.verdict(*scene.judge())
        scene.check_database()
        counts = effects.counts
        report.note('seed %d: %d starts, %d completions, %d reaps, %d repeated claims, %d stale settles, %d returns; '
                    '%d kills, %d pauses, %d of them inside a write transaction; exits %s'
                    % (args.seed, counts['starts'], counts['completions'], counts['reaped'], counts['repeated'],
                       counts['stale settles'], counts['returns'], len(scene.kills), scene.pauses,
                       scene.pauses_inside, dict(scene.statuses)))
        report.at_least('faults', scene.faults, int(args.soak / args.every * 0.8))
        report_samples(report, scene.samples['w1.1'], args.soak)
    except Exception:
        report.point(False, 'seed %d, after %d faults' % (args.seed, scene.faults))
        for line in traceback.format_exc().splitlines():
            report.note(line)
    finally:
        scene.close()
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
