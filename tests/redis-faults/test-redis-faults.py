#!/usr/bin/env python3
# test-redis-faults.py - real workers at real Redis servers, to which everything is done that happens to servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-redis-faults.py WORKER GHOST CHECKER CHAOS-PROXY SHIFTED-CLOCK --scene NAME [--long] [--seed N] [--keep]

Each scene has its own servers and its own judgement. All workers log in as the user of doc/redis.md.
"""

import os
import sys
import time

import redis_server
from redis_scene import Scene, key
from chaos import find_ports
from chaos_play import (WORKING, Every, Storm, battery, end_storm, make_parser, now, play_all, play_killer, play_late,
                        play_reconnects, start_all)
from chaos_scene import TIMEOUT

# So many of 100
STORM = {'drop close': 40, 'drop silent': 10, 'cut up': 10, 'cut down': 10, 'close': 10, 'client kill': 10, 'slice': 4,
         'delay': 4, 'freeze': 4, 'outage 0.05': 4, 'outage 1': 1, 'sleep': 3, 'kill worker': 10, 'interrupt': 5,
         'pause': 4, 'kill server': 3, 'long freeze': 1}
LONG_OUTAGES = (10, 45)

# More is added than they can do, so that each claim gets something: one whose reply is lost is what shall come again
BUSY = ('--concurrency', '8', '--work', '80', '--depth', '80', '--gap', '4')


class RedisStorm(Storm):
    def at_server(self, kind, *words):
        since = now()
        self.server.ask(*words)
        self.scene.note_outage(kind, since)

    def strike(self, kind):
        if kind == 'client kill':
            self.at_server(kind, 'CLIENT', 'KILL', 'TYPE', self.dice.choice(('normal', 'pubsub')), 'SKIPME', 'yes')
        elif kind == 'sleep':
            self.at_server(kind, 'DEBUG', 'SLEEP', '%.2f' % self.dice.uniform(0.1, 2 * TIMEOUT))
        else:
            super().strike(kind)


def play_storm(scene, report, args):
    server = scene.add_server()
    for slot in (1, 2, 3):
        scene.add_proxy(slot, server)
    # through a unix socket whose server dies SIGPIPE is not far
    scene.add_unix(4, server)
    # the checker compares all that was asked for an id
    options = (*BUSY, '--ids', str(max(2000, 15 * args.faults)))
    start_all(scene, *options)

    storm = RedisStorm(scene, server, options, args.faults)
    flushes = Every(1, lambda: server.ask('SCRIPT', 'FLUSH'), OSError, redis_server.Refusal)
    storm.rage(STORM, ['outage %d' % n for n in LONG_OUTAGES if args.long])
    scene.n_faults += flushes.end()
    return end_storm(storm, report, 200000 if args.long else 10000)


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


SCENES = {'storm': play_storm, 'late': play_late, 'killer': play_killer, 'memory': play_memory,
          'clock': play_clock, 'flips': play_flips,
          'sentinel': play_sentinel, 'cluster': play_cluster, 'reconnects': play_reconnects}


def main():
    parser = make_parser(SCENES)
    parser.add_argument('clock')
    args = parser.parse_args()
    os.environ['SHIFTED_CLOCK_LIBRARY'] = os.path.abspath(args.clock)
    if not redis_server.is_there():
        print('1..0 # SKIP redis-server is missing')
        return 0
    return play_all(SCENES, Scene, args, 150)


if __name__ == '__main__':
    sys.exit(main())
