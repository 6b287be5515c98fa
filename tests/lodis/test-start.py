#!/usr/bin/env python3
# test-start.py - how the server starts, what it says when it cannot, and how it ends
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re
import signal
import socket
import struct
import subprocess

from lodis import Folder, LODIS, PATIENCE, Running, Server, frame, main, note, u32

CONFIG, CANTCREAT = 78, 73
FIRST_VERSION = 'LODIS_DB_PATH=/data/test-lodis LODIS_IP_PORT="127.0.0.1:8311" nohup lodis &'


def start(*flags, user=None, **variables):
    """Runs it to its end, which has to come by itself."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith('LODIS')} | variables
    return subprocess.run([LODIS, *flags], env=environment, capture_output=True, text=True, timeout=PATIENCE,
                          check=False, user=user, stdin=subprocess.DEVNULL)


def fails(status, word, *flags, **how):
    """One line, which holds a word, and an exit status."""
    done = start(*flags, **how)
    assert done.returncode == status, (flags, done)
    assert done.stdout == '' and done.stderr.startswith('lodis: ') and done.stderr.count('\n') == 1, done
    assert word in done.stderr and not done.stderr.endswith('.\n'), (word, done.stderr)


def test_wrong_configuration():
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        here = {'LODIS_DB_PATH': path, 'LODIS_IP_PORT': '127.0.0.1:0'}
        fails(CONFIG, 'LODIS_DB_PATH', LODIS_IP_PORT='127.0.0.1:0')
        fails(CONFIG, 'LODIS_DB_PATH', LODIS_DB_PATH='', LODIS_IP_PORT='127.0.0.1:0')
        fails(CONFIG, 'LODIS_IP_PORT', LODIS_DB_PATH=path)
        for address in ('8311', '127.0.0.1', '127.0.0.1:', '127.0.0.1:65536', '127.0.0.1:-1', ':8311',
                        'nowhere.example:1', '::1:8311', '127.0.0.1:8311x', '127.0.0.1: 1', '[127.0.0.1:1'):
            fails(CONFIG, 'such as 127.0.0.1:8311', LODIS_DB_PATH=path, LODIS_IP_PORT=address)
        fails(CONFIG, 'always, interval or none', '--sync=often', **here)
        for seconds in ('0', '-1', 'x', '', '86401'):
            fails(CONFIG, 'from 1 to 86400', '--idle-timeout=' + seconds, **here)
        for workers in ('0', 'x', '-1', ''):
            fails(CONFIG, 'LODIS_WORKERS', LODIS_WORKERS=workers, **here)
        fails(CONFIG, '--help', 'start', **here)
        fails(CONFIG, '--dance', '--dance', **here)
        for address in ('0.0.0.0:0', '[::]:0', '192.0.2.1:0'):
            fails(CONFIG, '--insecure-listen', '--listen', address, LODIS_DB_PATH=path)
        assert os.listdir(folder) == []


def test_folder():
    with Folder() as folder:
        flags = ('--listen', '127.0.0.1:0', '--db-path')
        file = os.path.join(folder, 'file')
        with open(file, 'w', encoding='ascii') as out:
            out.write('something else')
        fails(CANTCREAT, file, *flags, file)
        fails(CANTCREAT, file, *flags, os.path.join(file, 'db'))
        fails(CANTCREAT, '/proc/nothing', *flags, '/proc/nothing/db')

        closed = os.path.join(folder, 'closed')
        os.mkdir(closed, 0o555)
        os.chmod(folder, 0o755)
        user = 65534 if os.geteuid() == 0 else None
        fails(CANTCREAT, closed, *flags, closed, user=user)
        fails(CANTCREAT, closed, *flags, os.path.join(closed, 'db'), user=user)


def test_two_servers():
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        first = Server(path)
        fails(CANTCREAT, 'lock', '--db-path', path, '--listen', '127.0.0.1:0')
        fails(CANTCREAT, '127.0.0.1:%d' % first.port, '--db-path', path + '2', '--listen', '127.0.0.1:%d' % first.port)
        first.connect().call('rpush', 'l', b'x')
        first.stop()
        Server(path).stop()


def test_flags():
    done = start('--version')
    assert done.returncode == 0 and re.fullmatch(r'lodis \d+\.\d+\.\d+\n', done.stdout), done
    done = start('--help')
    assert done.returncode == 0, done
    for word in ('--db-path', '--listen', '--sync', '--idle-timeout', '--insecure-listen', '--version', 'LODIS_DB_PATH',
                 'LODIS_IP_PORT'):
        assert word in done.stdout, word


def test_flag_before_variable():
    with Folder() as folder:
        server = Server(os.path.join(folder, 'flag'), '--sync=interval', LODIS_DB_PATH=os.path.join(folder, 'variable'),
                        LODIS_IP_PORT='nonsense', LODIS_WORKERS='4')
        assert server.line.endswith('sync=interval\n'), server.line
        server.stop()
        assert os.listdir(folder) == ['flag']


def test_insecure_and_ipv6():
    with Folder() as folder:
        flags = ('--db-path', os.path.join(folder, 'db'), '--listen')
        for address, more in (('0.0.0.0:0', ('--insecure-listen',)), ('[::1]:0', ())):
            if address.startswith('[') and not os.path.exists('/proc/net/if_inet6'):
                continue
            with subprocess.Popen([LODIS, *flags, address, *more], stdout=subprocess.PIPE, text=True) as popen:
                assert 'listening on ' + address[:-1] in popen.stdout.readline()
                popen.send_signal(signal.SIGTERM)
                assert popen.wait(PATIENCE) == 0


def in_shell(line, path):
    """Runs a line of shell, and more behind it: the server is asked, and its process interrupted."""
    ask = ('server=$!; i=0; '
           'while ! curl -s http://127.0.0.1:8311/; do i=$((i+1)); [ $i -lt 500 ] || exit 9; sleep 0.02; done; '
           'printf "\\000\\000\\000\\001x" | curl -s --data-binary @- http://127.0.0.1:8311/rpush/l; '
           'curl -s -X POST http://127.0.0.1:8311/llen/l | od -An -tu1; '
           'kill -TERM $server; wait $server; echo ended $?')
    prepare = 'ip link set lo up; '
    alone = ['unshare', *([] if os.geteuid() == 0 else ['-r']), '-n']
    return subprocess.run([*alone, 'sh', '-c', prepare + line + '\n' + ask],
                          env=os.environ | {'PATH': path + ':' + os.environ['PATH']}, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL)


def test_first_version():
    """The first version's line, word for word, in a network of its own; with another path where /data may not be."""
    line, made = FIRST_VERSION, []
    with Folder() as folder:
        try:
            for path in ('/data', '/data/test-lodis'):
                if path == '/data/test-lodis' or not os.path.isdir(path):
                    os.mkdir(path)
                    made.append(path)
        except OSError:
            line = line.replace('/data/', folder + '/')
        try:
            done = in_shell(line, os.path.dirname(os.path.abspath(LODIS)))
            said = done.stdout
            assert '"commands":["txn","range","wait"]' in said and 'ended 0' in said, done
            assert re.search(r'\b0 +0 +0 +0 +1\n', said), done
            assert line == FIRST_VERSION or os.geteuid() != 0 or not made, 'the line was changed'
        finally:
            for path in reversed(made):
                if path.endswith('lodis'):
                    subprocess.run(['rm', '-r', path], check=True)
                else:
                    os.rmdir(path)


