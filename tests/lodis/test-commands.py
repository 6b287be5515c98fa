#!/usr/bin/env python3
# test-commands.py - every command, rightly and wrongly asked, against a model
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import random
import struct

from lodis import Refused, Running, frame, i64, main, note, u32
from lodis_model import Model, OPERANDS, Refusal, SHAPES, pairs, parse

SEED = 20261123
NAMES = ('a', 'b', 'chihuo.squares', '%C3%A4%01%2F')
CHANCE = ('randpop', 'lrand', 'arandpop', 'arand')
REMOVING = ('lrm', 'hrm', 'arm')
NUMBERS = (b'0', b'1', b'-1', b'+3', b'9223372036854775807', b'-9223372036854775808', b'x', b'', b' 1', b'1 ', b'+-1',
           b'9223372036854775808', b'1.0', b'0x1')

# Which arguments of which commands are numbers, and of what kind
KINDS = {'lrange': 'uu', 'rrange': 'uu', 'alrange': 'uu', 'arrange': 'uu', 'lindex': 'i', 'ldel': 'u', 'range': 'bbu',
         'hincrby': 'bn', 'aincrby': 'bn'}


class Pair:
    """A server and its model, which are asked the same."""

    def __init__(self, server):
        self.client = server.connect()
        self.model = Model()
        self.steps = 0
        self.refused = 0

    def ask(self, command, name, body):
        try:
            got = self.client.raw(command, name, body)
        except Refused as refused:
            got = refused
        if command in CHANCE and body == b'':
            assert isinstance(got, bytes), got
            self.model.accept(command, name, got)
            return got
        try:
            expected = self.model.answer(command, name, body)
        except Refusal as refusal:
            expected = str(refusal)
        if isinstance(got, bytes) and command == 'txn':
            got = got[:1] + got[17:]
        self.steps += 1
        self.refused += isinstance(expected, str)
        where = '%d: %s %s %r' % (self.steps, command, name, body[:200])
        if isinstance(expected, str):
            assert isinstance(got, Refused) and got.digit == expected, '%s: %r, not %s' % (where, got, expected)
        else:
            assert got == expected, '%s: %r, not %r' % (where, got, expected)
        return got

    def compare(self):
        """All that is there, and how much that is."""
        for name in NAMES:
            for command in ('llen', 'hlen', 'alen', 'hgetall', 'hkeys', 'hvals', 'akeys', 'avals', 'aall'):
                self.ask(command, name, b'')
            for command in ('lrange', 'rrange', 'alrange', 'arrange'):
                self.ask(command, name, frame(u32(0), u32(2 ** 32 - 1)))


def some_bytes(dice):
    kind = dice.random()
    if kind < 0.85:
        return b'%c' % dice.choice(b'abcdefghijklm\0\xff')
    if kind < 0.95:
        return dice.randbytes(dice.randrange(0, 4))
    return dice.randbytes(dice.choice((100, 5000, 100000))) if kind > 0.99 else b''


def some_argument(dice, kind):
    if kind == 'u':
        return u32(dice.choice((0, 0, 1, 2, 3, 5, 8, 20, 2 ** 31, 2 ** 32 - 1)))
    if kind == 'i':
        return i64(dice.choice((0, 1, 2, 5, -1, -2, -5, 2 ** 63 - 1, -2 ** 63)))
    if kind == 'n':
        return dice.choice(NUMBERS[:4] * 5 + NUMBERS)
    return some_bytes(dice)


class Counter:
    """Elements that are all different, for the commands that choose by chance."""

    def __init__(self):
        self.n = 0

    def next(self):
        self.n += 1
        return b'%d' % self.n


def some_arguments(dice, command, counter):
    least, _, group = SHAPES[command]
    if command == 'txn':
        return some_operations(dice)
    n = least if least == SHAPES[command][1] else group * dice.randrange(1, 4)
    kinds = KINDS.get(command, 'b' * n)
    arguments = [some_argument(dice, kind) for kind in kinds]
    if command in ('lpush', 'rpush'):
        arguments = [argument + counter.next() for argument in arguments]
    return arguments


