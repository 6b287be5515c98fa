#!/usr/bin/env python3
# test-redis-faults.py - real workers at real Redis servers, to which everything is done that happens to servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-redis-faults.py WORKER GHOST CHECKER CHAOS-PROXY SHIFTED-CLOCK --scene NAME [--long] [--seed N] [--keep]

Each scene has its own servers and its own judgement. All workers log in as the user of doc/redis.md.
"""

import argparse
import os
import signal
import sys
import threading
import time
import traceback

import redis_server
from redis_server import find_ports
from redis_scene import (DEAD, HEARTBEAT, LEASE, QUEUE, TIMEOUT, Scene, battery, key, now, read_lives, report_outages,
                         shuffled)

FEWEST = 20         # of each effect that is demanded


class Every:
    """Something that is done again and again, beside everything else."""

    def __init__(self, seconds, func):
        self.over = threading.Event()
        self.n = 0

        def run():
            while not self.over.wait(seconds):
                try:
                    func()
                    self.n += 1
                except (OSError, redis_server.Refusal):
                    pass    # the server is away
        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def end(self):
        self.over.set()
        self.thread.join()
        return self.n


# --- storm: one server, everything that can happen to it, to its workers and to what is between them ---

# So many of 100
STORM = {'drop close': 16, 'drop silent': 6, 'cut up': 10, 'cut down': 10, 'close': 10, 'client kill': 10, 'slice': 4,
         'delay': 4, 'freeze': 4, 'outage 0.05': 4, 'outage 1': 1, 'sleep': 3, 'kill worker': 10, 'interrupt': 5,
         'pause': 4, 'kill server': 3, 'long freeze': 1}
LONG_OUTAGES = (10, 45)


class Storm:
    def __init__(self, scene, server, options):
        self.scene, self.server, self.options, self.dice = scene, server, options, scene.dice

    def choose(self):
        """A worker behind a proxy that has lived for a moment."""
        worker = self.scene.workers[self.dice.choice(list(self.scene.proxies))]
        worker.wait_ready()
        return worker, self.scene.proxies[worker.slot]

    def request(self, order):
        """The next exchange of somebody meets its fate; the store has to ask again."""
        worker, proxy = self.choose()
        since = now()
        proxy.tell(order)
        time.sleep(self.dice.uniform(0.05, 0.2))
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

    def at_server(self, kind, *words):
        since = now()
        self.server.ask(*words)
        self.scene.note_outage(kind, since)

    def strike(self, kind):
        scene = self.scene
        if kind.startswith(('drop ', 'cut ')):
            self.request(kind.replace(' ', ' 1 '))
        elif kind == 'close':
            self.disturb('close', 0)
        elif kind == 'slice':
            self.disturb('slice 1 20', 0.3)
        elif kind == 'delay':
            self.disturb('delay 20000 20000 30000', 0.3)
        elif kind == 'freeze':
            self.disturb('freeze', self.dice.uniform(0.1, 1.0))
        elif kind == 'long freeze':
            self.disturb('freeze', 2 * HEARTBEAT + 1, long=True)
        elif kind.startswith('outage '):
            self.outage(float(kind.split()[1]))
        elif kind == 'client kill':
            self.at_server(kind, 'CLIENT', 'KILL', 'TYPE', self.dice.choice(('normal', 'pubsub')), 'SKIPME', 'yes')
        elif kind == 'sleep':
            self.at_server(kind, 'DEBUG', 'SLEEP', '%.2f' % self.dice.uniform(0.1, 2 * TIMEOUT))
        elif kind == 'kill server':
            self.kill_server()
        elif kind == 'pause':
            scene.pause(self.choose()[0], False, LEASE * self.dice.uniform(1.5, 1.9))
        elif kind == 'kill worker':
            worker = self.dice.choice(list(scene.workers.values()))
            worker.wait_ready()
            scene.kill(worker)
            scene.start(worker.slot, *self.options)
        elif kind == 'interrupt':
            worker = self.choose()[0]
            scene.interrupt(worker, self.dice.choice((1, 1, 2)))
            scene.start(worker.slot, *self.options)
        else:
            raise ValueError(kind)


WORKING = ('--concurrency', '6', '--work', '20', '--depth', '80', '--gap', '4')


def play_storm(scene, report, args):
    server = scene.add_server()
    for slot in (1, 2, 3):
        scene.add_proxy(slot, server)
    # through a unix socket whose server dies SIGPIPE is not far
    scene.add_unix(4, server)
    # the checker compares all that was asked for an id
    options = (*WORKING, '--ids', str(max(2000, 15 * args.faults)))
    for slot in scene.configs:
        scene.start(slot, *options)
    for worker in scene.workers.values():
        worker.wait_ready()

    storm = Storm(scene, server, options)
    flushes = Every(1, lambda: server.ask('SCRIPT', 'FLUSH'))
    n_hundreds = args.faults / 100
    kinds = {kind: max(1, round(n * n_hundreds)) for kind, n in STORM.items()}
    for kind in shuffled(scene.dice, kinds) + ['outage %d' % n for n in LONG_OUTAGES if args.long]:
        time.sleep(scene.dice.uniform(0, 0.15))
        storm.strike(kind)
    scene.n_faults += flushes.end()
    scene.drain()
    scene.stop()

    n_faults = scene.n_faults + scene.count_proxy_faults()
    report.at_least('faults', n_faults, args.faults)
    return {'tasks': 200000 if args.long else 10000, 'first claims': 20,
            'effects': {'reaped': FEWEST, 'stale settles': FEWEST, 'repeated': FEWEST, 'again-ends': FEWEST,
                        'dropped ends': FEWEST, 'returns': FEWEST}, 'started': 0.6}


# --- late: what was asked comes again when others have long taken over ---

# Longer than what is left of a lease: others are still at work on it when its first owner comes back
SLOW = ('--concurrency', '16', '--work', '6000', '--depth', '30', '--gap', '4', '--deaf', '0')


def play_late(scene, report, args):
    """The reply of a claim is lost, and then nothing passes until the lease is over: others have got the tasks when it
    is asked for again. And whoever was held up goes on with what is not his any more."""
    server = scene.add_server()
    for slot in (1, 2, 3):
        scene.add_proxy(slot, server)
        scene.start(slot, *SLOW)
    for worker in scene.workers.values():
        worker.wait_ready()
    for i in range(30 if args.long else 4):
        time.sleep(0.3)
        slot = 1 + i % 3
        proxy = scene.proxies[slot]
        since, n_before = now(), proxy.stats()['drop-silent']
        proxy.tell('drop 1 silent')
        battery.wait_for('an exchange', lambda proxy=proxy, n=n_before: proxy.stats()['drop-silent'] > n)
        proxy.tell('freeze')
        time.sleep(LEASE * scene.dice.uniform(1.2, 1.8))
        proxy.tell('heal')
        scene.note_outage('late', since, slot, long=True)
    scene.drain()
    scene.stop()
    return {'tasks': 100, 'first claims': 3, 'effects': {'reaped': FEWEST, 'stale settles': FEWEST}}


# --- killer: a task that kills whoever runs it, until it has done so three times ---

MAX_CRASHES = 3
KILLER = 'w1.1-100'
KILLER_TIME = 25    # s: three leases, and some


def play_killer(scene, report, args):
    server = scene.add_server()
    options = ('--concurrency', '4', '--work', '10', '--depth', '0', '--plain', '--max-crashes', str(MAX_CRASHES),
               '--killer', KILLER)
    for slot in (1, 2):
        scene.add_straight(slot, server)
        scene.start(slot, *options, '--add', '500' if slot == 1 else '0')
    scene.tell('-', 'heal', 'lease=%d' % (KILLER_TIME * 1000000))
    end = time.monotonic() + KILLER_TIME
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
    report.point(scene.read_states()[0] == {KILLER: DEAD}, 'nobody else is dead')
    return {'tasks': 500}


# --- memory: the limit is reached, and not raised ---

def count_errors(server, word):
    """How often it has answered so."""
    text = server.info('errorstats', 'errorstat_' + word)
    return int(text.split('=')[1]) if text else 0


def play_memory(scene, report, args):
    """The limit is little more than what an empty server needs, so that it stands to the end."""
    server = scene.add_server()
    limit = int(server.info('memory', 'used_memory')) + 500000
    scene.add_straight(1, server)
    scene.add_straight(2, server)
    options = ('--concurrency', '8', '--work', '8', '--depth', '20', '--plain')
    scene.start(1, *options, '--add', '10200').wait_ready()
    server.ask('CONFIG', 'SET', 'maxmemory', limit)
    scene.n_faults += 1
    running = server.ask('HLEN', key('runs'))
    waiting = server.ask('ZCARD', key('waiting'))
    scene.start(2, *options, '--add', '100').wait_ready()
    report.note('the limit is reached with %d waiting, %d running' % (waiting, running))
    scene.drain()
    scene.stop()
    report.point(waiting >= 9000 and running >= 8, '%d waited and %d ran at the limit' % (waiting, running))
    report.at_least('refused adds', count_errors(server, 'OOM'), 50)
    return {'tasks': 10000, 'none of': ('reaped', 'stale settles')}


# --- clock: the server's jumps by an hour ---

def play_clock(scene, report, args):
    server = scene.add_server(fake=True)
    for slot in (1, 2):
        scene.add_straight(slot, server)
        scene.start(slot, '--concurrency', '8', '--work', '600', '--depth', '0', '--plain', '--deaf', '0', '--lease',
                    '10', '--add', '400' if slot == 1 else '0')
    scene.workers[1].wait_ready()
    offsets = []
    for offset in (3600, 0, -3600, 0, 3600, -3600, 3600, 0):
        time.sleep(0.7)
        server.set_clock(offset)
        scene.tell('-', 'jump')
        scene.n_faults += 1
        time.sleep(0.05)
        offsets.append(int(server.ask('TIME')[0]) - time.time())
    scene.drain()
    scene.stop()
    report.point(max(offsets) > 3500 and min(offsets) < -3500,
                 'the server took the clock for right: %d to %d s' % (min(offsets), max(offsets)))
    return {'tasks': 400, 'none of': ('reaped', 'stale settles')}


# --- flips: the primary becomes the replica and the replica the primary ---

def hold_writes(primary, replica):
    """No writes on the primary until the replica has all there is; what was answered is not lost then."""
    primary.ask('CLIENT', 'PAUSE', '10000', 'WRITE')
    end = time.monotonic() + redis_server.PATIENCE
    while True:
        offset = int(primary.info('replication', 'master_repl_offset'))
        if replica.info('replication', 'master_link_status') == 'up' \
                and int(replica.info('replication', 'slave_repl_offset')) >= offset:
            return
        assert time.monotonic() < end, '%s never has all of %s: %s' % (
            replica.name, primary.name, replica.ask('INFO', 'replication').decode())
        time.sleep(0.01)


def has_role(server, role):
    """Whoever changes it throws his clients out."""
    try:
        return server.info('replication', 'role') == role
    except (OSError, redis_server.Refusal):
        return False


def wait_in_sync(replica, primary):
    battery.wait_for('the replica', lambda: replica.info('replication', 'master_link_status') == 'up'
                     and replica.info('replication', 'master_port') == str(primary.port))


def flip(scene, primary, replica):
    """The workers are told late: first they meet a primary that takes no writes, then one that has become another."""
    wait_in_sync(replica, primary)
    since = now()
    hold_writes(primary, replica)
    replica.ask('REPLICAOF', 'NO', 'ONE')
    primary.ask('REPLICAOF', '127.0.0.1', replica.port)
    primary.ask('CLIENT', 'UNPAUSE')
    time.sleep(scene.dice.uniform(0, 1))
    for proxy in scene.proxies.values():
        proxy.tell('target 127.0.0.1:%d' % replica.port)
        proxy.tell('close')
    scene.reader = replica
    scene.note_outage('flip', since)


def play_flips(scene, report, args):
    primary = scene.add_server()
    replica = scene.add_server('replicaof 127.0.0.1 %d' % primary.port)
    for slot in (1, 2, 3):
        scene.add_proxy(slot, primary)
        scene.start(slot, *WORKING)
    for worker in scene.workers.values():
        worker.wait_ready()
    for _ in range(40 if args.long else 6):
        time.sleep(scene.dice.uniform(0.3, 1))
        flip(scene, primary, replica)
        primary, replica = replica, primary
    refused = sum(count_errors(server, 'READONLY') for server in (primary, replica))
    scene.drain()
    scene.stop()
    report.at_least('times that somebody met READONLY', refused, 1)
    return {'tasks': 300, 'first claims': 10}


# --- sentinel: the sentinels choose another primary ---

# A primary that is only slow on a busy machine must not be given up: then something is lost
def sentinel_lines(name, primary):
    return ['sentinel monitor %s 127.0.0.1 %d 2' % (name, primary.port),
            'sentinel down-after-milliseconds %s 2000' % name,
            'sentinel failover-timeout %s 3000' % name]


def find_primary(sentinel, servers):
    _, port = sentinel.ask('SENTINEL', 'get-master-addr-by-name', 'tasks')
    return next(server for server in servers if server.port == int(port))


def knows_all(sentinel):
    """Two other sentinels, two replicas that are up."""
    fields = sentinel.ask('SENTINEL', 'MASTER', 'tasks')
    master = dict(zip(fields[::2], fields[1::2]))
    replicas = [dict(zip(fields[::2], fields[1::2])) for fields in sentinel.ask('SENTINEL', 'REPLICAS', 'tasks')]
    return (master[b'num-other-sentinels'] == b'2' and master[b'flags'] == b'master' and len(replicas) == 2
            and all(replica[b'flags'] == b'slave' and int(replica[b'info-refresh']) < 20000 for replica in replicas))


def follow(server, primary):
    """The sentinels would see to it in ten seconds or so."""
    try:
        server.ask('REPLICAOF', '127.0.0.1', primary.port)
    except (OSError, redis_server.Refusal):
        return False
    return True


def fail_over(scene, sentinels, servers, by_force):
    """With `by_force` the primary is killed, when its replicas have all; else the sentinels are asked to."""
    primary = find_primary(sentinels[0], servers)
    replicas = [server for server in servers if server is not primary]
    for replica in replicas:
        wait_in_sync(replica, primary)
    battery.wait_for('the sentinels to know all', lambda: all(knows_all(sentinel) for sentinel in sentinels))
    since = now()
    for replica in replicas:
        hold_writes(primary, replica)
    if by_force:
        primary.kill()
    else:
        sentinels[0].ask('SENTINEL', 'FAILOVER', 'tasks')
    new = battery.wait_for('a failover', lambda: (found := find_primary(sentinels[0], servers)) is not primary
                           and has_role(found, 'master') and found)
    scene.reader = new
    scene.note_outage('failover', since)
    if by_force:
        primary.start()
    else:
        # as the sentinels would do eight seconds later. A replica whose writes are held takes none from its primary
        # either, and its sentinels' PUBLISH hangs
        primary.ask('REPLICAOF', '127.0.0.1', new.port)
        primary.ask('CLIENT', 'UNPAUSE')
    for server in servers:
        if server is not new:
            battery.wait_for('%s to follow' % server.name, lambda server=server: follow(server, new))


def play_sentinel(scene, report, args):
    primary = scene.add_server()
    servers = [primary] + [scene.add_server('replicaof 127.0.0.1 %d' % primary.port) for _ in range(2)]
    for replica in servers[1:]:
        wait_in_sync(replica, primary)   # else the sentinels would hear of it ten seconds later
    sentinels = [scene.add_server(*sentinel_lines('tasks', primary), sentinel=True) for _ in range(3)]
    hosts = ','.join('127.0.0.1:%d' % sentinel.port for sentinel in sentinels)
    for slot in (1, 2, 3):
        scene.configs[slot] = ('redis+sentinel://chihuo:%s@%s/tasks/0?timeout=%g'
                               % (redis_server.PASSWORD, hosts, TIMEOUT))
        scene.start(slot, *WORKING)
    for worker in scene.workers.values():
        worker.wait_ready()
    for i in range(10 if args.long else 2):
        time.sleep(scene.dice.uniform(0.5, 1))
        fail_over(scene, sentinels, servers, by_force=i % 2 == 0)
    scene.drain()
    scene.stop()
    return {'tasks': 300, 'first claims': 3}


# --- cluster: the queue's slot moves to another node ---

def make_cluster(scene):
    nodes = []
    for port in find_ports(3):
        nodes.append(redis_server.Server(scene.folder, 'node-%d' % port, port, 'cluster-enabled yes',
                                         'cluster-node-timeout 2000'))
    scene.servers += nodes
    for i, node in enumerate(nodes):
        node.ask('CLUSTER', 'ADDSLOTSRANGE', 16384 * i // 3, 16384 * (i + 1) // 3 - 1)
        node.ask('CLUSTER', 'MEET', '127.0.0.1', nodes[0].port)
    battery.wait_for('the cluster', lambda: all(b'cluster_state:ok' in node.ask('CLUSTER', 'INFO')
                                                and b'cluster_known_nodes:3' in node.ask('CLUSTER', 'INFO')
                                                for node in nodes))
    return nodes


def move_slot(scene, nodes, slot, source, target):
    """As redis-cli does it, key by key, while everybody goes on."""
    since = now()
    ids = {node: node.ask('CLUSTER', 'MYID').decode() for node in (source, target)}
    target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[source])
    source.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[target])
    while keys := source.ask('CLUSTER', 'GETKEYSINSLOT', slot, 3):
        try:
            source.ask('MIGRATE', '127.0.0.1', target.port, '', 0, 5000, 'KEYS', *keys)
        except redis_server.Refusal as refusal:
            if 'NOKEY' not in str(refusal):
                raise
        time.sleep(scene.dice.uniform(0, 0.05))
    for node in [target, source] + [node for node in nodes if node not in (source, target)]:
        node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', ids[target])
    scene.reader = target
    scene.note_outage('a moved slot', since)


def play_cluster(scene, report, args):
    nodes = make_cluster(scene)
    slot = nodes[0].ask('CLUSTER', 'KEYSLOT', key('queue'))
    source = next(node for i, node in enumerate(nodes) if 16384 * i // 3 <= slot < 16384 * (i + 1) // 3)
    scene.reader = source
    for at in (1, 2, 3):
        scene.add_straight(at, nodes[at - 1])
        scene.start(at, *WORKING)
    for worker in scene.workers.values():
        worker.wait_ready()
    for _ in range(40 if args.long else 6):
        time.sleep(scene.dice.uniform(0.3, 0.8))
        target = scene.dice.choice([node for node in nodes if node is not source])
        move_slot(scene, nodes, slot, source, target)
        source = target
    met = {word: sum(count_errors(node, word) for node in nodes) for word in ('MOVED', 'ASK', 'TRYAGAIN')}
    scene.drain()
    scene.stop()
    for word, n in met.items():
        report.at_least('times that somebody met ' + word, n, 1)
    return {'tasks': 300, 'first claims': 6}


# --- reconnects: a thousand connections later a process is what it was ---

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


GROWTH = 1 << 20    # bytes that a thousand reconnects may add to a process


def play_reconnects(scene, report, args):
    server = scene.add_server()
    proxy = scene.add_proxy(1, server)
    worker = scene.start(1, '--concurrency', '2', '--work', '5', '--depth', '10', '--ids', '50')
    worker.wait_ready()
    since = now()
    reconnect(scene, proxy, 200)
    before = measure_process(worker)
    reconnect(scene, proxy, 1000)
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


SCENES = {'storm': play_storm, 'late': play_late, 'killer': play_killer, 'memory': play_memory,
          'clock': play_clock, 'flips': play_flips,
          'sentinel': play_sentinel, 'cluster': play_cluster, 'reconnects': play_reconnects}


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


def judge(scene, report, wanted):
    effects = battery.Effects(scene.files())
    scene.tell_final(effects.ids)
    report.verdict(*scene.judge())
    scene.check_keys()
    report.point(True, 'each task stands in one place')
    report_effects(report, scene, effects, wanted)


def run(name, report, args):
    begin = time.monotonic()
    scene = Scene(battery.programs_of(args), args.seed, keep=args.keep)
    try:
        wanted = SCENES[name](scene, report, args)
        report.note('%s: seed %d, %.1f s' % (name, args.seed, time.monotonic() - begin))
        judge(scene, report, wanted)
    except Exception:   # whatever it was, it is told, and all is ended
        report.point(False, '%s: seed %d, after %d faults' % (name, args.seed, scene.n_faults))
        for line in traceback.format_exc().splitlines():
            report.note(line)
    finally:
        scene.close()


def main():
    parser = argparse.ArgumentParser()
    battery.add_arguments(parser)
    parser.add_argument('proxy')
    parser.add_argument('clock')
    parser.add_argument('--scene', action='append', choices=list(SCENES), help='all, if none is given')
    parser.add_argument('--long', action='store_true', help='2,000 faults and 200,000 tasks; outages of 10 and 45 s')
    parser.add_argument('--faults', type=int, help='so many in the storm')
    parser.add_argument('--instrumented', action='store_true', help='a sanitizer: its memory tells nothing')
    args = parser.parse_args()
    args.faults = args.faults or (2000 if args.long else 150)
    os.environ['CHAOS_PROXY'] = os.path.abspath(args.proxy)
    os.environ['SHIFTED_CLOCK_LIBRARY'] = os.path.abspath(args.clock)
    report = battery.Report()
    if not redis_server.is_there():
        print('1..0 # SKIP redis-server is missing')
        return 0
    for name in args.scene or SCENES:
        run(name, report, args)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
