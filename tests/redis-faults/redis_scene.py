# redis_scene.py - workers at real Redis servers
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What the servers hold is read with plain commands."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'chaos'))

import chaos_scene                                          # noqa: E402
from battery import DEAD, DELAYED, QUEUE, RUNNING, WAITING  # noqa: E402
from chaos import find_ports                                # noqa: E402
from chaos_scene import TIMEOUT                             # noqa: E402
from redis_server import PASSWORD, Server                   # noqa: E402


def key(name):
    return '{chihuo:%s}:%s' % (QUEUE, name)


class Scene(chaos_scene.Scene):
    """Workers at Redis servers."""

    def __init__(self, *args, **how):
        super().__init__(*args, **how)
        self.reader = None      # the server whose keys are read

    def add_server(self, *lines, **how):
        server = Server(self.folder, 'server-%d' % (len(self.servers) + 1), find_ports(1)[0], *lines, **how)
        self.servers.append(server)
        self.reader = self.reader or server
        return server

    def url_of(self, port, more=''):
        return 'redis://chihuo:%s@127.0.0.1:%d?timeout=%g%s' % (PASSWORD, port, TIMEOUT, more)

    def add_unix(self, slot, server):
        self.configs[slot] = 'redis+unix://chihuo:%s@%s?timeout=%g' % (PASSWORD, server.path, TIMEOUT)

    def read_states(self):
        client = self.reader.client()
        try:
            fields = client.call('HGETALL', key('tasks'))
            states = {id.decode(): value[0] for id, value in zip(fields[::2], fields[1::2])}
            states |= {id.decode(): RUNNING for id in client.call('HKEYS', key('runs'))}
            return states, {id.decode() for id in client.call('HKEYS', key('finished'))}
        finally:
            client.close()

    def check_places(self):
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
