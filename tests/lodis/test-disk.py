#!/usr/bin/env python3
# test-disk.py - a full disk: what was answered is there, what was refused is told, and it goes on when there is room
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import time

from lodis import LODIS, PATIENCE, TSAN_OPTIONS, Client, Refused, frame, main, note

VALUE = 10000

# A shell among mounts of its own: nobody else sees the small disk, and it is gone with the shell
SHELL = '''
mount -t tmpfs -o size=12m tmpfs "$1" && echo mounted
while read word; do
  case $word in
    start) "$2" --db-path "$1/db" --listen 127.0.0.1:0 --sync=always 2>&1 & echo pid $!;;
    fill) head -c 12m /dev/zero > "$1/filler" 2> /dev/null; echo filled;;
    grow) mount -o remount,size=64m tmpfs "$1" && echo grown;;
    wait) wait $!; echo ended $?;;
  esac
done
'''


class Disk:
    """A disk of 12 MiB, and a server on it."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='lodis-')
        alone = ['unshare', *([] if os.geteuid() == 0 else ['-r']), '-m']
        self.shell = subprocess.Popen([*alone, 'sh', '-c', SHELL, 'sh', self.folder, LODIS], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env=os.environ | {'TSAN_OPTIONS': TSAN_OPTIONS})
        self.pid = None
        self.said = b''
        self.hear('mounted')
        return self

    def __exit__(self, *_):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
        self.shell.stdin.close()
        self.shell.wait(PATIENCE)
        self.shell.stdout.close()
        shutil.rmtree(self.folder)

    def hear(self, pattern):
        """Waits for a line that has that in it; the line is taken away."""
        end = time.monotonic() + PATIENCE
        while True:
            for line in self.said.splitlines(True):
                found = re.search(pattern.encode(), line)
                if found and line.endswith(b'\n'):
                    self.said = self.said.replace(line, b'', 1)
                    return found
            ready, _, _ = select.select([self.shell.stdout], [], [], end - time.monotonic())
            more = os.read(self.shell.stdout.fileno(), 65536) if ready else b''
            assert more, (pattern, self.said)
            self.said += more

    def tell(self, word, pattern):
        self.shell.stdin.write(word.encode() + b'\n')
        self.shell.stdin.flush()
        return self.hear(pattern)

    def start(self):
        self.pid = int(self.tell('start', r'^pid (\d+)').group(1))
        self.port = int(self.hear(r'listening on 127\.0\.0\.1:(\d+),').group(1))
        return Client(self.port)

    def end(self, number, status):
        os.kill(self.pid, number)
        self.pid = None
        self.tell('wait', 'ended %d' % status)


def value_of(i):
    return b'%d:' % i + b'x' * VALUE


def fill(client):
    """Writes until it is refused; how many were not."""
    for i in range(5000):
        try:
            client.call('hset', 'm', b'%d' % i, value_of(i))
        except Refused as refused:
            assert refused.digit == '2' and 'No space left' in str(refused), refused
            return i
    raise AssertionError('the disk is not full')


def is_refused(client, command, *arguments):
    try:
        client.call(command, *arguments)
    except Refused as refused:
        return refused.digit == '2'
    return False


def check(client, n, others):
    """All that was answered is there, whole; of what was refused nothing, or all of it."""
    for i in range(n):
        assert client.call('hget', 'm', b'%d' % i) == value_of(i), i
    there = [other for other in others if client.call('hexists', 'm', other) == b'\1']
    for other in there:
        assert client.call('hget', 'm', other) == value_of(int(other)), other
    assert struct.unpack('>I', client.call('hlen', 'm'))[0] == n + len(there), there
    return len(there)


def write_when_it_goes(client):
    """Waits until there is room again; how long that took."""
    start = time.monotonic()
    while is_refused(client, 'hset', 'after', b'f', b'v'):
        assert time.monotonic() < start + PATIENCE, 'it never goes on'
        time.sleep(0.05)
    return time.monotonic() - start


def start_in_vain(disk):
    disk.tell('start', r'^pid (\d+)')
    disk.hear('^lodis: .*/db: No space left on device: .* KiB are needed for a start')
    disk.tell('wait', 'ended 73')
    assert disk.said == b'', disk.said


def test_full():
    """Reads go on, writes are refused, the server stays; with room it goes on by itself."""
    with Disk() as disk:
        client = disk.start()
        clock = client.call('txn', '-', b'=', b't', b'f', b'v')
        assert clock[0] == 1
        n = fill(client)
        assert n > 100, n
        assert is_refused(client, 'hset', 'm', b'%d' % n, value_of(n))
        assert is_refused(client, 'arpushnx', 'a', b'k', b'v')
        assert is_refused(client, 'txn', '-', b'?', b't', b'f', b'v', b'=', b't', b'f', b'w')
        assert client.call('txn', '-', b'@', b't', b'f')[17:] == b'\1' + frame(b'v')
        time.sleep(2.5)     # it looks after its clock twice
        other = Client(disk.port)
        assert is_refused(other, 'rpush', 'l', b'x') and other.call('llen', 'l') == b'\0\0\0\0'
        assert check(other, n, [b'%d' % n]) == 0
        assert other.call('txn', '-', b'@', b't', b'f')[1:17] > clock[1:17]

        disk.tell('grow', 'grown')
        note('%d values, goes on after %.1f s' % (n, write_when_it_goes(client)))
        assert check(client, n, [b'%d' % n]) == 0
        client.call('hset', 'm', b'%d' % n, value_of(n))
        disk.end(signal.SIGTERM, 0)
        client = disk.start()
        check(client, n + 1, [])
        assert client.call('hget', 'after', b'f') == b'v'


def test_killed_while_full():
    """What the log ends with is cut off; a server that is started when there is room goes on."""
    with Disk() as disk:
        n = fill(disk.start())
        disk.end(signal.SIGKILL, 128 + signal.SIGKILL)
        start_in_vain(disk)
        disk.tell('grow', 'grown')
        client = disk.start()
        check(client, n, [b'%d' % n])
        assert write_when_it_goes(client) < PATIENCE
        disk.end(signal.SIGTERM, 0)


def test_full_at_start():
    """One line and 73, and no harm done."""
    with Disk() as disk:
        client = disk.start()
        client.call('hset', 'm', b'0', value_of(0))
        disk.end(signal.SIGTERM, 0)
        disk.tell('fill', 'filled')
        start_in_vain(disk)
        disk.tell('grow', 'grown')
        check(disk.start(), 1, [])


if __name__ == '__main__':
    main(globals())
