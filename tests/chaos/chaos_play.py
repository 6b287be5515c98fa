# chaos_play.py - the scenes that all kinds of servers have to stand, and how a scene is judged
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A scene is a function of (scene, report, args): it plays, and returns what is demanded of its effects:

    tasks           so many have to have run
    effects         so many of each of these (battery.Effects)
    none of         these must not have happened
    started         the share of the kills that hit a started task
    first claims    so many have to have been measured after outages
    kept            so many settles of code that ended in an outage have to have come through
"""

import argparse
import collections
import os
import signal
import threading
import time
import traceback

from chaos_scene import HEARTBEAT, LEASE, battery, count_fates, now, report_kept, report_outages, shuffled

FEWEST = 20         # of each effect that is demanded, and half of it in a little storm
LITTLE = 100        # faults
LONGEST_ARMED = 30  # so often it is looked whether a request has met its fate
STORM_EFFECTS = ('reaped', 'stale settles', 'repeated', 'again-ends', 'dropped ends', 'returns')

WORKING = ('--concurrency', '8', '--work', '40', '--depth', '80', '--gap', '4')


class Every:
    """Something that is done again and again, beside everything else."""

    def __init__(self, seconds, func, *expected):
        self.over = threading.Event()
        self.n = 0

        def run():
            while not self.over.wait(seconds):
                try:
                    func()
                    self.n += 1
                except expected:
                    pass    # the server is away
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def end(self):
        self.over.set()
        self.thread.join()
        return self.n


# --- storm: one server, everything that can happen to it, to its workers and to what is between them ---

class Storm:
    """Faults, by their names; a kind of server adds its own in strike()."""

    def __init__(self, scene, server, options, n_faults):
        self.scene, self.server, self.options, self.dice = scene, server, options, scene.dice
        self.n_faults = n_faults
        self.fewest = FEWEST if n_faults > LITTLE else FEWEST // 2
        self.deck = []

    def choose(self):
        """A worker behind a proxy that has lived for a moment."""
        worker = self.scene.workers[self.dice.choice(list(self.scene.proxies))]
        worker.wait_ready()
        return worker, self.scene.proxies[worker.slot]

    def request(self, order):
        """The next exchange of somebody meets its fate, if he has one soon; the store has to ask again. Later none
        shall, or the outage would not be over when it is said to be."""
        worker, proxy = self.choose()
        since, n_before = now(), count_fates(proxy)
        proxy.tell(order)
        time.sleep(self.dice.uniform(0.05, 0.2))
        for _ in range(LONGEST_ARMED):
            if count_fates(proxy) > n_before:
                break
            time.sleep(0.01)
        proxy.tell('heal')
        self.scene.note_outage(order, since, worker.slot)
        self.scene.n_faults -= 1    # counted by the proxy, when it happens

    def disturb(self, order, seconds, long=False):
        worker, proxy = self.choose()
        since = now()
        proxy.tell(order)
        time.sleep(seconds)
        proxy.tell('heal')
        self.scene.note_outage(order, since, worker.slot, long)

    def outage(self, seconds):
        """Nobody reaches the server."""
        since = now()
        for proxy in self.scene.proxies.values():
            proxy.tell('refuse')
        time.sleep(seconds)
        for proxy in self.scene.proxies.values():
            proxy.tell('heal')
        for slot in self.scene.proxies:
            self.scene.note_outage('outage of %g s' % seconds, since, slot, long=seconds > 2 * HEARTBEAT)
        self.scene.n_faults -= len(self.scene.proxies) - 1

    def kill_server(self):
        since = now()
        self.server.kill()
        time.sleep(self.dice.uniform(0, 0.5))
        self.server.start()
        self.scene.note_outage('kill server', since)

    def replace_worker(self, end):
        worker = self.dice.choice(list(self.scene.workers.values()))
        worker.wait_ready()
        end(worker)
        self.scene.start(worker.slot, *self.options)

    def strike(self, kind):
        if kind.startswith(('drop ', 'cut ')):
            self.request(kind.replace(' ', ' 1 '))
        elif kind in ('close', 'half-open'):
            self.disturb(kind, 0)
        elif kind == 'slice':
            self.disturb('slice 1 20', 0.3)
        elif kind == 'delay':
            self.disturb('delay 20000 20000 30000', 0.3)
        elif kind == 'random':
            self.disturb('random 0.3', 0.5)
        elif kind == 'freeze':
            self.disturb('freeze', self.dice.uniform(0.1, 1.0))
        elif kind == 'long freeze':
            self.disturb('freeze', 2 * HEARTBEAT + 1, long=True)
        elif kind.startswith('outage '):
            self.outage(float(kind.split()[1]))
        elif kind == 'kill server':
            self.kill_server()
        elif kind == 'pause':
            self.scene.pause(self.choose()[0], False, LEASE * self.dice.uniform(1.5, 1.9))
        elif kind == 'kill worker':
            self.replace_worker(self.scene.kill)
        elif kind == 'interrupt':
            self.replace_worker(lambda worker: self.scene.interrupt(worker, self.dice.choice((1, 1, 2))))
        else:
            raise ValueError(kind)

    def rage(self, of_100, more=()):
        """So many faults, or some more, in an order that the dice choose. It goes on, for as long again at most, while
        luck has kept an effect back: what a lost reply had in it nobody knows before."""
        kinds = {kind: max(1, round(n * self.n_faults / 100)) for kind, n in of_100.items()}
        deck = shuffled(self.dice, kinds) + list(more)
        self.strike_all(deck)
        while len(self.deck) < 2 * len(deck) and self.lacks():
            self.strike_all(self.dice.sample(deck, len(deck) // 10))

    def strike_all(self, deck):
        self.deck += deck
        for kind in deck:
            time.sleep(self.dice.uniform(0, 0.15))
            self.strike(kind)

    def lacks(self):
        counts = battery.Effects(self.scene.files()).counts
        return any(counts[what] < self.fewest for what in STORM_EFFECTS)


def start_all(scene, *options):
    for slot in scene.configs:
        scene.start(slot, *options)
    for worker in scene.workers.values():
        worker.wait_ready()


def end_storm(storm, report, tasks):
    """Nothing new goes wrong any more; what is demanded."""
    scene = storm.scene
    scene.drain()
    scene.stop()
    report.at_least('faults', scene.n_faults + scene.count_proxy_faults(), storm.n_faults)
    report.note('; '.join('%s: %d' % pair for pair in sorted(collections.Counter(storm.deck).items())))
    return {'tasks': tasks, 'first claims': storm.fewest, 'kept': storm.fewest,
            'effects': dict.fromkeys(STORM_EFFECTS, storm.fewest), 'started': 0.6}


# --- late: what was asked comes again when others have long taken over ---

# Longer than what is left of a lease: others are still at work on it when its first owner comes back
SLOW = ('--concurrency', '16', '--work', '6000', '--depth', '30', '--gap', '4', '--deaf', '0')


def play_late(scene, report, args):
    """The reply of a claim is lost, and then nothing passes until the lease is over: others have got the tasks when it
    is asked for again. And whoever was held up goes on with what is not his any more."""
    server = scene.add_server()
    for slot in (1, 2, 3):
        scene.add_proxy(slot, server)
    start_all(scene, *SLOW)
    n_rounds = 30 if args.long else scene.n_late
    for i in range(n_rounds):
        time.sleep(0.3)
        slot = 1 + i % 3
        proxy = scene.proxies[slot]
        since, n_before = now(), proxy.stats()['drop-silent']
        proxy.tell('drop 1 silent')
        battery.wait_for('an exchange', lambda proxy=proxy, n=n_before: proxy.stats()['drop-silent'] > n)
        proxy.tell('freeze')
        time.sleep(scene.silence + LEASE * scene.dice.uniform(0.2, 0.8))
        proxy.tell('heal')
        scene.note_outage('late', since, slot, long=True)
    scene.drain()
    scene.stop()
    # the last one may come so late that the end comes before it
    return {'tasks': 100, 'first claims': n_rounds - 1, 'effects': {'reaped': FEWEST, 'stale settles': FEWEST}}


# --- killer: a task that kills whoever runs it, until it has done so three times ---

MAX_CRASHES = 3
KILLER = 'w1.1-100'


def play_killer(scene, report, args):
    server = scene.add_server()
    options = ('--concurrency', '4', '--work', '10', '--depth', '0', '--plain', '--max-crashes', str(MAX_CRASHES),
               '--killer', KILLER)
    for slot in (1, 2):
        scene.add_straight(slot, server)
        scene.start(slot, *options, '--add', '500' if slot == 1 else '0')
    # three deaths that have to be noticed, and some time more
    patience = 3 * scene.silence + 19
    scene.tell('-', 'heal', 'lease=%d' % (patience * 1000000))
    end = time.monotonic() + patience
    n_dead = 0
    while time.monotonic() < end and (n_dead == 0 or not scene.is_drained()):
        for slot, worker in list(scene.workers.items()):
            if worker.popen.poll() is not None:
                worker.end(-signal.SIGKILL)
                n_dead += 1
                scene.n_faults += 1
                scene.start(slot, *options)
        time.sleep(0.02)
    if scene.is_drained():
        scene.tell('-', 'drained')
        scene.stop()
    report.point(n_dead == MAX_CRASHES, 'it kills %d workers, and is dead then: %d' % (MAX_CRASHES, n_dead))
    report.point(scene.read_states()[0] == {KILLER: battery.DEAD}, 'nobody else is dead')
    return {'tasks': 500}


# --- reconnects: hundreds of connections later a process is what it was ---

GROWTH = 1 << 20    # bytes that these may add to a process


def measure_process(worker):
    """Resident bytes and open descriptors."""
    with open('/proc/%d/statm' % worker.pid, encoding='ascii') as file:
        resident = int(file.read().split()[1]) * os.sysconf('SC_PAGESIZE')
    return resident, len(os.listdir('/proc/%d/fd' % worker.pid))


def reconnect(scene, proxy, times):
    for _ in range(times):
        n_links = proxy.stats()['links']
        proxy.tell('close')
        scene.n_faults += 1
        battery.wait_for('a new connection', lambda: proxy.stats()['links'] >= n_links + 2)


def play_reconnects(scene, report, args):
    server = scene.add_server()
    proxy = scene.add_proxy(1, server)
    worker = scene.start(1, '--concurrency', '2', '--work', '5', '--depth', '10', '--ids', '50')
    worker.wait_ready()
    since = now()
    times = 1000 if args.long else scene.n_reconnects
    reconnect(scene, proxy, times // 5)
    before = measure_process(worker)
    reconnect(scene, proxy, times)
    time.sleep(0.3)
    after = measure_process(worker)
    scene.note_outage('reconnects', since)
    scene.drain()
    scene.stop()
    report.note('resident %.2f MB, then %.2f MB; descriptors %d, then %d'
                % (before[0] / 1e6, after[0] / 1e6, before[1], after[1]))
    report.point(after[1] <= before[1] + 1, 'descriptors: %d, then %d' % (before[1], after[1]))
    # an instrumented build keeps what was freed
    if not args.instrumented:
        report.point(after[0] <= before[0] + GROWTH, 'memory: %d bytes more' % (after[0] - before[0]))
    return {'tasks': 100}


# --- judgement ---

def report_effects(report, scene, effects, wanted):
    counts = effects.counts
    report.note('%d lines; %d starts, %d completions, %d abandons, %d reaped; %d kills, %d pauses; %d faults; exits %s'
                % (counts['lines'], counts['starts'], counts['completions'], counts['abandons'], counts['reaped'],
                   len(scene.kills), scene.pauses, scene.n_faults, dict(scene.statuses)))
    report.at_least('tasks run', counts['starts'], wanted['tasks'])
    for what, fewest in wanted.get('effects', {}).items():
        report.at_least(what, counts[what], fewest)
    for what in wanted.get('none of', ()):
        report.point(counts[what] == 0, '%s: %d, none is allowed' % (what, counts[what]))
    if 'started' in wanted:
        started = sum(effects.was_started(kill.worker.name) for kill in scene.kills)
        report.share('kills that hit a started task', started, len(scene.kills), wanted['started'])
    if 'first claims' in wanted:
        report_outages(report, scene, wanted['first claims'])
    if 'kept' in wanted:
        report_kept(report, scene, wanted['kept'])


def judge(scene, report, wanted):
    effects = battery.Effects(scene.files())
    scene.tell_final(effects.ids)
    report.verdict(*scene.judge())
    scene.check_places()
    report.point(True, 'each task stands in one place')
    report_effects(report, scene, effects, wanted)


def run(scene, name, play, report, args):
    begin = time.monotonic()
    try:
        wanted = play(scene, report, args)
        report.note('%s: seed %d, %.1f s' % (name, args.seed, time.monotonic() - begin))
        judge(scene, report, wanted)
    except Exception:   # whatever it was, it is told, and all is ended
        report.point(False, '%s: seed %d, after %d faults' % (name, args.seed, scene.n_faults))
        for line in traceback.format_exc().splitlines():
            report.note(line)
    finally:
        scene.close()


def make_parser(scenes):
    parser = argparse.ArgumentParser()
    battery.add_arguments(parser)
    parser.add_argument('proxy')
    parser.add_argument('--scene', action='append', choices=list(scenes), help='all, if none is given')
    parser.add_argument('--long', action='store_true', help='2,000 faults; outages of 10 and 45 s')
    parser.add_argument('--faults', type=int, help='so many in the storm')
    parser.add_argument('--instrumented', action='store_true', help='a sanitizer: its memory tells nothing')
    return parser


def play_all(scenes, make_scene, args, n_faults):
    """The status of the program. `n_faults`: of a short storm."""
    args.faults = args.faults or (2000 if args.long else n_faults)
    os.environ['CHAOS_PROXY'] = os.path.abspath(args.proxy)
    report = battery.Report()
    for name in args.scene or scenes:
        run(make_scene(battery.programs_of(args), args.seed, keep=args.keep), name, scenes[name], report, args)
    return report.end()
