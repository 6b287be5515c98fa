#!/usr/bin/python3
# test_examples.py - the demo as it was asked for, a program of the first version, and the examples
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import collections
import http.server
import os
import signal
import threading
import unittest
import urllib.parse

from chihuo._library import Chihuo
from fixture import Case, Eater, Program

EXAMPLES = os.environ['EXAMPLES']

DEMO = '''
from chihuo import ChihuoLoop
import chihuo

class MyTasksA(ChihuoLoop):
    NAME = "my-tasksA"
    CONCURRENCY = 10
    SERVER_CONFIG = "sqlite:tasks.db"       # or a path, or a dict, or SERVER_DEFAULT_CONFIG_PATH

    async def start(self):
        for i in range(10):
            await self.add_task((str(i), i ** 2))

    async def make_task(self, task_id, task):
        print(f"power of {task_id} is {task}")
        await self.task_finish(task_id)

class MyTasksB(MyTasksA):
    NAME = "my-tasksB"

import sys
sys.stdout.reconfigure(line_buffering=True)
chihuo.run(MyTasksA, MyTasksB)
'''

FIRST_VERSION = '''
import asyncio
import logging
from chihuo import ChihuoLoop, Direction
from chihuo.common import SERVER_DEFAULT_CONFIG_PATH
import chihuo

logging.basicConfig(level=logging.INFO)

class Tasks(ChihuoLoop):

    NAME = "tasks"  # The unique id for backend queue server
    CONCURRENCY = 1
    SERVER_CONFIG = SERVER_DEFAULT_CONFIG_PATH

    def __init__(self):
        super().__init__(run_forever=False)

    async def start(self):
        for id in range(3):
            await self.add_task((str(id), [id, id ** 2]), ("more-%d" % id, {"x": None}))
        await self.add_task((b"first", "text"), finished=True, ignore_running=True, direction=Direction.Reverse)
        await self.task_finish("gone")
        await self.add_task(("gone", 1))
        await self.add_task(("gone", 2), finished=False)
        assert await self.task_exists("gone") and not await self.task_finished("gone")

    async def make_task(self, task_id, task):
        assert self.length() == 1 and self.concurrency == 1 and not self.stop
        await self.sleep(0.01)
        print(task_id, task)
        await self.task_finish(task_id)
        await self.task_unfinish(task_id)


chihuo.run(Tasks)
'''


class Programs(Case):
    def test_the_demo(self):
        folder = self.folder()
        program = Program(DEMO, cwd=folder, head='')
        lines = program.wait_lines(20)
        program.child.send_signal(signal.SIGINT)
        program.wait(0)
        self.assertEqual(program.errors, '')
        expected = ['power of %d is %d' % (i, i * i) for i in range(10)]
        self.assertEqual(sorted(lines), sorted(2 * expected))
        config = 'sqlite:' + os.path.join(folder, 'tasks.db')
        for name in 'my-tasksA', 'my-tasksB':
            loop = Eater(name=name, server_config=config)
            self.assertTrue(all(loop.task_finished(str(i)) for i in range(10)))

    def test_one_of_the_first_version(self):
        folder = self.folder()
        with open(os.path.join(folder, 'server.config'), 'w', encoding='utf-8') as file:
            file.write('backend=sqlite\npath=tasks.db\n')
        lines = Program(FIRST_VERSION, cwd=folder, head='').wait(0)
        self.assertEqual(collections.Counter(lines),
                         collections.Counter(['%d [%d, %d]' % (i, i, i * i) for i in range(3)]
                                             + ["more-%d {'x': None}" % i for i in range(3)]
                                             + ['first text', 'gone 2']))

    def example(self, name, *arguments, cwd):
        with open(os.path.join(EXAMPLES, name), encoding='utf-8') as file:
            return Program(file.read(), *arguments, cwd=cwd, head='')

    def test_squares(self):
        os.environ['PYTHONUNBUFFERED'] = '1'
        self.addCleanup(os.environ.pop, 'PYTHONUNBUFFERED')
        program = self.example('squares.py', cwd=self.folder())
        lines = program.wait_lines(20)
        program.child.send_signal(signal.SIGINT)
        program.wait(0)
        self.assertEqual(program.errors, '')
        self.assertEqual(sorted(lines), sorted(['power of %d is %d' % (i, i ** 2) for i in range(10)]
                                               + ['third power of %d is %d' % (i, i ** 3) for i in range(10)]))

    def test_a_backend_in_python(self):
        program = Program('''
sys.path.insert(0, %r)
import own_backend
from gi.repository import Gio, Chihuo
Gio.io_extension_point_register(Chihuo.BACKEND_EXTENSION_POINT)
Gio.io_extension_point_implement(Chihuo.BACKEND_EXTENSION_POINT, own_backend.DictBackend.__gtype__, 'dict', 0)

class Plain(ChihuoLoop):
    NAME = 'plain'
    CONCURRENCY = 8
    SERVER_CONFIG = 'dict:'
    def start(self):
        self.add_task(*((str(i), i) for i in range(50)))
    def make_task(self, task_id, task):
        self.task_finish(task_id)

class Async(Plain):
    NAME = 'async'
    async def start(self):
        await self.add_task(*((str(i), i) for i in range(50)))
    async def make_task(self, task_id, task):
        await self.sleep(0)
        await self.task_finish(task_id)

loops = [kind(run_forever=False) for kind in (Plain, Async)]
print(chihuo.run(*loops), all(loop.task_finished('49') for loop in loops), [loop.n_done for loop in loops])
''' % EXAMPLES, cwd=self.folder())
        self.assertEqual(program.wait(0), ['0 True [50, 50]'])


