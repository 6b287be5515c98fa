# chaos_scene.py - the conductor's part of a battery of real processes at real servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What tests/battery/battery.py is for a database, for a server.

The same workers, the same histories, the same checker; between a worker and its server stands a chaos proxy, if the
scene wants one. What is particular to a kind of server its own scene says: redis_scene.py, lodis_scene.py.
"""

import os
import re
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'battery'))

import battery                              # noqa: E402
from battery import DELAYED, RUNNING, STATES, WAITING, now      # noqa: E402
from chaos import Proxy                     # noqa: E402

LEASE = 2.0             # so that there are reaps within seconds
HEARTBEAT = LEASE / 3
TIMEOUT = 0.5           # of the workers' connections
FIRST_CLAIM = 2.0       # the promise: so long after the store's return, in seconds
SLACK = 0.6             # for a machine that is busy with other things


def count_fates(proxy):
    """How many requests have met theirs."""
    return sum(n for name, n in proxy.stats().items() if name.startswith(('drop-', 'cut-')))


class Outage:
    """The store could not be reached. `process` None: by nobody."""

    def __init__(self, process, kind, since, until):
        self.process, self.kind, self.since, self.until = process, kind, since, until


class Scene(battery.Battery):
    """Workers at servers. A subclass says:

    url_of(port)        the server config of a store behind this port
    read_states()       what the store holds: the state of each task, and the finished ids
    check_places()      that no task stands in two places or in none
    """

    least = 400             # fewer bytes are no exchange
    n_late = 4              # a short form has to be short
    n_reconnects = 1000
    silence = LEASE         # after so many seconds somebody has taken the tasks of who says nothing

    def __init__(self, programs, seed, lease=LEASE, keep=False):
        super().__init__(programs, seed, lease, keep)
        self.servers = []
        self.proxies = {}       # slot → Proxy
        self.configs = {}       # slot → server config
        self.outages = []
        self.n_faults = 0
        self.interrupted = set()

    # --- servers ---

    def add_proxy(self, slot, server, more=''):
        """The worker of this slot goes through a proxy."""
        proxy = Proxy('127.0.0.1:0', '127.0.0.1:%d' % server.port, seed=self.dice.randrange(1, 1 << 30))
        self.proxies[slot] = proxy
        self.configs[slot] = self.url_of(int(proxy.address.rsplit(':', 1)[1]), more)
        proxy.tell('least %d' % self.least)
        return proxy

    def add_straight(self, slot, server, more=''):
        self.configs[slot] = self.url_of(server.port, more)

    def store_of(self, slot):
        return ['--config', self.configs[slot]]

    # --- faults ---

    def names(self, slot=None):
        return [worker.name for at, worker in self.workers.items() if slot is None or at == slot]

    def note_outage(self, kind, since, slot=None, long=False):
        """It is over now. `long`: long enough that everybody must have noticed."""
        until = now()
        for name in self.names(slot):
            os.write(self.log, b'%d %s - cut - since=%d\n' % (until, name.encode(), since))
            self.outages.append(Outage(name, kind + (' (long)' if long else ''), since, until))
        self.n_faults += 1

    def freeze_at_work(self, worker, tries=20):
        """Stops it where the code of a task runs, if it ever does."""
        for _ in range(tries):
            worker.freeze()
            recent = worker.text()[-200000:]
            started, ended = (re.findall(r' %s - (id=\S+ token=\d+)' % event, recent) for event in ('start', 'end'))
            if not set(started) <= set(ended):
                return
            worker.thaw()
            time.sleep(self.dice.uniform(0, 0.01))
        worker.freeze()

    def kill(self, worker, inside=False):
        """Three of four die at work, the others as they stand."""
        if self.dice.random() < 0.75:
            self.freeze_at_work(worker)
        else:
            worker.freeze()
        self.tell(worker.name, 'kill')
        worker.send(signal.SIGKILL)
        worker.end(-signal.SIGKILL)
        self.kills.append(battery.Kill(worker, now(), False))
        self.n_faults += 1

    def interrupt(self, worker, n=1, gap=0.03):
        self.interrupted.add(worker.name)
        self.n_faults += 1
        return super().interrupt(worker, n, gap)

    def pause(self, worker, inside, seconds):
        super().pause(worker, inside, seconds)
        self.n_faults += 1

    def count_proxy_faults(self):
        """What was ordered happens when a request comes by, if one does."""
        return sum(count_fates(proxy) for proxy in self.proxies.values())

    # --- what the store holds ---

    def is_drained(self):
        states, _ = self.read_states()
        return not any(state in (WAITING, DELAYED, RUNNING) for state in states.values())

    def haunt(self):
        """Here the living come back late by themselves: nobody has to speak for the dead."""

    def tell_final(self, ids):
        states, finished = self.read_states()
        for id in sorted(ids | set(states) | finished):
            state = states.get(id, battery.ABSENT)
            self.tell('-', 'final', 'id=' + id, *(['state=' + STATES[state]] if state else []),
                      *(['finish=1'] if id in finished else []))

    def close(self):
        for server in self.servers:
            server.kill()
        super().close()
        for proxy in self.proxies.values():
            proxy.close()


# --- what is promised about outages ---

class Life:
    """What one life of a worker tells of its store."""

    def __init__(self, path):
        self.name = os.path.basename(path).removesuffix('.history')
        self.claims, self.online = [], []
        self.ended, self.answered = {}, {}      # (id, token) → when its code ended; when the store answered to that
        self.is_peaceful = False                # it ended by itself
        with open(path, encoding='utf-8') as file:
            for line in file:
                words = line.split()
                if words[:2] == ['#', 'online']:
                    self.online.append((int(words[3]), words[2] == '1'))
                elif words[0] != '#':
                    self._take(int(words[0]), words[3], words[4], dict(word.split('=', 1) for word in words[5:]))

    def _take(self, when, event, phase, pairs):
        run = pairs.get('id'), pairs.get('token')
        if event == 'claim':
            self.claims.append(when)
        elif event == 'end':
            self.ended[run] = when
        elif phase == 'ok' and (event == 'settle' or event == 'renew' and pairs['answer'] == 'stale'):
            self.answered.setdefault(run, when)
        elif event == 'exit':
            self.is_peaceful = True

    def first_claim(self, since):
        return next((when for when in self.claims if when > since), None)

    def went_offline(self, since, until):
        """When it said so; at once, if it had not been back from the last outage yet."""
        before = [online for when, online in self.online if when < since]
        if before and not before[-1]:
            return since
        return next((when for when, online in self.online if not online and since <= when <= until), None)


def read_lives(scene):
    return {life.name: life for life in (Life(path) for path in scene.files() if re.search(r'/w\d+\.\d+\.', path))}


def read_ends(scene):
    """When something else has come over a process: nothing can be said of it from then on."""
    ends = {}
    with open(scene.history, encoding='utf-8') as file:
        for line in file:
            when, process, _, event, *_ = line.split()
            if event in ('kill', 'pause', 'heal', 'resume'):
                ends.setdefault(process, []).append(int(when))
    return ends


def measure_first_claims(scene):
    """Seconds from the end of each outage to the first claim of each process, and those that came too late."""
    lives, ends, took, late = read_lives(scene), read_ends(scene), [], []
    for outage in scene.outages:
        life = lives.get(outage.process)
        limit = outage.until + int((FIRST_CLAIM + SLACK) * 1e6)
        disturbed = [when for when in ends.get(outage.process, []) + ends.get('-', []) if outage.since < when <= limit]
        disturbed += [other.since for other in scene.outages
                      if other.process == outage.process and outage.until < other.since <= limit]
        claim = life.first_claim(outage.until) if life is not None else None
        if life is None or outage.process in scene.interrupted or min(disturbed, default=limit) < (claim or limit):
            continue
        if claim is not None and claim <= limit:
            took.append(((claim - outage.until) / 1e6, outage.kind))
        else:
            late.append('%s after %s: %s' % (outage.process, outage.kind,
                                             'never' if claim is None else '%.2f s' % ((claim - outage.until) / 1e6)))
    return took, late


def measure_offline(scene):
    """Seconds until a process knew of a long outage, and those that did not within two heartbeats."""
    lives, took, late = read_lives(scene), [], []
    for outage in scene.outages:
        if '(long)' not in outage.kind or outage.process not in lives:
            continue
        limit = outage.since + int((2 * scene.lease / 3 + SLACK) * 1e6)
        when = lives[outage.process].went_offline(outage.since, limit)
        if when is None:
            late.append('%s in %s' % (outage.process, outage.kind))
        else:
            took.append(((when - outage.since) / 1e6, outage.kind))
    return took, late


def measure_kept(scene):
    """Of the runs whose code ended in an outage of a process: those whose settle the store took when it was back, and
    those that nobody was told of, though the process lived to a peaceful end."""
    lives, kept, lost = read_lives(scene), set(), set()
    for outage in scene.outages:
        life = lives.get(outage.process)
        for run, ended in life.ended.items() if life is not None else ():
            if not outage.since < ended < outage.until:
                continue
            answered = life.answered.get(run)
            if answered is not None and answered > outage.until:
                kept.add((life.name, run))
            elif answered is None and life.is_peaceful:
                lost.add((life.name, run))
    return kept, lost


def describe(seconds):
    if not seconds:
        return 'none'
    slowest = sorted(seconds, reverse=True)[:3]
    return '%d times, median %.2f s, at most %s' % (len(seconds), statistics.median(each for each, _ in seconds),
                                                    ', '.join('%.2f s (%s)' % pair for pair in slowest))


def report_outages(report, scene, fewest):
    took, late = measure_first_claims(scene)
    report.note('first claim after an outage: ' + describe(took))
    for line in late[:10]:
        report.note('too late: ' + line)
    report.point(not late, 'each first claim within %g s of the return' % FIRST_CLAIM)
    report.at_least('first claims after an outage', len(took), fewest)
    knew, late = measure_offline(scene)
    if knew or late:
        report.note('offline after: ' + describe(knew))
        report.point(not late, 'offline within two heartbeats: %s' % (', '.join(late[:5]) or 'all'))


def report_kept(report, scene, fewest):
    kept, lost = measure_kept(scene)
    report.at_least('settles kept through an outage', len(kept), fewest)
    report.point(not lost, 'settles that were never sent: %s' % (sorted(lost)[:5] or 'none'))


def shuffled(dice, kinds):
    """A deck: so many of each kind."""
    deck = [kind for kind, n in kinds.items() for _ in range(n)]
    dice.shuffle(deck)
    return deck
