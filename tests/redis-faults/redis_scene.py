# redis_scene.py - the conductor's part of a battery of real processes at real Redis servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What tests/battery/battery.py is for a database, for a Redis.

The same workers, the same histories, the same checker; between a worker and the server stands a chaos proxy, if the
scene wants one. What the servers hold is read with plain commands.
"""

import os
import re
import signal
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'battery'))

import battery                                              # noqa: E402
from battery import ABSENT, DEAD, DELAYED, QUEUE, RUNNING, STATES, WAITING, now     # noqa: E402
from chaos import Proxy                                     # noqa: E402
from redis_server import PASSWORD, Server, find_ports       # noqa: E402

LEASE = 2.0             # so that there are reaps within seconds
HEARTBEAT = LEASE / 3
TIMEOUT = 0.5           # of the workers' connections
FIRST_CLAIM = 2.0       # the promise: so long after the store's return, in seconds
SLACK = 0.6             # for a machine that is busy with other things


def key(name):
    return '{chihuo:%s}:%s' % (QUEUE, name)


class Outage:
    """The store could not be reached. `process` None: by nobody."""

    def __init__(self, process, kind, since, until):
        self.process, self.kind, self.since, self.until = process, kind, since, until


class Scene(battery.Battery):
    """Workers at Redis servers."""

    def __init__(self, programs, seed, lease=LEASE, keep=False):
        super().__init__(programs, seed, lease, keep)
        self.servers = []
        self.proxies = {}       # slot → Proxy
        self.configs = {}       # slot → server config
        self.outages = []
        self.n_faults = 0
        self.reader = None      # the server whose keys are read
        self.interrupted = set()

    # --- servers ---

    def add_server(self, *lines, **how):
        server = Server(self.folder, 'server-%d' % (len(self.servers) + 1), find_ports(1)[0], *lines, **how)
        self.servers.append(server)
        self.reader = self.reader or server
        return server

    def url_of(self, port, more=''):
        return 'redis://chihuo:%s@127.0.0.1:%d?timeout=%g%s' % (PASSWORD, port, TIMEOUT, more)

    def add_proxy(self, slot, server, more=''):
        """The worker of this slot goes through a proxy."""
        proxy = Proxy('127.0.0.1:0', '127.0.0.1:%d' % server.port, seed=self.dice.randrange(1, 1 << 30))
        self.proxies[slot] = proxy
        self.configs[slot] = self.url_of(int(proxy.address.rsplit(':', 1)[1]), more)
        # what is smaller is no exchange
        proxy.tell('least 400')
        return proxy

    def add_straight(self, slot, server, more=''):
        self.configs[slot] = self.url_of(server.port, more)

    def add_unix(self, slot, server):
        self.configs[slot] = 'redis+unix://chihuo:%s@%s?timeout=%g' % (PASSWORD, server.path, TIMEOUT)

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
            recent = worker.text()[-20000:]
            if recent.count(' start - ') > recent.count(' end - '):
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
        """What was ordered happens when a request comes by."""
        total = 0
        for proxy in self.proxies.values():
            total += sum(n for name, n in proxy.stats().items() if name.startswith(('drop-', 'cut-')))
        return total

    # --- what the server holds ---

    def read_states(self):
        client = self.reader.client()
        try:
            fields = client.call('HGETALL', key('tasks'))
            states = {id.decode(): value[0] for id, value in zip(fields[::2], fields[1::2])}
            states |= {id.decode(): RUNNING for id in client.call('HKEYS', key('runs'))}
            return states, {id.decode() for id in client.call('HKEYS', key('finished'))}
        finally:
            client.close()

    def is_drained(self):
        states, _ = self.read_states()
        return not any(state in (WAITING, DELAYED, RUNNING) for state in states.values())

    def haunt(self):
        """Here the living come back late by themselves: nobody has to speak for the dead."""

    def tell_final(self, ids):
        states, finished = self.read_states()
        for id in sorted(ids | set(states) | finished):
            state = states.get(id, ABSENT)
            self.tell('-', 'final', 'id=' + id, *(['state=' + STATES[state]] if state else []),
                      *(['finish=1'] if id in finished else []))

    def check_keys(self):
        """No task stands in two places or in none; no place has something that is no task."""
        states, _ = self.read_states()
        client = self.reader.client()
        try:
            ids = {name: [member.decode() for member in client.call('ZRANGE', key(name), 0, -1)]
                   for name in ('waiting', 'suspects', 'delayed', 'leases', 'dead')}
            ids['delayed'] = [member[14:] for member in ids['delayed']]
        finally:
            client.close()
        wanted = {state: {id for id, at in states.items() if at == state}
                  for state in (WAITING, DELAYED, RUNNING, DEAD)}
        assert sorted(ids['waiting'] + ids['suspects']) == sorted(wanted[WAITING]), 'waiting'
        assert sorted(ids['delayed']) == sorted(wanted[DELAYED]), 'delayed'
        assert sorted(ids['leases']) == sorted(wanted[RUNNING]), 'running'
        assert sorted(ids['dead']) == sorted(wanted[DEAD]), 'dead'

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
        with open(path, encoding='utf-8') as file:
            for line in file:
                words = line.split()
                if words[:2] == ['#', 'online']:
                    self.online.append((int(words[3]), words[2] == '1'))
                elif words[0] != '#' and words[3] == 'claim':
                    self.claims.append(int(words[0]))
        self.ends_at = max(self.claims, default=0)

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


def shuffled(dice, kinds):
    """A deck: so many of each kind."""
    deck = [kind for kind, n in kinds.items() for _ in range(n)]
    dice.shuffle(deck)
    return deck