class Server(http.server.BaseHTTPRequestHandler):
    """Pages of all kinds. One is good at the second visit only."""

    visits = collections.Counter()
    lock = threading.Lock()

    def do_GET(self):
        with self.lock:
            self.visits[self.path] += 1
            again = self.visits[self.path] > 1
        headers = {}
        status = 404 if self.path == '/gone' else 200
        if self.path == '/busy' and not again:
            status, headers = 503, {'Retry-After': '0'}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b'page ' + self.path.encode())

    def log_message(self, *_):
        pass


class Fetch(Case):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Server)
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Server.visits.clear()
        os.environ['FETCH_PAUSE'] = '0.01'
        self.addCleanup(os.environ.pop, 'FETCH_PAUSE')

    def fetch(self, folder, urls):
        with open(os.path.join(folder, 'list'), 'w', encoding='utf-8') as file:
            file.write('\n'.join(urls))
        with open(os.path.join(EXAMPLES, 'fetch.py'), encoding='utf-8') as file:
            Program(file.read(), 'list', 'pages', cwd=folder, head='').wait(0)

    def test_pages_of_all_kinds(self):
        folder = self.folder()
        base = 'http://127.0.0.1:%d' % self.server.server_port
        urls = [base + '/%d' % i for i in range(20)] + [base + '/busy', base + '/gone']
        self.fetch(folder, urls)
        for url in urls[:-1]:
            with open(os.path.join(folder, 'pages', urllib.parse.quote(url, safe='')), 'rb') as file:
                self.assertEqual(file.read(), b'page ' + url[len(base):].encode())
        loop = Eater(name='fetch', server_config='sqlite:' + os.path.join(folder, 'pages/queue.db'))
        self.assertEqual(list(loop.dead()), [base + '/gone'])
        self.assertEqual(Server.visits, collections.Counter(['/%d' % i for i in range(20)] + 2 * ['/busy'] + ['/gone']))

        self.fetch(folder, urls + [base + '/new'])
        self.assertEqual(Server.visits['/new'], 1)
        self.assertEqual(sum(Server.visits.values()), 24)

    def test_a_server_that_is_not_there(self):
        folder = self.folder()
        os.makedirs(os.path.join(folder, 'pages'))
        loop = Eater(name='fetch', server_config='sqlite:' + os.path.join(folder, 'pages/queue.db'))
        loop.add_task(('http://127.0.0.1:1/', {}), max_tries=1)
        self.fetch(folder, [])
        self.assertIn('URLError', loop.dead()['http://127.0.0.1:1/'])
        self.assertEqual(loop.queue.look('http://127.0.0.1:1/').get_state(), Chihuo.TaskState.DEAD)


if __name__ == '__main__':
    unittest.main()
