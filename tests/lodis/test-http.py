#!/usr/bin/env python3
# test-http.py - who speaks HTTP badly, slowly or too much, and who waits
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import json
import os
import random
import socket
import struct
import threading

from lodis import PATIENCE, Running, frame, main, u32

SEED = 20261123
MIB = 1 << 20


def read_all(peer):
    """Until the server closes, however it does."""
    data = b''
    try:
        while more := peer.recv(65536):
            data += more
    except ConnectionError:
        pass
    return data


def send(peer, data):
    """As much as the server takes."""
    try:
        peer.sendall(data)
        return True
    except OSError:
        return False


def alive(server):
    client = server.connect()
    client.call('hset', 'alive', b'f', b'v')
    assert client.call('hget', 'alive', b'f') == b'v'
    client.close()


def ask(server, data):
    """What is answered to these bytes, when no more are to come."""
    with server.socket() as peer:
        send(peer, data)
        peer.shutdown(socket.SHUT_WR)
        return read_all(peer)


def test_hello():
    with Running() as server:
        client = server.connect()
        client.http.request('GET', '/')
        reply = client.http.getresponse()
        hello = json.loads(reply.read())
        assert reply.status == 200 and reply.headers['Content-Type'] == 'application/json'
        assert hello['server'] == 'lodis' and hello['commands'] == ['txn', 'range', 'wait'] and hello['version']


def test_methods():
    with Running() as server:
        for method, path in (('GET', '/llen/l'), ('PUT', '/llen/l'), ('DELETE', '/llen/l'), ('OPTIONS', '/'),
                             ('HEAD', '/'), ('TRACE', '/'), ('LLEN', '/llen/l')):
            client = server.connect()
            client.http.request(method, path)
            reply = client.http.getresponse()
            assert reply.status == 405, (method, reply.status)
            reply.read()
        for path in ('/', '/llen', '/llen/', '//', '/LLEN/l', '/nothing/l', '/' + 'x' * 5000 + '/l'):
            status, body = server.connect().post(path, b'')
            assert status == 500 and body.startswith(b'1'), (path, status, body)
        alive(server)


