#!/usr/bin/env python3
# test-kills.py - the server is killed under load, again and again: what it has answered is there
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-kills.py [--kills N]

Each writer has structures of its own and knows what each of its requests was answered; the one that was under way when
the server was killed may have happened or not, as a whole. So after each start what is there is one of two states.
"""

import http.client
import os
import random
import sys
import threading

from lodis import Folder, Refused, Server, main, note, u32
from lodis_model import pairs

KILLS = int(sys.argv[sys.argv.index('--kills') + 1]) if '--kills' in sys.argv else 100
SEED = 20261123
WRITERS = 4
GONE = (OSError, http.client.HTTPException)


class Writer:
    """What one of them has asked for, and so what has to be there."""

    def __init__(self, number):
        self.name = 'w%d' % number
        self.dice = random.Random(SEED + number)
        self.array, self.map, self.list = {}, {}, []
        self.next = 0
        self.answered = 0
        self.open = None    # the request that was not answered

    def choose(self):
        """A request, and what it makes of the state."""
        self.next += 1
        key = b'%d' % self.next
        kind = self.dice.randrange(9)
        if kind < 3 or not self.array:
            more = [b'%d.%d' % (self.next, i) for i in range(self.dice.randrange(1, 20))]
            return ('arpushnx', self.name, *[part for one in more for part in (one, b'v' * 50)]), ('push', more)
        if kind == 3:
            return ('alpop', self.name), ('pop', None)
        if kind == 4:
            key = self.dice.choice(list(self.array))
            return ('adel', self.name, key), ('del', key)
        if kind == 5:
            return ('rpush', self.name, key, key + b'b'), ('list', [key, key + b'b'])
        if kind == 6:
            return ('hmset', self.name, b'a', key, b'b', key), ('map', {b'a': key, b'b': key})
        if kind == 7:
            return ('lrm', self.name), ('lrm', None)
        first = next(iter(self.array))
        name = self.name.encode()
        return ('txn', '-', b'=', name, b'taken', first, b'd', name, first, b'p', name, key, b'v' * 50), \
            ('move', (first, key))

    def state(self, effect=None):
        """Array-map, map, list: as they are, or as a request would make them."""
        array, fields, elements = dict(self.array), dict(self.map), list(self.list)
        kind, what = effect or (None, None)
        if kind == 'push':
            array |= dict.fromkeys(what, b'v' * 50)
        elif kind == 'pop':
            array.pop(next(iter(array)))
        elif kind == 'del':
            array.pop(what)
        elif kind == 'list':
            elements += what
        elif kind == 'map':
            fields |= what
        elif kind == 'lrm':
            elements = []
        elif kind == 'move':
            fields[b'taken'] = what[0]
            array.pop(what[0])
            array[what[1]] = b'v' * 50
        return array, fields, elements

    def run(self, client, enough):
        """Until the server is gone."""
        try:
            while True:
                request, self.open = self.choose()
                answer = client.call(*request)
                assert request[0] != 'alpop' or answer == pairs([next(iter(self.array.items()))]), answer
                assert request[0] != 'txn' or answer[0] == 1, answer
                self.array, self.map, self.list = self.state(self.open)
                self.open = None
                self.answered += 1
                enough.release()
        except GONE:
            pass

    def check(self, client):
        """What is there is what was answered, with the open request or without; that is the state from now on."""
        found = (client.call('aall', self.name), client.call('hgetall', self.name),
                 client.call('lrange', self.name, u32(0), u32(2 ** 32 - 1)), client.call('alen', self.name),
                 client.call('hlen', self.name), client.call('llen', self.name))
        for effect in (None, self.open):
            array, fields, elements = self.state(effect)
            expected = (pairs(array.items()), pairs(sorted(fields.items())),
                        b''.join(u32(len(element)) + element for element in elements),
                        u32(len(array)), u32(len(fields)), u32(len(elements)))
            if found == expected:
                self.array, self.map, self.list = array, fields, elements
                happened = effect is not None
                self.open = None
                for key in list(array)[:3]:
                    assert client.call('aexists', self.name, key) == b'\1', key
                return happened
        raise AssertionError('%s: %r is there, after %d answers, with %r open'
                             % (self.name, found, self.answered, self.open))


class Round:
    """A server that is killed when so many requests have been answered."""

    def __init__(self, path, writers, dice):
        self.server = Server(path, '--sync=always')
        self.happened = 0
        client = self.server.connect()
        for writer in writers:
            self.happened += writer.check(client)
        enough = threading.Semaphore(0)
        threads = [threading.Thread(target=writer.run, args=(self.server.connect(), enough)) for writer in writers]
        for thread in threads:
            thread.start()
        for _ in range(dice.randrange(1, 200)):
            assert enough.acquire(timeout=60), 'the server answers no more'    # pylint: disable=consider-using-with
        self.server.kill()
        for thread in threads:
            thread.join()


def test_kills():
    dice = random.Random(SEED)
    writers = [Writer(number) for number in range(WRITERS)]
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        happened = sum(Round(path, writers, dice).happened for _ in range(KILLS))
        server = Server(path)
        client = server.connect()
        for writer in writers:
            writer.check(client)
        server.stop()
    note('%d kills, %d requests answered and all there, %d had happened without an answer'
         % (KILLS, sum(writer.answered for writer in writers), happened))


def test_killed_in_big_writes():
    """Kills while thousands of items are written at once: all of them or none."""
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        dice = random.Random(SEED)
        arguments = [part for i in range(20000) for part in (b'%d' % i, b'v' * 20)]
        whole = 0
        for number in range(10):
            server = Server(path)
            client = server.connect()
            name = 'big%d' % number
            timer = threading.Timer(0.05 + dice.random() * 0.4, server.popen.kill)
            timer.start()
            try:
                client.call('arpushnx', name, *arguments)
                answered = True
            except GONE + (Refused,):
                answered = False
            timer.join()
            server.kill()
            server = Server(path)
            client = server.connect()
            n = client.call('alen', name)
            assert n == u32(20000) or (n == u32(0) and not answered), (n, answered)
            length = 0 if n == u32(0) else sum(4 + len(key) for key in arguments[::2])
            assert len(client.call('akeys', name)) == length
            whole += n != u32(0)
            server.kill()
        note('%d of 10 were there' % whole)


if __name__ == '__main__':
    main(globals())
