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
WORKER = os.environ['WORKER']
README = os.path.join(os.environ['TOP'], 'README.md')


def readme_block(language):
    """What README.md shows in its section of the queue server."""
    with open(README, encoding='utf-8') as file:
        section = file.read().split('\n## With a queue server\n')[1].split('\n## ')[0]
    block, = re.findall(r'^```%s\n(.*?)^```$' % language, section, re.M | re.S)
    return block


def command(port, name, structure, *arguments):
    body = b''.join(struct.pack('>I', len(part)) + part for part in arguments)
    connection = http.client.HTTPConnection('127.0.0.1', port)
    connection.request('POST', '/%s/%s' % (name, structure), body)
    reply = connection.getresponse().read()
    connection.close()
    assert reply[:1] == b'\0', reply
    return reply[1:]


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as server:
        return server.getsockname()[1]


def wait_for_port(port):
    end = time.monotonic() + process.PATIENCE
    while time.monotonic() < end:
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError('nobody listens on port %d' % port)


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
        wait_for_port(self.port)

    def stop_server(self):
        self.server.signal(signal.SIGTERM)
        self.server.wait()

    def configure(self, more=''):
        """The file of README.md, with a port of our own."""
        self.write('server.json', readme_block('text').replace('8311', str(self.port)) + more)

    def command(self, name, structure, *arguments):
        return command(self.port, name, structure, *arguments)

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


    def start_worker(self, *arguments):
        log = self.path('log')
        return process.Program(WORKER, '--config', self.path('server.json'), '--log', log, *arguments, cwd=self.folder)

    def events(self):
        """What the workers have written down: what happened, and to which id."""
        if not os.path.exists(self.path('log')):
            return []
        with open(self.path('log'), encoding='ascii') as log:
            return [tuple(line.split()[2:4]) for line in log if line.endswith('\n')]

    def wait_for_event(self, *event):
        end = time.monotonic() + process.PATIENCE
        while event not in self.events():
            self.assertLess(time.monotonic(), end, '%s: %s' % (event, self.events()))
            time.sleep(0.002)

    def check_returned(self):
        """A running task goes back to its old place; what ran before is finished, what comes behind waits on."""
        worker = self.start_worker('--finish', '--gate', self.path('gate'), '--gate-from', '1', '--add', '4')
        self.wait_for_event('start', '1')
        worker.signal(signal.SIGINT)
        worker.wait(0)
        events = self.events()
        self.assertEqual([id for what, id in events if what == 'start'], ['0', '1'])
        self.assertIn(('cancelled', '1'), events)
        self.assertIn(('done', '0'), events)
        self.assertNotIn(('done', '1'), events)
        self.write('gate', '')
        self.start_worker('--finish', '--once').wait(0)
        self.assertEqual([id for what, id in self.events()[len(events):] if what == 'start'], ['1', '2', '3'])

    def test_interrupted_while_running(self):
        self.configure()
        self.check_returned()

    def test_interrupted_while_running_plain(self):
        """In plain mode, too: to the head of what the first version would take next."""
        self.configure('mode=plain\n')
        self.check_returned()
        self.assertEqual(self.command('hlen', 'q'), struct.pack('>I', 4))
        self.assertEqual(self.command('alen', 'q'), struct.pack('>I', 0))

    def test_interrupted_twice(self):
        """The code does not hear: with the second signal the process ends with 75, and the next one has the task soon,
        though its lease is long."""
        self.configure()
        worker = self.start_worker('--deaf', '--gate', self.path('gate'), '--add', '2', '--lease', '3600')
        self.wait_for_event('start', '0')
        worker.signal(signal.SIGINT)
        self.wait_for_event('stop', '-')
        worker.signal(signal.SIGTERM)
        worker.wait(75)
        self.write('gate', '')
        worker = self.start_worker('--finish')
        self.wait_for_event('done', '1')
        self.wait_for_event('done', '0')
        worker.signal(signal.SIGINT)
        worker.wait(0)


class Readme(process.Case):
    def test_section(self):
        """The line that starts the server and the file that names it, as they stand there; then the example without
        arguments."""
        port = free_port()
        line = readme_block('sh')
        self.assertEqual(line, 'LODIS_DB_PATH=/data/test-lodis LODIS_IP_PORT="127.0.0.1:8311" nohup lodis &\n')
        line = line.replace('/data/', self.folder + '/').replace('8311', str(port))
        os.environ['PATH'] = os.path.dirname(os.path.abspath(LODIS)) + ':' + os.environ['PATH']
        shell = process.Program('sh', '-c', line + 'echo $!; wait $!; echo ended $?', cwd=self.folder)
        server = int(next(said for said in shell.wait_lines(2) if said.isdigit()))
        try:
            wait_for_port(port)
            self.write('server.json', readme_block('text').replace('8311', str(port)))
            lines = collections.Counter(process.run(SQUARES, cwd=self.folder).wait().splitlines())
            self.assertEqual([lines['power of %d is %d' % (i, i * i)] for i in range(10)], [2] * 10)
            self.assertEqual(process.run(SQUARES, cwd=self.folder).wait(), '')
        finally:
            os.kill(server, signal.SIGTERM)
        self.assertIn('ended 0', shell.wait())
        self.assertTrue(os.path.isdir(self.path('test-lodis')))


if __name__ == '__main__':
    unittest.main(verbosity=2)