def test_small():
    """An empty database, the first requests answered."""
    with Running() as server:
        client = server.connect()
        client.call('arpushnx', 'q', b'k', b'v')
        assert client.call('alpop', 'q')
        note('%.1f MiB resident' % server.resident())
        if 'sanitized' not in os.environ.get('LODIS_BUILD', ''):
            assert server.resident() <= 30


def look(client):
    return client.call('lrange', 'l', u32(0), u32(99)), client.call('hgetall', 'm'), client.call('aall', 'a')


def test_restart():
    """All three kinds, holes included, and the lease clock, which does not go back or on."""
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        server = Server(path)
        client = server.connect()
        client.call('rpush', 'l', *[b'%d' % i for i in range(10)])
        client.call('ldel', 'l', u32(4))
        client.call('ldel', 'l', u32(4))
        client.call('hmset', 'm', b'a', b'1', b'b', b'2')
        client.call('arpush', 'a', b'k', b'v', b'l', b'w', b'm', b'x')
        client.call('adel', 'a', b'l')
        client.call('lpush', 'gone', *[b'%d' % i for i in range(3000)])
        client.call('lrm', 'gone')
        before = look(client)
        clock = struct.unpack('>Q', client.call('txn', '-', b'=', b'm', b'c', b'3', b'-', b'm', b'c')[9:17])[0]
        server.stop()
        server = Server(path)
        client = server.connect()
        assert before == look(client)
        assert client.call('llen', 'gone') == u32(0)
        later = struct.unpack('>Q', client.call('txn', '-', b'@', b'm', b'c')[9:17])[0]
        assert clock <= later < clock + PATIENCE * 10 ** 6, (clock, later)
        server.stop()


def test_drain():
    """SIGTERM: what is under way is answered, who waits is told, an idle connection does not hold it up."""
    with Running() as server:
        idle = server.socket()
        waiting = server.connect()
        version = waiting.call('wait', 'm', b'\0' * 8, u32(0))
        waiting.http.request('POST', '/wait/m', frame(version, u32(60000)))
        half = server.socket()
        half.sendall(b'POST /rpush/l HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n\0\0')
        client = server.connect()
        client.call('llen', 'l')     # answered behind the two, so both are there
        server.popen.send_signal(signal.SIGTERM)
        assert waiting.http.getresponse().read() == b'\0' + version
        half.sendall(b'\0\1x')
        reply = b''
        while not reply.endswith(b'\0\0'):
            more = half.recv(4096)
            if not more:
                break
            reply += more
        assert reply.startswith(b'HTTP/1.1 200') and reply.endswith(b'\r\n\r\n\0'), reply
        idle.close()


def test_interrupt():
    with Folder() as folder:
        server = Server(os.path.join(folder, 'db'))
        server.stop(signal.SIGINT)


def test_port_is_free_again():
    """A server can be started again at once on the port of one that was killed."""
    with Folder() as folder:
        path = os.path.join(folder, 'db')
        first = Server(path)
        client = first.connect()
        client.call('rpush', 'l', b'x')
        first.kill()
        again = [LODIS, '--db-path', path, '--listen', '127.0.0.1:%d' % first.port]
        with subprocess.Popen(again, stdout=subprocess.PIPE, text=True) as popen:
            assert 'listening' in popen.stdout.readline()
            with socket.create_connection(('127.0.0.1', first.port), PATIENCE):
                popen.send_signal(signal.SIGTERM)
                assert popen.wait(PATIENCE) == 0


if __name__ == '__main__':
    main(globals())
