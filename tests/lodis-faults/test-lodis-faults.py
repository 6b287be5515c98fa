#!/usr/bin/env python3
# test-lodis-faults.py - real workers in safe mode at a real Lodis, to which everything is done that happens to servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-lodis-faults.py WORKER GHOST CHECKER CHAOS-PROXY LODIS --scene NAME [--long] [--seed N] [--keep]

Each scene has a server of its own, with --sync=always, and its own judgement.
"""

import os
import sys
import time

from lodis_scene import Scene
from chaos_play import (Storm, battery, end_storm, make_parser, now, play_all, play_killer, play_late,
                        play_reconnects, start_all)
from chaos_scene import HEARTBEAT, LEASE, TIMEOUT

# So many of 100
STORM = {'drop close': 18, 'drop silent': 5, 'cut up': 5, 'cut down': 8, 'random': 10, 'close': 4, 'half-open': 6,
         'slice': 2, 'delay': 2, 'freeze': 2, 'outage 0.05': 3, 'outage 1': 1, 'stop server': 3, 'long stop': 1,
         'kill worker': 12, 'interrupt': 12, 'pause many': 3, 'kill server': 6, 'long freeze': 1}
LONG_OUTAGES = (10, 45)

# Many at a time, so that each fault hits some of them
BUSY = ('--concurrency', '12', '--work', '250', '--depth', '120', '--gap', '4')


class LodisStorm(Storm):
    def stop_server(self, seconds, long=False):
        since = now()
        self.server.stop_for(seconds)
        self.scene.note_outage('stopped server', since, long=long)

    def pause_many(self, seconds):
        """All but one. He looks for the dead only now and then, so they are away for longer than their leases."""
        workers = [self.scene.workers[slot] for slot in self.scene.proxies]
        for worker in workers:
            worker.wait_ready()
            worker.freeze()
            self.scene.tell(worker.name, 'pause')
        time.sleep(seconds)
        for worker in workers:
            worker.thaw()
            self.scene.tell(worker.name, 'resume')
        self.scene.pauses += len(workers)
        self.scene.n_faults += len(workers)

    def strike(self, kind):
        if kind == 'stop server':
            self.stop_server(self.dice.uniform(0.05, 2 * TIMEOUT))
        elif kind == 'long stop':
            self.stop_server(2 * HEARTBEAT + 1, long=True)
        elif kind == 'pause many':
            self.pause_many(LEASE * self.dice.uniform(2.2, 2.8))
        else:
            super().strike(kind)


def play_storm(scene, report, args):
    server = scene.add_server()
    for slot in (1, 2, 3):
        scene.add_proxy(slot, server)
    # whoever is straight at a server that dies meets what the kernel says to that
    scene.add_straight(4, server)
    # the checker compares all that was asked for an id
    options = (*BUSY, '--ids', str(max(2000, 15 * args.faults)))
    start_all(scene, *options)
    storm = LodisStorm(scene, server, options, args.faults)
    storm.rage(STORM, ['outage %d' % n for n in LONG_OUTAGES if args.long])
    return end_storm(storm, report, 20 * args.faults)


# --- returns: workers that are asked to end, and nothing else goes wrong ---

N_TASKS = 60        # so many wait, in the beginning of each round
ASKED = ('--plain', '--depth', '0', '--work', '40', '--deaf', '0')


def play_returns(scene, report, args):
    """One worker after the other is asked to end while it works. What it held stands at its old place, in the old
    order, and nothing is counted. There is no fault, so the checker judges the order of all claims."""
    n_rounds = 300 if args.long else 30
    problems, n_busy = [], 0
    scene.add_straight(1, scene.add_server())
    tasks = []
    for _ in range(n_rounds):
        worker = scene.start(1, *ASKED, '--add', str(N_TASKS - len(tasks)))
        worker.wait_ready()
        before = scene.read_tasks()
        time.sleep(scene.dice.uniform(0, 0.12))
        text = worker.text()
        n_busy += text.count(' start - ') > text.count(' end - ')
        scene.interrupt(worker)
        tasks = scene.read_tasks()
        problems += ['%s: %s' % (worker.name, text) for text in battery.find_stop_problems(before, tasks)]
    scene.start(1, *ASKED)
    scene.drain()
    scene.stop()
    for text in problems[:20]:
        report.note(text)
    report.point(not problems, 'returned tasks stand at their old places')
    report.share('stops while code ran', n_busy, n_rounds, 0.6)
    return {'tasks': 10 * n_rounds, 'effects': {'returns': 20}, 'none of': ('reaped', 'stale settles')}


SCENES = {'storm': play_storm, 'late': play_late, 'killer': play_killer, 'returns': play_returns,
          'reconnects': play_reconnects}


def main():
    parser = make_parser(SCENES)
    parser.add_argument('lodis')
    args = parser.parse_args()
    os.environ['LODIS'] = os.path.abspath(args.lodis)
    return play_all(SCENES, Scene, args, 70)


if __name__ == '__main__':
    sys.exit(main())