def some_operations(dice):
    arguments = []
    for _ in range(dice.randrange(1, 6)):
        letter = dice.choice(list(OPERANDS))
        if letter in b'?!' and dice.random() < 0.7:
            continue
        arguments += [letter, dice.choice(NAMES[:3]).encode()]
        operands = [some_bytes(dice) for _ in range(OPERANDS[letter] - 1)]
        if letter == b'#':
            operands[2] = some_argument(dice, 'u')
        arguments += operands
    return arguments or [b'@', b'a', b'a']


def spoil(dice, arguments):
    """The same in a wrong way."""
    body = frame(*arguments)
    kind = dice.randrange(6)
    if kind == 0:
        return body[:dice.randrange(len(body) + 1)]
    if kind == 1:
        return body + dice.randbytes(dice.randrange(1, 6))
    if kind == 2:
        return frame(*arguments[:-1])
    if kind == 3:
        return frame(*arguments, b'')
    if kind == 4:
        return u32(2 ** 32 - 1) + body
    return frame(*(argument + b'\0' if dice.random() < 0.5 else argument[1:] for argument in arguments))


def walk(pair, dice, steps, commands):
    counter = Counter()
    for step in range(steps):
        command = dice.choice(commands)
        if command in REMOVING and dice.random() < 0.8:
            continue
        arguments = some_arguments(dice, command, counter)
        body = spoil(dice, arguments) if dice.random() < 0.1 else frame(*arguments)
        name = dice.choice(NAMES)
        if command == 'randpop' and len(set(pair.model.list(name))) < len(pair.model.list(name)):
            continue    # which of two equal elements went cannot be told
        pair.ask(command, name, body)
        if step % 500 == 0:
            pair.compare()
    pair.compare()


def bodies_names(body):
    """The structures a transaction names; one may have no name only there."""
    try:
        arguments = parse(body)
        for letter, operands in Model().operations(arguments):
            yield operands[0]
    except Refusal:
        return


def rename(model):
    """A transaction names a structure by its bytes, a path by its text."""
    for table in (model.lists, model.maps, model.arrays):
        for name in list(table):
            if isinstance(name, bytes):
                table[name.decode()] = table.pop(name)


def test_each_command():
    """Each with each number of arguments from 0 to 5, all of them the same bytes."""
    with Running('--sync=none') as server:
        pair = Pair(server)
        for argument in (b'', b'1', b'\0\0\0\1', b'\0\0\0\0\0\0\0\1', b'x' * 1000):
            for command in sorted(SHAPES):
                for n in range(6):
                    if command != 'txn':
                        pair.ask(command, 'a', frame(*[argument] * n))
            pair.compare()
        note('%d requests, %d refused' % (pair.steps, pair.refused))


def test_random_walks():
    """What thousands of random requests leave behind, and what each was answered."""
    for seed in range(4):
        with Running('--sync=none') as server:
            pair = Pair(server)
            walk(pair, random.Random(SEED + seed), 4000,
                 [command for command in SHAPES if command != 'txn'])
            note('seed %d: %d requests, %d refused' % (SEED + seed, pair.steps, pair.refused))
            assert pair.refused > pair.steps / 50


def test_random_lists():
    """Lists alone, so that they grow, and get holes."""
    with Running('--sync=none') as server:
        pair = Pair(server)
        walk(pair, random.Random(SEED), 4000,
             ['lpush', 'rpush', 'lpush', 'rpush', 'lpop', 'rpop', 'ldel', 'ldel', 'lindex', 'lrange', 'rrange',
              'randpop'])


