# lodis_scene.py - workers at a real Lodis
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the server holds is read over a plain socket, and taken apart without the library: chihuo-lodis-space.c and
chihuo-record-codec.c say how it is stored.
"""

import collections
import os
import signal
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', folder) for folder in ('chaos', 'lodis')]

import chaos_scene                                          # noqa: E402
import lodis                                                # noqa: E402
from battery import DEAD, DELAYED, QUEUE, RUNNING, STATES, WAITING      # noqa: E402
from chaos import die_with_parent, find_ports               # noqa: E402
from chaos_scene import LEASE, TIMEOUT                      # noqa: E402

TASKS = 'chihuo:%s' % QUEUE
INDEX = 'chihuo:%s:index' % QUEUE
REAP_INTERVAL = 5       # s: so often a worker looks for the dead

# What the first character of an index says
KINDS = {'w': WAITING, 's': WAITING, 'd': DELAYED, 'r': RUNNING, 'x': DEAD}

Task = collections.namedtuple('Task', 'id state place priority failures crashes abandoned')


VERSION = 2
IS_ABANDONED = 2


def parse_record(id, data):
    """The numbers that a record begins with."""
    version, priority, state, _, flags, place, _, _, _, _, failures, crashes = struct.unpack_from('<BbBBBqqQ4I', data)
    assert version == VERSION, '%s: a record of format %d' % (id, version)
    return Task(id, state, place, priority, failures, crashes, bool(flags & IS_ABANDONED))


def parse_counts(data):
    """How many tasks of a queue wait, are delayed, run, are dead, and how many ids are finished."""
    return struct.unpack_from('<5Q', data, 40)


def parse_pairs(data):
    """Field and value, each behind its length."""
    parts, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 4], 'big')
        parts.append(data[at + 4:at + 4 + length])
        at += 4 + length
    assert at == len(data) and len(parts) % 2 == 0, 'the answer ends in the middle'
    return dict(zip(parts[::2], parts[1::2]))


class Server:
    """A Lodis with a folder and a port of its own, which outlive its deaths. It is told to be durable."""

    def __init__(self, folder, name):
        self.path = os.path.join(folder, name)
        self.port = find_ports(1)[0]
        self.process = None
        self.start()

    def start(self):
        self.process = lodis.Server(self.path, '--sync=always', program=os.environ['LODIS'], port=self.port,
                                    preexec_fn=die_with_parent)

    def client(self):
        return lodis.Client(self.port)

    def call(self, command, name, *arguments):
        client = self.client()
        try:
            return client.call(command, name, *arguments)
        finally:
            client.close()

    def kill(self):
        if self.process is not None:
            self.process.kill()
        self.process = None

    def stop_for(self, seconds):
        """It stands still, and nobody is told."""
        pid = self.process.popen.pid
        os.kill(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)


class Scene(chaos_scene.Scene):
    """Workers in safe mode."""

    least = 1500        # what is smaller reads only, or writes little
    n_late = 3
    n_reconnects = 300
    silence = LEASE + REAP_INTERVAL

    def add_server(self):
        self.servers.append(Server(self.folder, 'server-%d' % (len(self.servers) + 1)))
        return self.servers[-1]

    def url_of(self, port, more=''):
        return 'lodis://127.0.0.1:%d?mode=safe&timeout=%g%s' % (port, TIMEOUT, more)

    # --- what the server holds ---

    def read_map(self):
        """All of the queue: key → index and value. The version is neither."""
        fields = parse_pairs(self.servers[0].call('hgetall', TASKS))
        fields.pop(b'v', None)
        return {key.decode(): tuple(stored.split(b'\0', 1)) for key, stored in fields.items()}

    def read_tasks(self):
        """In the order of the queue."""
        tasks = [parse_record(key[1:], value) for key, (_, value) in self.read_map().items() if key[0] == 't']
        return sorted(tasks, key=lambda task: (task.priority, task.place))

    def read_states(self):
        fields = self.read_map()
        return ({key[1:]: KINDS[index[:1].decode()] for key, (index, _) in fields.items() if key[0] == 't'},
                {key[1:] for key in fields if key[0] == 'f'})

    def is_drained(self):
        """By what is counted, in one request: whoever looks at one state after the other may miss a task that is on its
        way from one to the next."""
        stored = self.servers[0].call('hget', TASKS, b'q')
        return not stored or not any(parse_counts(stored.split(b'\0', 1)[1])[:3])

    def check_maps(self):
        """Index and records lead to each other, each record says what its index says, and what is counted is what
        there is."""
        fields = self.read_map()
        index = parse_pairs(self.servers[0].call('hgetall', INDEX))
        assert index == {at: key.encode() for key, (at, _) in fields.items() if at}, 'the index is that of other tasks'
        tasks = [(parse_record(key[1:], value), KINDS[at[:1].decode()])
                 for key, (at, value) in fields.items() if key[0] == 't']
        for task, state in tasks:
            assert task.state == state, '%s is %s and stands where what is %s stands' % (
                task.id, STATES[task.state], STATES[state])
        marks = [sum(key[0] == kind for key in fields) for kind in 'fg']
        counted = parse_counts(fields['q'][1])
        there = tuple(sum(state == each for _, state in tasks) for each in (WAITING, DELAYED, RUNNING, DEAD))
        assert counted == (*there, marks[0]) and marks[0] == marks[1], 'counted %s, there are %s and the marks %s' % (
            counted, there, marks)

    def check_places(self):
        """And a last kill changes nothing."""
        self.check_maps()
        before = self.read_map()
        self.servers[0].kill()
        self.servers[0].start()
        assert self.read_map() == before, 'a killed server has other tasks'
        self.check_maps()
