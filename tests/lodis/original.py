#!/usr/bin/env python3
# original.py - plays the queue server of the first version: its commands, and no others
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Started as the original is, by LODIS_IP_PORT. It keeps all in memory, and knows what chihuo asks of it."""

import os
import socket
import struct
import threading

arrays = {}     # name → {id: value}, in list order
maps = {}       # name → {field: value}
lock = threading.Lock()


class Refusal(Exception):
    pass


def pairs(items):
    return b''.join(struct.pack('>I', len(part)) + part for pair in items for part in pair)


def integer(value):
    return struct.pack('>I', value)


def boolean(value):
    return b'\x01' if value else b'\x00'


def push(name, arguments, left, only_new):
    array = arrays.setdefault(name, {})
    for key, value in zip(arguments[::2], arguments[1::2]):
        if key in array:
            if not only_new:
                array[key] = value
        elif left:
            arrays[name] = array = {key: value, **array}
        else:
            array[key] = value
    return b''


def pop(name):
    array = arrays.get(name, {})
    if not array:
        return b''
    key = next(iter(array))
    return pairs([(key, array.pop(key))])


def alrange(name, start, end):
    start, end = struct.unpack('>I', start)[0], struct.unpack('>I', end)[0]
    return pairs(list(arrays.get(name, {}).items())[start:end])


def hmset(name, arguments):
    maps.setdefault(name, {}).update(zip(arguments[::2], arguments[1::2]))
    return b''


COMMANDS = {
    'alpushnx': lambda name, *a: push(name, a, True, True),
    'arpushnx': lambda name, *a: push(name, a, False, True),
    'arpush': lambda name, *a: push(name, a, False, False),
    'alpop': pop,
    'aget': lambda name, key: arrays.get(name, {}).get(key, b''),
    'aexists': lambda name, key: boolean(key in arrays.get(name, {})),
    'adel': lambda name, key: (arrays.get(name, {}).pop(key, None), b'')[1],
    'alen': lambda name: integer(len(arrays.get(name, {}))),
    'arm': lambda name: (arrays.pop(name, None), b'')[1],
    'alrange': alrange,
    'hmset': lambda name, *a: hmset(name, a),
    'hset': lambda name, *a: hmset(name, a),
    'hdel': lambda name, key: (maps.get(name, {}).pop(key, None), b'')[1],
    'hexists': lambda name, key: boolean(key in maps.get(name, {})),
    'hlen': lambda name: integer(len(maps.get(name, {}))),
    'hkeys': lambda name: b''.join(integer(len(key)) + key for key in maps.get(name, {})),
    'hrm': lambda name: (maps.pop(name, None), b'')[1],
}


def parse(body):
    arguments = []
    while body:
        length = struct.unpack('>I', body[:4])[0]
        arguments.append(body[4:4 + length])
        body = body[4 + length:]
    return arguments


def answer(method, path, body):
    parts = path.split('/')
    if method != 'POST' or len(parts) != 3 or parts[1] not in COMMANDS:
        raise Refusal('1no such command')
    with lock:
        return COMMANDS[parts[1]](parts[2], *parse(body))


def serve(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile('rb')
    while True:
        line = stream.readline().decode().split()
        if not line:
            return
        length = 0
        for header in iter(stream.readline, b'\r\n'):
            name, _, value = header.decode().partition(':')
            if name.lower() == 'content-length':
                length = int(value)
        body = stream.read(length)
        try:
            status, reply = '200 OK', b'\0' + answer(line[0], line[1], body)
        except Refusal as refusal:
            status, reply = '500 Internal Server Error', str(refusal).encode()
        connection.sendall(f'HTTP/1.1 {status}\r\nContent-Length: {len(reply)}\r\n\r\n'.encode() + reply)


def main():
    host, port = os.environ['LODIS_IP_PORT'].split(':')
    with socket.create_server((host, int(port))) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