def test_random_array_maps():
    """Array-maps alone; what is taken out of the middle leaves the order of the others."""
    with Running('--sync=none') as server:
        pair = Pair(server)
        walk(pair, random.Random(SEED), 6000,
             ['alpush', 'arpush', 'alpushnx', 'arpushnx', 'alpop', 'arpop', 'adel', 'adel', 'alrange', 'arrange',
              'aget', 'arandpop', 'aincrby', 'aall'])


def test_random_transactions():
    with Running('--sync=none') as server:
        pair = Pair(server)
        dice = random.Random(SEED)
        for _ in range(4000):
            command = dice.choice(['txn'] * 4 + ['range', 'hset', 'hdel', 'hrm', 'aall', 'hgetall', 'hlen', 'alen'])
            if command == 'hrm' and dice.random() < 0.8:
                continue
            arguments = some_arguments(dice, command, Counter())
            body = spoil(dice, arguments) if dice.random() < 0.1 else frame(*arguments)
            names = set(bodies_names(body)) if command == 'txn' else set()
            for name in names:
                for table in (pair.model.maps, pair.model.arrays):
                    if name in (b'a', b'b', b'chihuo.squares'):
                        table[name] = table.setdefault(name.decode(), {} if table is pair.model.maps else [])
            pair.ask(command, dice.choice(NAMES[:3]), body)
            for name in names & {b'a', b'b', b'chihuo.squares'}:
                for table in (pair.model.maps, pair.model.arrays):
                    table[name.decode()] = table.pop(name)
        rename(pair.model)
        pair.compare()
        note('%d requests, %d refused' % (pair.steps, pair.refused))


def test_huge():
    """Values of many MiB go in and come out; a number of arguments that nobody needs does, too."""
    with Running('--sync=none') as server:
        client = server.connect()
        value = random.Random(SEED).randbytes(40 << 20)
        client.call('hset', 'm', b'f', value)
        assert client.call('hget', 'm', b'f') == value
        client.call('rpush', 'l', value[:1 << 20])
        assert client.call('lpop', 'l') == value[:1 << 20]
        key = value[:1 << 20]
        client.call('arpushnx', 'a', key, b'v')
        assert client.call('aget', 'a', key) == b'v'
        assert client.call('aexists', 'a', key[:-1]) == b'\0'
        client.call('rpush', 'many', *[b'%d' % i for i in range(200000)])
        assert client.call('llen', 'many') == u32(200000)
        assert client.call('lindex', 'many', i64(-1)) == b'199999'
        client.call('lrm', 'many')
        assert client.call('llen', 'many') == u32(0)


def test_adel_keeps_order():
    with Running('--sync=none') as server:
        client = server.connect()
        keys = [b'%03d' % i for i in range(300)]
        for key in keys:
            client.call('arpush', 'q', key, b'v' + key)
        dice = random.Random(SEED)
        left = list(keys)
        for key in dice.sample(keys, 290):
            client.call('adel', 'q', key)
            left.remove(key)
            if len(left) % 7 == 0:
                assert client.call('aall', 'q') == pairs((key, b'v' + key) for key in left)
        for key in left:
            assert client.call('alpop', 'q') == pairs([(key, b'v' + key)])
        assert client.call('alpop', 'q') == b''


def test_kinds_apart():
    """A list, a map and an array-map of one name are three; so are two names of which one begins the other."""
    with Running('--sync=none') as server:
        client = server.connect()
        client.call('rpush', 'n', b'1')
        client.call('hset', 'n', b'1', b'2')
        client.call('arpush', 'n', b'1', b'3')
        client.call('rpush', 'nn', b'4')
        client.call('lrm', 'n')
        assert client.call('llen', 'n') == u32(0) and client.call('llen', 'nn') == u32(1)
        assert client.call('hget', 'n', b'1') == b'2' and client.call('aget', 'n', b'1') == b'3'


def txn_parts(content):
    """Done or not, wall clock, lease clock, the rest."""
    return (content[0], *struct.unpack('>QQ', content[1:17]), content[17:])


