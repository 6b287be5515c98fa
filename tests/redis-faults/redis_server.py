# redis_server.py - private Redis servers, and a client to talk to them
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'chaos'))

from chaos import die_with_parent       # noqa: E402

PATIENCE = 30       # only what hangs ever waits so long, in seconds
PASSWORD = 'open-sesame'
PROGRAM = os.environ.get('CHIHUO_REDIS_SERVER', 'redis-server')



def read_rights():
    """What doc/redis.md tells people to write into their redis.conf: on a server, in a cluster, below sentinels."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'doc', 'redis.md')
    with open(page, encoding='utf-8') as file:
        return re.search(r'^user chihuo on >PASSWORD (~.*)$', file.read(), re.M).group(1)


def is_there():
    return shutil.which(PROGRAM) is not None


class Refusal(Exception):
    """An error reply."""


class Client:
    """One connection, one command at a time."""

    def __init__(self, address, timeout=PATIENCE):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
        self.file = self.socket.makefile('rb')

    def call(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b'*%d\r\n' % len(words) + b''.join(b'$%d\r\n%s\r\n' % (len(word), word) for word in words))
        return self._read()

    def _read(self):
        line = self.file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('the server is gone')
        kind, rest = line[:1], line[1:-2]
        if kind == b'-':
            raise Refusal(rest.decode())
        if kind == b':':
            return int(rest)
        if kind == b'+':
            return rest.decode()
        length = int(rest)
        if length < 0:
            return None
        if kind == b'$':
            return self.file.read(length + 2)[:-2]
        return [self._read() for _ in range(length)]

    def close(self):
        self.file.close()
        self.socket.close()


class Server:
    """A redis-server, or with `sentinel` a sentinel, with a folder of its own that outlives its deaths."""

    def __init__(self, folder, name, port, *lines, sentinel=False, fake=False):
        self.folder = os.path.join(folder, name)
        self.name = name
        self.port = port
        self.sentinel = sentinel
        self.path = os.path.join(self.folder, 'socket')
        self.clock = os.path.join(self.folder, 'clock') if fake else None
        self.child = None
        os.mkdir(self.folder)
        self.conf = os.path.join(self.folder, 'redis.conf')
        with open(self.conf, 'w', encoding='utf-8') as file:
            file.write('\n'.join(self._lines() + list(lines)) + '\n')
        self.start()

    def _lines(self):
        lines = ['port %d' % self.port, 'bind 127.0.0.1', 'dir %s' % self.folder, 'logfile %s/log' % self.folder]
        if not self.sentinel:
            lines += ['unixsocket %s' % self.path, 'save ""', 'appendonly yes', 'appendfsync always',
                      'enable-debug-command yes', 'maxmemory-policy noeviction', 'repl-diskless-sync-delay 0',
                      'repl-backlog-size 64mb', 'user chihuo on >%s %s' % (PASSWORD, read_rights())]
        return lines

    def start(self):
        environment = dict(os.environ)
        if self.clock is not None:
            self.set_clock(0)
            environment |= {'LD_PRELOAD': os.environ['SHIFTED_CLOCK_LIBRARY'], 'SHIFTED_CLOCK': self.clock}
        command = [PROGRAM, self.conf] + (['--sentinel'] if self.sentinel else [])
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment,
                                      preexec_fn=die_with_parent)
        self.wait_ready()

    def client(self):
        return Client(('127.0.0.1', self.port))

    def ask(self, *words):
        client = self.client()
        try:
            return client.call(*words)
        finally:
            client.close()

    def info(self, section, key):
        text = self.ask('INFO', section).decode()
        return dict(line.split(':', 1) for line in text.splitlines() if ':' in line).get(key)

    def wait_ready(self):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.ask('PING') == 'PONG':
                    return
            except (OSError, Refusal):
                pass
            assert self.child.poll() is None, '%s ended with %s' % (self.name, self.child.returncode)
            assert time.monotonic() < end, '%s does not answer' % self.name
            time.sleep(0.005)

    def set_clock(self, seconds):
        """How far it is from the right time; see shifted-clock.c."""
        fd = os.open(self.clock, os.O_WRONLY | os.O_CREAT, 0o600)
        os.pwrite(fd, struct.pack('=q', seconds), 0)
        os.close(fd)

    def kill(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
