# chaos.py - what processes need among which there is to be chaos: a proxy, ports, an end
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import ctypes
import os
import signal
import socket
import subprocess

# Only something that hangs ever waits this long
PATIENCE = 30

PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def find_ports(n, least=20000, most=32000):
    """Free ones. Those of a cluster have to leave room for a second one 10,000 higher."""
    ports, sockets = [], []
    start = least + os.getpid() * 37 % (most - least)
    for offset in range(most - least):
        port = least + (start - least + offset) % (most - least)
        try:
            for number in (port, port + 10000):
                sockets.append(socket.create_server(('127.0.0.1', number)))
        except OSError:
            continue
        ports.append(port)
        if len(ports) == n:
            break
    for each in sockets:
        each.close()
    return ports


class Proxy:
    """A chaos proxy, of $CHAOS_PROXY; see the top of chaos-proxy.c."""

    def __init__(self, listen, target, seed=1):
        self.child = subprocess.Popen([os.environ['CHAOS_PROXY'], listen, target, str(seed)], text=True, bufsize=1,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self._answer('listening ')

    def _answer(self, expected):
        line = self.child.stdout.readline().rstrip('\n')
        if not line.startswith(expected):
            raise ValueError(line)
        return line[len(expected):]

    def tell(self, command):
        """Its answer; ValueError if it did not obey."""
        self.child.stdin.write(command + '\n')
        return self._answer('ok ')

    def stats(self):
        """How often it did what, by the word."""
        return {name: int(value) for name, value in (pair.split('=') for pair in self.tell('stats').split())}

    def close(self):
        self.child.stdin.close()
        status = self.child.wait(PATIENCE)
        self.child.stdout.close()
        if status != 0:
            raise AssertionError('chaos-proxy ended with %d' % status)