def test_transaction():
    with Running() as server:
        client = server.connect()
        client.call('hmset', 'm', b'a', b'1', b'b', b'2')
        done, wall, clock, rest = txn_parts(client.call(
            'txn', '-', b'?', b'm', b'a', b'1', b'!', b'm', b'c', b'@', b'm', b'c', b'@', b'm', b'b',
            b'=', b'm', b'c', b'3', b'-', b'm', b'a', b'p', b'q', b'k', b'v', b'#', b'm', b'', b'', u32(9)))
        assert done == 1 and wall > 1.7e15
        assert rest == b'\0' + b'\1' + frame(b'2') + u32(2) + frame(b'a', b'1', b'b', b'2'), rest
        assert client.call('hgetall', 'm') == frame(b'b', b'2', b'c', b'3')
        assert client.call('aall', 'q') == frame(b'k', b'v')

        done, _, later, rest = txn_parts(client.call(
            'txn', '-', b'!', b'm', b'a', b'?', b'm', b'b', b'9', b'=', b'm', b'b', b'0'))
        assert (done, rest) == (0, u32(1)) and later >= clock
        assert client.call('hget', 'm', b'b') == b'2'

        # what an earlier operation of the same transaction wrote counts
        client.call('txn', '-', b'=', b'm', b'x', b'1', b'=', b'm', b'x', b'2', b'-', b'm', b'x',
                    b'=', b'm', b'x', b'3')
        assert client.call('hlen', 'm') == u32(3)
        client.call('txn', '-', b'~', b'm', b'x', b'45', u32(1), b'~', b'm', b'x', b'6', u32(2),
                    b'~', b'm', b'y', b'7', u32(0))
        assert client.call('hmget', 'm', b'x', b'y') == b'\1' + frame(b'653') + b'\1' + frame(b'7')
        client.call('txn', '-', b'd', b'q', b'k', b'p', b'q', b'k', b'w', b'p', b'q', b'k', b'u')
        assert client.call('aall', 'q') == frame(b'k', b'w')


def test_transaction_refused():
    """One wrong operation, and nothing of the others is done."""
    with Running() as server:
        client = server.connect()
        for digit, operations in (('6', (b'=', b'm', b'a', b'1', b'x', b'm')),
                                  ('6', (b'=', b'm', b'a', b'1', b'~', b'm', b'a', b'', u32(2))),
                                  ('6', (b'=', b'm', b'a', b'1', b'~', b'm', b'a', b'', b'1')),
                                  ('5', (b'=', b'm', b'a', b'1', b'=', b'm')),
                                  ('6', (b'=', b'm', b'a', b'1', b'#', b'm', b'', b'', b'1')),
                                  ('6', (b'=', b'm', b'a', b'1', b'', b'm', b'a')), ('5', ())):
            try:
                client.call('txn', '-', *operations)
                raise AssertionError(operations)
            except Refused as refused:
                assert refused.digit == digit, (refused, operations)
        assert client.call('hlen', 'm') == u32(0)


def test_range_as_queue():
    """A map used as a queue, with fields put in front of what has been taken: no field is missed."""
    with Running('--sync=none') as server:
        client, dice = server.connect(), random.Random(SEED)
        fields = set()
        for step in range(3000):
            if dice.random() < 0.55:
                field = b'%c%06d' % (dice.choice(b'wd'), dice.randrange(1000000))
                client.call('hset', 'i', field, b'')
                fields.add(field)
            else:
                after, before = dice.choice(((b'', b''), (b'w', b'x'), (b'd', b'e'), (b'd', b'd5'), (b'w3', b'')))
                expected = sorted(field for field in fields if field > after and (not before or field < before))[:3]
                got = client.call('range', 'i', after, before, u32(3))
                assert got == pairs((field, b'') for field in expected), (step, after, before, got, expected)
                for field in expected:
                    client.call('hdel', 'i', field)
                    fields.discard(field)


if __name__ == '__main__':
    main(globals())
