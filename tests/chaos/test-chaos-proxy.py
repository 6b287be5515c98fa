#!/usr/bin/env python3
# test-chaos-proxy.py - the proxy does to a server's clients what it is told, and nothing else
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-chaos-proxy.py CHAOS-PROXY"""

import os
import socket
import sys
import tempfile
import threading
import time
import unittest

from chaos import PATIENCE, Proxy


class Echo:
    """A server that sends back what it gets, and knows what it got."""

    def __init__(self, family, address):
        self.listener = socket.socket(family)
        self.listener.bind(address)
        self.listener.listen(16)
        self.seen = b''
        self.ended = threading.Event()      # a client has gone
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while data := connection.recv(65536):
                    self.seen += data
                    connection.sendall(data)
            except OSError:
                pass
        self.ended.set()

    def wait_seen(self, data):
        end = time.monotonic() + PATIENCE
        while data not in self.seen and time.monotonic() < end:
            time.sleep(0.001)
        return data in self.seen

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.echo = Echo(socket.AF_INET, ('127.0.0.1', 0))
        self.addCleanup(self.echo.close)
        self.proxy = Proxy('127.0.0.1:0', '127.0.0.1:%d' % self.echo.listener.getsockname()[1])
        self.addCleanup(self.proxy.close)

    def connect(self):
        connection = socket.create_connection((self.proxy.address.split(':')[0], int(self.proxy.address.split(':')[1])))
        connection.settimeout(PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def read(self, connection, length):
        data = b''
        while len(data) < length and (more := connection.recv(length - len(data))):
            data += more
        return data

    def ask(self, connection, text):
        connection.sendall(text)
        return self.read(connection, len(text))

    def read_end(self, connection):
        """What comes until the other side is gone."""
        data = b''
        try:
            while more := connection.recv(65536):
                data += more
        except ConnectionResetError:
            pass
        return data

    def assert_silent(self, connection):
        connection.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        connection.settimeout(PATIENCE)

    def test_pass(self):
        connection = self.connect()
        data = os.urandom(3_000_000)
        threading.Thread(target=connection.sendall, args=(data,)).start()
        self.assertEqual(self.read(connection, len(data)), data)

    def test_end_passes(self):
        connection = self.connect()
        connection.sendall(b'last words')
        connection.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_end(connection), b'last words')

    def test_drop_close(self):
        self.proxy.tell('least 4')
        self.proxy.tell('drop 1 close')
        connection = self.connect()
        self.assertEqual(self.ask(connection, b'abc'), b'abc')
        connection.sendall(b'swallowed')
        self.assertEqual(self.read_end(connection), b'')
        self.assertTrue(self.echo.wait_seen(b'swallowed'))
        self.assertEqual(self.ask(self.connect(), b'and again'), b'and again')
        self.assertEqual(self.proxy.stats()['drop-close'], 1)

    def test_drop_silent(self):
        self.proxy.tell('drop 1 silent')
        connection = self.connect()
        connection.sendall(b'swallowed')
        self.assertTrue(self.echo.wait_seen(b'swallowed'))
        self.assert_silent(connection)
        self.assertEqual(self.ask(self.connect(), b'and again'), b'and again')
        connection.sendall(b'still')
        self.assert_silent(connection)

    def test_cut(self):
        for way in ('up', 'down'):
            self.proxy.tell('cut 1 ' + way)
            connection = self.connect()
            frame = (way * 50).encode()
            connection.sendall(frame)
            got = self.read_end(connection)
            self.assertLess(len(got), len(frame))
            self.assertTrue(frame.startswith(got))
            self.assertEqual(self.echo.wait_seen(frame) if way == 'down' else frame not in self.echo.seen, True)
        self.assertEqual(self.ask(self.connect(), b'and again'), b'and again')

    def test_slice(self):
        self.proxy.tell('slice 1 200')
        connection = self.connect()
        connection.sendall(b'0123456789')
        pieces = []
        while len(b''.join(pieces)) < 10:
            pieces.append(connection.recv(100))
        self.assertEqual(b''.join(pieces), b'0123456789')
        self.assertGreater(len(pieces), 1)

    def test_delay_is_no_queue(self):
        """A hundred requests that are 20 ms on their way, each way, take little more than one."""
        self.proxy.tell('delay 20000 20000 2000')
        connection = self.connect()
        before = time.monotonic()
        for i in range(100):
            connection.sendall(b'%03d' % i)
            time.sleep(0.0001)
        self.assertEqual(self.read(connection, 300), b''.join(b'%03d' % i for i in range(100)))
        took = time.monotonic() - before
        self.assertGreaterEqual(took, 0.04)
        self.assertLess(took, 100 * 0.04)

    def test_freeze(self):
        connection = self.connect()
        self.assertEqual(self.ask(connection, b'before'), b'before')
        self.proxy.tell('freeze')
        connection.sendall(b'frozen')
        late = self.connect()
        late.sendall(b'late')
        self.assert_silent(connection)
        self.assert_silent(late)
        self.assertNotIn(b'frozen', self.echo.seen)
        self.proxy.tell('heal')
        self.assertEqual(self.read(connection, 6), b'frozen')
        self.assertEqual(self.read(late, 4), b'late')

    def test_refuse(self):
        connection = self.connect()
        self.assertEqual(self.ask(connection, b'before'), b'before')
        self.proxy.tell('refuse')
        self.assertEqual(self.read_end(connection), b'')
        with self.assertRaises(ConnectionRefusedError):
            self.connect()
        self.proxy.tell('heal')
        self.assertEqual(self.ask(self.connect(), b'after'), b'after')

    def test_close(self):
        connection = self.connect()
        self.assertEqual(self.ask(connection, b'before'), b'before')
        self.proxy.tell('close')
        self.assertEqual(self.read_end(connection), b'')
        self.assertEqual(self.ask(self.connect(), b'after'), b'after')

    def test_half_open(self):
        connection = self.connect()
        self.assertEqual(self.ask(connection, b'before'), b'before')
        self.proxy.tell('half-open')
        self.assertTrue(self.echo.ended.wait(PATIENCE))
        connection.sendall(b'unheard')
        self.assert_silent(connection)
        self.assertEqual(self.ask(self.connect(), b'after'), b'after')
        self.assertNotIn(b'unheard', self.echo.seen)

    def test_target(self):
        with tempfile.TemporaryDirectory(prefix='chihuo-chaos-') as folder:
            path = os.path.join(folder, 'socket')
            other = Echo(socket.AF_UNIX, path)
            self.addCleanup(other.close)
            self.proxy.tell('target unix:' + path)
            self.assertEqual(self.ask(self.connect(), b'moved'), b'moved')
            self.assertEqual((other.seen, self.echo.seen), (b'moved', b''))

    def test_nobody_behind(self):
        self.proxy.tell('target unix:/nowhere/at/all')
        self.assertEqual(self.read_end(self.connect()), b'')

    def test_random_by_seed(self):
        """The same seed, the same fates."""
        def play():
            proxy = Proxy('127.0.0.1:0', '127.0.0.1:%d' % self.echo.listener.getsockname()[1], seed=7)
            host, port = proxy.address.split(':')
            proxy.tell('random 0.5')
            lengths = []
            for _ in range(20):
                with socket.create_connection((host, int(port))) as connection:
                    connection.settimeout(0.1)
                    connection.sendall(b'x' * 10)
                    try:
                        lengths.append(len(self.read_end(connection)) if connection.recv(1, socket.MSG_PEEK) else 0)
                    except (TimeoutError, ConnectionResetError):
                        lengths.append(-1)
            stats = proxy.stats()
            proxy.close()
            return {fate: stats[fate] for fate in ('drop-close', 'drop-silent', 'cut-up', 'cut-down')}
        first = play()
        self.assertEqual(first, play())
        self.assertGreater(sum(first.values()), 4)

    def test_bad_commands(self):
        for line in ('drop', 'fly', 'delay 1', 'target nowhere'):
            with self.assertRaises(ValueError):
                self.proxy.tell(line)
        self.assertEqual(self.ask(self.connect(), b'after'), b'after')


if __name__ == '__main__':
    os.environ['CHAOS_PROXY'] = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
