# lodis_model.py - what a server has to answer, as plainly as it can be written
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Model.answer(command, name, body) returns the content of the reply, or raises Refusal with the digit. It was written
from the page of the protocol, knows nothing of the server's code, and keeps all in Python's own lists and dicts."""

import copy
import struct

ANY = 1 << 30

# Command → arguments, as (least, most, in groups of)
SHAPES = {
    'lpush': (1, ANY, 1), 'rpush': (1, ANY, 1), 'lpop': (0, 0, 1), 'rpop': (0, 0, 1), 'randpop': (0, 0, 1),
    'lrange': (2, 2, 1), 'rrange': (2, 2, 1), 'lindex': (1, 1, 1), 'lrand': (0, 0, 1), 'llen': (0, 0, 1),
    'ldel': (1, 1, 1), 'lrm': (0, 0, 1),
    'hget': (1, 1, 1), 'hset': (2, 2, 1), 'hsetnx': (2, 2, 1), 'hgetall': (0, 0, 1), 'hmget': (1, ANY, 1),
    'hmset': (2, ANY, 2), 'hincrby': (2, 2, 1), 'hkeys': (0, 0, 1), 'hvals': (0, 0, 1), 'hexists': (1, 1, 1),
    'hdel': (1, 1, 1), 'hlen': (0, 0, 1), 'hrm': (0, 0, 1),
    'alpush': (2, ANY, 2), 'alpushnx': (2, ANY, 2), 'arpush': (2, ANY, 2), 'arpushnx': (2, ANY, 2),
    'aincrby': (2, 2, 1), 'alpop': (0, 0, 1), 'arpop': (0, 0, 1), 'arandpop': (0, 0, 1), 'aget': (1, 1, 1),
    'arand': (0, 0, 1), 'alrange': (2, 2, 1), 'arrange': (2, 2, 1), 'akeys': (0, 0, 1), 'avals': (0, 0, 1),
    'aall': (0, 0, 1), 'aexists': (1, 1, 1), 'alen': (0, 0, 1), 'adel': (1, 1, 1), 'arm': (0, 0, 1),
    'range': (3, 3, 1), 'txn': (1, ANY, 1),
}

# Operations of a transaction: how many operands each has
OPERANDS = {b'?': 3, b'!': 2, b'@': 2, b'#': 4, b'=': 3, b'~': 4, b'-': 2, b'p': 3, b'd': 2}


class Refusal(Exception):
    pass


def parse(body):
    arguments = []
    while body:
        if len(body) < 4:
            raise Refusal('4')
        length = struct.unpack('>I', body[:4])[0]
        if len(body) < 4 + length:
            raise Refusal('4')
        arguments.append(body[4:4 + length])
        body = body[4 + length:]
    return arguments


def read_u32(argument):
    if len(argument) != 4:
        raise Refusal('6')
    return struct.unpack('>I', argument)[0]


def read_i64(argument):
    if len(argument) != 8:
        raise Refusal('6')
    return struct.unpack('>q', argument)[0]


def read_text(argument):
    digits = argument[1:] if argument[:1] in (b'-', b'+') else argument
    if not digits or digits.strip(b'0123456789') or not -2 ** 63 <= int(argument) < 2 ** 63:
        raise Refusal('6')
    return int(argument)


def add(stored, argument):
    more = read_text(argument)
    total = (0 if stored is None else read_text(stored)) + more
    if not -2 ** 63 <= total < 2 ** 63:
        raise Refusal('6')
    return b'%d' % total


def item(value):
    return struct.pack('>I', len(value)) + value


def items(values):
    return b''.join(item(value) for value in values)


def pairs(values):
    return b''.join(item(key) + item(value) for key, value in values)


def option(value):
    return b'\0' if value is None else b'\1' + item(value)


class Model:
    """A list is a list, a map a dict, an array-map a list of [key, value]."""

    def __init__(self):
        self.lists, self.maps, self.arrays = {}, {}, {}

    def answer(self, command, name, body):
        if command not in SHAPES:
            raise Refusal('1')
        arguments = parse(body)
        least, most, group = SHAPES[command]
        if not least <= len(arguments) <= most or len(arguments) % group != 0:
            raise Refusal('5')
        return getattr(self, command)(name, *arguments)

    # --- lists ---

    def list(self, name):
        return self.lists.setdefault(name, [])

    def lpush(self, name, *elements):
        for element in elements:
            self.list(name).insert(0, element)
        return b''

    def rpush(self, name, *elements):
        self.list(name).extend(elements)
        return b''

    def lpop(self, name):
        return self.list(name).pop(0) if self.list(name) else b''

    def rpop(self, name):
        return self.list(name).pop() if self.list(name) else b''

    def lrange(self, name, start, end):
        return items(self.list(name)[read_u32(start):read_u32(end)])

    def rrange(self, name, start, end):
        return items(self.list(name)[::-1][read_u32(start):read_u32(end)])

    def lindex(self, name, index):
        index, elements = read_i64(index), self.list(name)
        return elements[index] if -len(elements) <= index < len(elements) else b''

    def llen(self, name):
        return struct.pack('>I', len(self.list(name)))

    def ldel(self, name, index):
        index = read_u32(index)
        del self.list(name)[index:index + 1]
        return b''

    def lrm(self, name):
        self.lists.pop(name, None)
        return b''

    # --- maps ---

    def map(self, name):
        return self.maps.setdefault(name, {})

    def hget(self, name, field):
        return self.map(name).get(field, b'')

    def hset(self, name, field, value):
        self.map(name)[field] = value
        return b''

    def hsetnx(self, name, field, value):
        self.map(name).setdefault(field, value)
        return b''

    def hgetall(self, name):
        return pairs(sorted(self.map(name).items()))

    def hmget(self, name, *fields):
        return b''.join(option(self.map(name).get(field)) for field in fields)

    def hmset(self, name, *arguments):
        self.map(name).update(zip(arguments[::2], arguments[1::2]))
        return b''

    def hincrby(self, name, field, number):
        self.map(name)[field] = add(self.map(name).get(field), number)
        return b''

    def hkeys(self, name):
        return items(sorted(self.map(name)))

    def hvals(self, name):
        return items(value for _, value in sorted(self.map(name).items()))

    def hexists(self, name, field):
        return b'\1' if field in self.map(name) else b'\0'

    def hdel(self, name, field):
        self.map(name).pop(field, None)
        return b''

    def hlen(self, name):
        return struct.pack('>I', len(self.map(name)))

    def hrm(self, name):
        self.maps.pop(name, None)
        return b''

    def between(self, name, after, before, limit):
        found = sorted((field, value) for field, value in self.map(name).items()
                       if (field > after or after == b'') and (before == b'' or field < before))
        return found[:read_u32(limit)]

    def range(self, name, after, before, limit):
        return pairs(self.between(name, after, before, limit))

    # --- array-maps ---

    def array(self, name):
        return self.arrays.setdefault(name, [])

    def find(self, name, key):
        return next((pair for pair in self.array(name) if pair[0] == key), None)

    def push(self, name, arguments, left, keep):
        for key, value in zip(arguments[::2], arguments[1::2]):
            pair = self.find(name, key)
            if pair is None:
                self.array(name).insert(0 if left else len(self.array(name)), [key, value])
            elif not keep:
                pair[1] = value
        return b''

    def alpush(self, name, *arguments):
        return self.push(name, arguments, True, False)

    def alpushnx(self, name, *arguments):
        return self.push(name, arguments, True, True)

    def arpush(self, name, *arguments):
        return self.push(name, arguments, False, False)

    def arpushnx(self, name, *arguments):
        return self.push(name, arguments, False, True)

    def aincrby(self, name, key, number):
        pair = self.find(name, key)
        return self.push(name, (key, add(pair and pair[1], number)), False, False)

    def alpop(self, name):
        return pairs([self.array(name).pop(0)]) if self.array(name) else b''

    def arpop(self, name):
        return pairs([self.array(name).pop()]) if self.array(name) else b''

    def aget(self, name, key):
        pair = self.find(name, key)
        return b'' if pair is None else pair[1]

    def alrange(self, name, start, end):
        return pairs(self.array(name)[read_u32(start):read_u32(end)])

    def arrange(self, name, start, end):
        return pairs(self.array(name)[::-1][read_u32(start):read_u32(end)])

    def akeys(self, name):
        return items(key for key, _ in self.array(name))

    def avals(self, name):
        return items(value for _, value in self.array(name))

    def aall(self, name):
        return pairs(self.array(name))

    def aexists(self, name, key):
        return b'\1' if self.find(name, key) else b'\0'

    def alen(self, name):
        return struct.pack('>I', len(self.array(name)))

    def adel(self, name, key):
        self.arrays[name] = [pair for pair in self.array(name) if pair[0] != key]
        return b''

    def arm(self, name):
        self.arrays.pop(name, None)
        return b''

    # --- chance: the server chooses, the model looks whether it could ---

    def accept(self, command, name, content):
        """Takes what the server has answered to randpop, lrand, arandpop or arand."""
        elements = self.list(name) if command in ('randpop', 'lrand') else self.array(name)
        shown = [element if isinstance(element, bytes) else pairs([element]) for element in elements]
        if not shown:
            assert content == b'', content
            return
        assert content in shown, (content, shown)
        if command in ('randpop', 'arandpop'):
            assert shown.count(content) == 1, 'which of two equal elements went cannot be told'
            del elements[shown.index(content)]

    # --- transactions; their reply without the two clocks ---

    def operations(self, arguments):
        while arguments:
            letter, arguments = arguments[0], arguments[1:]
            if letter not in OPERANDS:
                raise Refusal('6')
            n = OPERANDS[letter]
            if len(arguments) < n:
                raise Refusal('5')
            yield letter, arguments[:n]
            arguments = arguments[n:]

    def txn(self, _, *arguments):
        operations = list(self.operations(list(arguments)))
        for index, (letter, (name, field, *rest)) in enumerate(operations):
            value = self.map(name).get(field) if letter in b'?!' else None
            if letter == b'?' and (value is None or value != rest[0]) or letter == b'!' and value is not None:
                return b'\0' + struct.pack('>I', index)
        content = b'\1'
        for letter, (name, *rest) in operations:
            if letter == b'@':
                content += option(self.map(name).get(rest[0]))
            elif letter == b'#':
                found = self.between(name, *rest)
                content += struct.pack('>I', len(found)) + pairs(found)
        before = copy.deepcopy((self.maps, self.arrays))
        try:
            self.write(operations)
        except Refusal:
            self.maps, self.arrays = before
            raise
        return content

    def write(self, operations):
        for letter, (name, *rest) in operations:
            if letter in b'=-~pd':
                {b'=': self.hset, b'-': self.hdel, b'~': self.change_head, b'p': self.arpushnx,
                 b'd': self.adel}[letter](name, *rest)

    def change_head(self, name, field, head, keep):
        old = self.map(name).get(field, b'')
        kept = read_u32(keep)
        if kept > len(old):
            raise Refusal('6')
        self.hset(name, field, head + old[len(old) - kept:])