def test_bad_heads():
    dice = random.Random(SEED)
    with Running() as server:
        whole = b'POST /rpush/l HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n' + frame(b'x')
        assert ask(server, whole).endswith(b'\r\n\r\n\0')
        for data in (b'', b'\r\n', b'\0' * 100, b'POST\r\n\r\n', b'POST /llen/l\r\n\r\n',
                     b'POST /llen/l HTTP/9.9\r\n\r\n',
                     b'POST  /llen/l HTTP/1.1\r\n\r\n', b'POST /llen/%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n',
                     b'POST /llen/l HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
                     b'POST /llen/l HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
                     b'POST /llen/l HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
                     b'POST /llen/l HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n',
                     b'POST /llen/l HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
                     b'POST /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc'):
            ask(server, data)
        for _ in range(300):
            data = bytearray(whole)
            for _ in range(dice.randrange(1, 6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            ask(server, bytes(data[:dice.randrange(1, len(data) + 1)]))
        alive(server)


def test_big_head():
    """A head that does not end is not kept for ever."""
    with Running() as server:
        with server.socket() as peer:
            line = b'X-More: ' + b'x' * 1000 + b'\r\n'
            assert send(peer, b'POST /llen/l HTTP/1.1\r\n')
            sent = 0
            while send(peer, line * 100):
                sent += 100000
                assert sent < 64 * MIB, 'the server takes a head of any size'
        alive(server)


def test_big_body():
    """64 MiB are let in, a byte more is not, whether the length is told or not."""
    with Running('--sync=none') as server:
        client = server.connect()
        value = b'v' * (64 * MIB - 4)
        status, body = client.post('/hmget/m', u32(len(value)) + value)
        assert (status, body) == (200, b'\0\0'), (status, body[:100])
        client = server.connect()
        status, body = client.post('/hmget/m', u32(len(value)) + value + b'x')
        assert (status, body[:1]) == (500, b'4'), (status, body[:100])
        client.close()

        client = server.connect()
        chunks = (b'x' * MIB for _ in range(65))
        client.http.request('POST', '/hmget/m', chunks, encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
        reply = client.http.getresponse()
        assert (reply.status, reply.read()[:1]) == (500, b'4')

        with server.socket() as peer:
            send(peer, b'POST /hmget/m HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
            sent = 0
            while send(peer, b'100000\r\n' + b'x' * MIB + b'\r\n'):
                sent += 1
                assert sent < 1000, 'the server takes a body of any size'
        alive(server)


def test_chunks():
    """A body in chunks, one byte each."""
    with Running() as server:
        client = server.connect()
        body = frame(b'abc', b'def')
        client.http.request('POST', '/rpush/l', (bytes([byte]) for byte in body), encode_chunked=True,
                            headers={'Transfer-Encoding': 'chunked'})
        assert client.http.getresponse().read() == b'\0'
        assert client.call('lrange', 'l', u32(0), u32(9)) == body


def test_expect():
    with Running() as server:
        with server.socket() as peer:
            peer.sendall(b'POST /rpush/l HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
            assert peer.recv(4096).startswith(b'HTTP/1.1 100')
            peer.sendall(frame(b'x'))
            assert peer.recv(4096).startswith(b'HTTP/1.1 200')


def test_many_at_once():
    """Many requests in one packet are answered one after the other, in order."""
    with Running() as server:
        body = frame(b'n', b'1')
        request = b'POST /hincrby/m HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(body) + body
        with server.socket() as peer:
            peer.sendall(request * 200)
            replies = b''
            while replies.count(b'HTTP/1.1 200') < 200 or not replies.endswith(b'\0'):
                more = peer.recv(65536)
                assert more, replies[-200:]
                replies += more
        assert server.connect().call('hget', 'm', b'n') == b'200'


def test_gone_before_the_answer():
    """Who hangs up leaves nothing behind, at whatever moment."""
    with Running() as server:
        body = frame(b'x' * 100)
        request = b'POST /rpush/l HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % len(body) + body
        wait = b'POST /wait/m HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n' + frame(b'\0' * 8, u32(60000))
        for length in range(1, len(request), 3):
            with server.socket() as peer:
                peer.sendall(request[:length])
        for _ in range(50):
            for data in (request, wait, request * 3):
                with server.socket() as peer:
                    peer.sendall(data)
        alive(server)


def test_many_connections():
    """More than are let in: those are sent away, the others are served, and places get free again."""
    with Running() as server:
        peers = [server.socket() for _ in range(1100)]
        away = 0
        for peer in peers:
            peer.settimeout(PATIENCE)
            if not send(peer, b'POST /llen/l HTTP/1.1\r\nHost: x\r\n\r\n'):
                away += 1
                continue
            try:
                away += not peer.recv(4096)
            except ConnectionError:
                away += 1
        assert 0 < away < 200, away
        for peer in peers:
            peer.close()
        alive(server)


def held_body(server, length, missing=1):
    """A request whose body is almost there."""
    peer = server.socket()
    peer.sendall(b'POST /hmget/m HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n' % length)
    peer.sendall(u32(length - 4) + b'x' * (length - 4 - missing))
    return peer


def answer_to(peer, rest):
    peer.sendall(rest)
    reply = b''
    while not reply.endswith((b'\0\0', b'try again')):
        more = peer.recv(65536)
        assert more, reply
        reply += more
    return reply


def test_bodies_together():
    """256 MiB of bodies are held, what would be more is refused, small ones are not; and there is room again."""
    with Running('--sync=none') as server:
        peers = [held_body(server, 63 * MIB) for _ in range(4)]
        late = held_body(server, 8 * MIB)
        reply = answer_to(late, b'x')
        assert reply.startswith(b'HTTP/1.1 503 ') and b'Connection: close' in reply, reply
        assert late.recv(1) == b''
        alive(server)
        chunks = server.connect()
        chunks.http.request('POST', '/hmget/m', (b'x' * MIB for _ in range(8)), encode_chunked=True,
                            headers={'Transfer-Encoding': 'chunked'})
        assert chunks.http.getresponse().status == 503

        for peer in peers[:2]:
            assert answer_to(peer, b'x').startswith(b'HTTP/1.1 200 ')
        peers[2].close()
        for _ in range(3):
            with held_body(server, 60 * MIB) as again:
                assert answer_to(again, b'x').startswith(b'HTTP/1.1 200 ')
        assert answer_to(peers[3], b'x').startswith(b'HTTP/1.1 200 ')
        for peer in (late, peers[0], peers[1], peers[3]):
            peer.close()
        chunks.close()


def test_idle():
    """Whose request does not come, and who does not read his answer, is let go; who asks or waits is not."""
    with Running('--sync=none', '--idle-timeout=1') as server:
        client, waiter = server.connect(), server.connect()
        client.call('rpush', 'l', b'x' * (16 * MIB))
        version = waiter.call('wait', 'm', b'\0' * 8, u32(0))
        waiter.http.request('POST', '/wait/m', frame(version, u32(60000)))
        idle = [server.socket() for _ in range(3)]
        idle[1].sendall(b'POST /llen/l HTT')
        idle[2].sendall(b'POST /rpush/l HTTP/1.1\r\nContent-Length: 9\r\n\r\n\0\0')
        deaf = server.socket()
        deaf.sendall(b'POST /lindex/l HTTP/1.1\r\nContent-Length: 12\r\n\r\n' + frame(b'\0' * 8))
        for peer in idle:
            peer.setblocking(False)
        while idle:
            client.call('llen', 'l')
            for peer in list(idle):
                try:
                    assert peer.recv(1) == b''
                except BlockingIOError:
                    continue
                idle.remove(peer)
                peer.close()
        while n_connections(server) > 2:
            client.call('llen', 'l')
        client.call('hset', 'm', b'f', b'v')
        reply = waiter.http.getresponse().read()
        assert len(reply) == 9 and reply[1:] != version
        deaf.close()


def n_descriptors(server):
    return len(os.listdir('/proc/%d/fd' % server.popen.pid))


def n_connections(server):
    """Those that the kernel holds for the server, as far as they are not closed on its side."""
    with open('/proc/net/tcp', encoding='ascii') as table:
        rows = [line.split() for line in table][1:]
    return sum(row[1].endswith(':%04X' % server.port) and row[3] == '01' for row in rows)


def test_descriptors():
    """A connection that its client closes is let go: between two requests, in one, before the first."""
    with Running() as server:
        alive(server)
        before = n_descriptors(server)
        for _ in range(100):
            alive(server)
            for data in (b'', b'POST /llen', b'POST /llen/l HTTP/1.1\r\nContent-Length: 9\r\n\r\nx'):
                with server.socket() as peer:
                    send(peer, data)
        waits = [server.connect() for _ in range(20)]
        version = waits[0].call('wait', 'm', b'\0' * 8, u32(0))
        for wait in waits:
            wait.http.request('POST', '/wait/m', frame(version, u32(60000)))
        alive(server)
        for wait in waits:
            wait.close()
        client = server.connect()
        client.call('llen', 'l')
        for _ in range(50000):
            client.call('llen', 'l')
            if n_descriptors(server) <= before + 1:
                return
        raise AssertionError('%d descriptors are open, %d were' % (n_descriptors(server), before))


# --- waiting ---

def version_of(client, name, *kind):
    return client.call('wait', name, b'\0' * 8, u32(0), *kind)


def test_wait():
    with Running() as server:
        client, waiter = server.connect(), server.connect()
        for kind, change in ((b'l', ('rpush', 'n', b'x')), (b'h', ('hset', 'n', b'f', b'v')),
                             (b'a', ('arpush', 'n', b'k', b'v'))):
            before = version_of(client, 'n', kind)
            assert waiter.call('wait', 'n', before, u32(1), kind) == before
            answers = []
            thread = threading.Thread(
                target=lambda: answers.append(waiter.call('wait', 'n', before, u32(60000), kind)))
            thread.start()
            client.call('hset', 'other', b'f', b'v')
            client.call('lpop', 'empty')
            client.call(*change)
            thread.join(PATIENCE)
            assert answers and answers[0] != before, kind
            assert struct.unpack('>Q', answers[0]) > struct.unpack('>Q', before)
        assert version_of(client, 'n') == version_of(client, 'n', b'h')


def test_wait_only_for_changes():
    """What changes nothing tells nobody; each command that changes something does."""
    with Running() as server:
        client = server.connect()
        client.call('hset', 'm', b'f', b'1')
        client.call('arpush', 'm', b'k', b'1')
        client.call('rpush', 'm', b'1', b'2')
        for kind, quiet in ((b'h', (('hget', b'f'), ('hdel', b'g'), ('hsetnx', b'f', b'2'), ('hlen',))),
                            (b'a', (('aget', b'k'), ('adel', b'g'), ('arpushnx', b'k', b'2'), ('alen',))),
                            (b'l', (('llen',), ('lrange', u32(0), u32(2)), ('ldel', u32(9))))):
            before = version_of(client, 'm', kind)
            for command, *arguments in quiet:
                client.call(command, 'm', *arguments)
            assert version_of(client, 'm', kind) == before, kind
        for kind, loud in ((b'h', (('hset', b'f', b'2'), ('hincrby', b'f', b'2'), ('hdel', b'f'), ('hset', b'f', b''),
                                   ('hrm',))),
                           (b'a', (('arpush', b'k', b'2'), ('alpush', b'l', b'2'), ('alpop',), ('aincrby', b'n', b'2'),
                                   ('adel', b'n'), ('arm',))),
                           (b'l', (('lpush', b'x'), ('rpop',), ('ldel', u32(0)), ('randpop',), ('rpush', b'x'),
                                   ('lrm',)))):
            for command, *arguments in loud:
                before = version_of(client, 'm', kind)
                client.call(command, 'm', *arguments)
                assert version_of(client, 'm', kind) != before, command
        before = version_of(client, 'm')
        client.call('txn', '-', b'!', b'm', b'none', b'@', b'm', b'none')
        assert version_of(client, 'm') == before
        client.call('txn', '-', b'=', b'm', b'f', b'1')
        assert version_of(client, 'm') != before


def test_wait_refused():
    with Running() as server:
        client = server.connect()
        for body, digit in ((b'', b'5'), (frame(b'\0' * 8), b'5'), (frame(b'\0' * 8, u32(1), b'h', b''), b'5'),
                            (frame(b'\0' * 7, u32(1)), b'6'), (frame(b'\0' * 8, b'1'), b'6'),
                            (frame(b'\0' * 8, u32(1), b'x'), b'6'), (frame(b'\0' * 8, u32(1))[:-1], b'4')):
            status, reply = client.post('/wait/m', body)
            assert (status, reply[:1]) == (500, digit), (body, reply)


def test_version_of_another_server():
    """A version that an earlier server told is none of this one."""
    with Running() as first:
        told = version_of(first.connect(), 'm')
    with Running() as second:
        assert second.connect().call('wait', 'm', told, u32(60000)) != told


if __name__ == '__main__':
    main(globals())
