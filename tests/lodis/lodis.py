# lodis.py - a server that runs, requests to it, and the frame of a test program
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import http.client
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import traceback

# RocksDB is not instrumented: ThreadSanitizer is to judge what the server's own code does, on whatever thread
TSAN_OPTIONS = os.environ.get('TSAN_OPTIONS', '') + ':ignore_noninstrumented_modules=1'

# Only something that hangs ever waits this long
PATIENCE = 120

LODIS = os.environ.get('LODIS', 'lodis')


def u32(number):
    return struct.pack('>I', number)


def i64(number):
    return struct.pack('>q', number)


def frame(*arguments):
    return b''.join(u32(len(argument)) + argument for argument in arguments)


class Refused(Exception):
    """A reply that is an error; digit is the first byte of its body."""

    def __init__(self, body):
        super().__init__(body.decode('utf-8', 'replace'))
        self.digit = body[:1].decode('ascii', 'replace')


class Client:
    """One connection, kept alive."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection('127.0.0.1', port, timeout=PATIENCE)

    def post(self, path, body, **headers):
        self.http.request('POST', path, body, headers)
        reply = self.http.getresponse()
        return reply.status, reply.read()

    def raw(self, command, name, body):
        """The content of the reply to these bytes, or Refused."""
        status, reply = self.post('/%s/%s' % (command, name), body)
        assert status in (200, 500), (status, reply)
        if status == 500:
            assert reply[:1] in (b'1', b'2', b'3', b'4', b'5', b'6') and b'\n' not in reply, reply
            raise Refused(reply)
        assert reply[:1] == b'\0', reply
        return reply[1:]

    def call(self, command, name, *arguments):
        return self.raw(command, name, frame(*arguments))

    def close(self):
        self.http.close()


class Server:
    """A server on a port of its own; what it says on stdout is awaited, so nothing sleeps."""

    def __init__(self, path, *flags, program=LODIS, port=0, preexec_fn=None, **environment):
        self.path = path
        self.errors = tempfile.TemporaryFile()
        self.popen = subprocess.Popen([program, '--db-path', path, '--listen', '127.0.0.1:%d' % port, *flags],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                      preexec_fn=preexec_fn,
                                      env=os.environ | {'TSAN_OPTIONS': TSAN_OPTIONS} | environment)
        self.line = self._read_line()
        found = re.search(r'listening on 127\.0\.0\.1:(\d+),', self.line)
        if found is None:
            self.popen.wait(PATIENCE)
            raise AssertionError('%r does not listen: %s' % (self.line, self.said()))
        self.port = int(found.group(1))

    def _read_line(self):
        ready, _, _ = select.select([self.popen.stdout], [], [], PATIENCE)
        return self.popen.stdout.readline().decode() if ready else ''

    def connect(self):
        return Client(self.port)

    def socket(self):
        return socket.create_connection(('127.0.0.1', self.port), timeout=PATIENCE)

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode('utf-8', 'replace')

    def resident(self):
        """MiB of memory."""
        with open('/proc/%d/status' % self.popen.pid, encoding='ascii') as status:
            return int(re.search(r'VmRSS:\s*(\d+) kB', status.read()).group(1)) / 1024

    def kill(self):
        self.popen.send_signal(signal.SIGKILL)
        self.end(-signal.SIGKILL)

    def stop(self, number=signal.SIGTERM):
        self.popen.send_signal(number)
        self.end(0)

    def end(self, status):
        got = self.popen.wait(PATIENCE)
        said = self.said()
        self.popen.stdout.close()
        self.errors.close()
        assert got == status, 'ended with %d, not %d: %s' % (got, status, said)
        assert said == '', said


class Folder:
    """A folder for one test, gone at its end."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix='lodis-')

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


class Running:
    """with Running() as server: it has to have ended well at the end."""

    def __init__(self, *flags):
        self.flags = flags

    def __enter__(self):
        self.folder = Folder()
        self.server = Server(os.path.join(self.folder.path, 'db'), *self.flags)
        return self.server

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.server.stop()
            elif self.server.popen.poll() is None:
                self.server.popen.kill()
                self.server.popen.wait()
        finally:
            shutil.rmtree(self.folder.path, ignore_errors=True)


def note(text):
    print('# ' + text, flush=True)


def main(tests):
    """Runs the functions whose names begin with test_, as TAP; arguments choose among them."""
    chosen = [name for name in tests if name.startswith('test_')]
    wanted = [word for word in sys.argv[1:] if word.startswith('test_')]
    chosen = [name for name in chosen if not wanted or name in wanted]
    print('1..%d' % len(chosen))
    failed = 0
    for number, name in enumerate(chosen, 1):
        try:
            tests[name]()
            print('ok %d %s' % (number, name), flush=True)
        except Exception:   # pylint: disable=broad-except
            failed += 1
            print('not ok %d %s' % (number, name))
            note(traceback.format_exc().replace('\n', '\n# '))
    sys.exit(1 if failed else 0)
