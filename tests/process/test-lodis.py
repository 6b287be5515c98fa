#!/usr/bin/env python3
# test-lodis.py - the first version's demo: a queue server, three lines of configuration, and the example
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import collections
import http.client
import os
import re
import signal
import socket
import struct
import time
import unittest

import process

SQUARES = process.example('squares')
LODIS = os.environ['LODIS']
README = os.path.join(os.environ['TOP'], 'README.md')


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


class Lodis(process.Case):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.server = None
        self.start_server()
        self.addCleanup(self.stop_server)

    def start_server(self):
        os.environ.update(LODIS_DB_PATH=self.path('db'), LODIS_IP_PORT='127.0.0.1:%d' % self.port)
        self.server = process.Program(LODIS, cwd=self.folder)
        while True:
            try:
                socket.create_connection(('127.0.0.1', self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.01)

    def stop_server(self):
        self.server.signal(signal.SIGTERM)
        self.server.wait()

    def configure(self, more=''):
        """The file of README.md, with a port of our own."""
        block, = re.findall(r'^```text\n(backend=lodis\n.*?)^```$', open(README, encoding='utf-8').read(), re.M | re.S)
        self.write('server.json', block.replace('8311', str(self.port)) + more)
        os.chmod(self.path('server.json'), 0o600)

    def command(self, name, structure, *arguments):
        body = b''.join(struct.pack('>I', len(part)) + part for part in arguments)
        connection = http.client.HTTPConnection('127.0.0.1', self.port)
        connection.request('POST', '/%s/%s' % (name, structure), body)
        reply = connection.getresponse().read()
        connection.close()
        self.assertEqual(reply[:1], b'\0', reply)
        return reply[1:]

    def run_squares(self):
        return process.run(SQUARES, cwd=self.folder).wait()

    def test_demo(self):
        """Eaten once, and never again: not by the next run, nor after the server has been started anew."""
        self.configure()
        lines = collections.Counter(self.run_squares().splitlines())
        for i in range(10):
            self.assertEqual(lines['power of %d is %d' % (i, i * i)], 2)
        self.assertEqual(self.run_squares(), '')
        self.stop_server()
        self.start_server()
        self.assertEqual(self.run_squares(), '')

    def test_plain(self):
        """What the first version finds: the finished ids, and nothing that waits."""
        self.configure('mode=plain\n')
        self.assertEqual(len(self.run_squares().splitlines()), 40)
        self.assertEqual(self.command('hlen', 'my-tasksA'), struct.pack('>I', 10))
        self.assertEqual(self.command('alen', 'my-tasksA'), struct.pack('>I', 0))
        self.assertEqual(self.run_squares(), '')

    def test_adopted(self):
        """In safe mode a worker takes what the first version has left: tasks, and finished ids."""
        self.command('arpushnx', 'my-tasksA', b'eleven', b'121')
        self.command('hset', 'my-tasksA', b'3', b'')
        self.configure()
        lines = self.run_squares().splitlines()
        self.assertIn('power of eleven is 121', lines)
        self.assertEqual(lines.count('power of 3 is 9'), 1)
        self.assertEqual(self.command('alen', 'my-tasksA'), struct.pack('>I', 0))
        self.assertEqual(self.command('hlen', 'my-tasksA'), struct.pack('>I', 0))

    def test_interrupted(self):
        """SIGINT: an end with status 0, and what was there is there for the next one."""
        self.configure()
        program = process.Program(SQUARES, '--forever', cwd=self.folder)
        program.wait_lines(40)
        program.signal(signal.SIGINT)
        program.wait()
        self.assertEqual(self.run_squares(), '')


if __name__ == '__main__':
    unittest.main(verbosity=2)
