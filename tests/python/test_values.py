#!/usr/bin/python3
# test_values.py - ids, infos and configurations go to the library and come back
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import json
import os
import pathlib
import unittest

import chihuo
from chihuo import _values
from chihuo.common import SERVER_DEFAULT_CONFIG_PATH
from fixture import Case, Eater

GOOD = [None, True, False, 0, -1, 2 ** 53 + 1, 10 ** 30, 1.5, -0.0, 1e300, '', 'plain', 'ünï\u2028 🎂', '"\\\n\t\x01\0',
        [], [[]], {}, {'a': {'b': [1, None]}}, {'': 0}, {'ключ': [True]}, ['x'] * 1000]


class Echo(Eater):
    def make_task(self, task_id, task):
        self.seen.append((task_id, task))


class Infos(Case):
    def test_they_come_back(self):
        loop = Echo(concurrency=1)
        loop.add_task(*((str(i), info) for i, info in enumerate(GOOD)))
        self.assertEqual(chihuo.run(loop), 0)
        self.assertEqual(loop.seen, [(str(i), info) for i, info in enumerate(GOOD)])
        self.assertEqual([type(info) for _, info in loop.seen], [type(info) for info in GOOD])

    def test_a_tuple_is_a_list_and_a_number_a_key(self):
        loop = Echo()
        loop.add_task(('a', (1, (2,))), ('b', {1: 2}))
        chihuo.run(loop)
        self.assertEqual(sorted(loop.seen), [('a', [1, [2]]), ('b', {'1': 2})])

    def refused(self, info, *words):
        loop = Echo()
        with self.assertRaises(TypeError) as raised:
            loop.add_task(('good', 1), ('bad', info))
        self.assertIn("info of task 'bad'", str(raised.exception))
        for word in words:
            self.assertIn(word, str(raised.exception))
        self.assertFalse(loop.task_exists('good'), 'one of both was added')

    def test_what_json_cannot_hold(self):
        self.refused({1, 2}, 'set')
        self.refused({'a': [0, {'b': object()}]}, "info['a'][1]['b'] is of type object")
        self.refused([b'bytes'], 'info[0] is of type bytes')
        self.refused(float('nan'), 'nan')
        self.refused([float('-inf')], 'info[0] is -inf')
        self.refused({(1, 2): 3}, 'key of type tuple')
        self.refused('\ud800', 'half a character')
        self.refused({'\udfff': 1}, 'half a character')
        self.refused(Ellipsis, 'ellipsis')

    def test_circles_and_depth(self):
        circle = [1]
        circle.append({'deeper': circle})
        self.refused(circle, "info[1]['deeper'] contains itself")
        deep = 1
        for _ in range(100000):
            deep = [deep]
        self.refused(deep, 'nested')

    def test_too_deep_and_too_large(self):
        loop = Echo()
        deep = 1
        for _ in range(129):
            deep = [deep]
        for info in deep, 'x' * (1 << 20):
            with self.assertRaises(chihuo.Error) as raised:
                loop.add_task(('a', info))
            self.assertEqual(raised.exception.code, chihuo.ErrorCode.TOO_LARGE)
        loop.add_task(('a', deep[0]))


class Ids(Case):
    def test_text_and_bytes_are_the_same(self):
        loop = Echo()
        self.assertEqual(loop.add_task((b'a', 1)), [chihuo.AddResult.ADDED])
        self.assertEqual(loop.add_task(('a', 1)), [chihuo.AddResult.EXISTS])
        self.assertEqual(loop.add_task(('ü'.encode(), 1), ('ü', 2)), [chihuo.AddResult.ADDED, chihuo.AddResult.EXISTS])
        self.assertTrue(loop.task_exists(b'a'))
        chihuo.run(loop)
        self.assertEqual(sorted(loop.seen), [('a', 1), ('ü', 1)])

    def test_an_id_of_another_type(self):
        loop = Echo()
        for call in loop.task_finish, loop.task_unfinish, loop.task_finished, loop.task_exists, \
                lambda bad: loop.add_task((bad, 1)):
            for bad in 3, None, 1.5, ('a',):
                with self.assertRaisesRegex(TypeError, 'task id .* is of type .*: expected str or bytes'):
                    call(bad)

    def test_bad_text(self):
        loop = Echo()
        for bad in b'\xff', 'a\0b', '\ud800':
            with self.assertRaisesRegex(ValueError, 'UTF-8'):
                loop.add_task((bad, 1))
        for bad, code in (('', chihuo.ErrorCode.INVALID), ('a' * 4097, chihuo.ErrorCode.TOO_LARGE)):
            with self.assertRaises(chihuo.Error) as raised:
                loop.add_task((bad, 1))
            self.assertEqual(raised.exception.code, code)
        loop.add_task(('a' * 4096, 1))

    def test_no_pairs(self):
        loop = Echo()
        for bad in 'ab', 3, ('a',), ('a', 1, 2), {'a': 1}:
            with self.assertRaisesRegex(TypeError, 'no pair: expected .task_id, info.'):
                loop.add_task(bad)
        self.assertEqual(loop.add_task(), [])


class Configs(Case):
    def test_a_dict(self):
        path = os.path.join(self.folder(), 'q.db')
        loop = Echo(server_config={'backend': 'sqlite', 'path': path})
        self.assertEqual(json.loads(loop.server_config), {'backend': 'sqlite', 'path': path})
        loop.add_task(('a', 1))
        self.assertTrue(os.path.exists(path))
        self.assertTrue(Echo(server_config='sqlite:' + path).task_exists('a'))

    def test_a_path(self):
        folder = pathlib.Path(self.folder())
        (folder / 'mine.config').write_text('backend=sqlite\npath=%s\n' % (folder / 'q.db'))
        Echo(server_config=folder / 'mine.config').add_task(('a', 1))
        self.assertTrue((folder / 'q.db').exists())

    def test_bad_ones(self):
        for bad in 3, ['memory:'], b'memory:':
            with self.assertRaisesRegex(TypeError, 'server_config is of type'):
                Echo(server_config=bad)
        for bad in 'nowhere:x', '/no/such/file', {'backend': 'sqlite', 'pfad': 'x'}:
            loop = Echo(server_config=bad)
            with self.assertRaises(chihuo.Error) as raised:
                loop.add_task(('a', 1))
            self.assertEqual(raised.exception.code, chihuo.ErrorCode.CONFIG)

    def test_the_default_file(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder())
        url = os.environ.pop('CHIHUO_URL', None)
        if url is not None:
            self.addCleanup(os.environ.__setitem__, 'CHIHUO_URL', url)

        self.assertIsNone(_values.resolve_config(None))
        with self.assertRaisesRegex(chihuo.Error, 'server.config'):
            Echo(server_config=SERVER_DEFAULT_CONFIG_PATH).add_task(('a', 1))

        pathlib.Path('server.config').write_text('backend=memory\n')
        for config in None, SERVER_DEFAULT_CONFIG_PATH:
            self.assertTrue(_values.resolve_config(config).endswith('server.config'), config)
        Echo(server_config=SERVER_DEFAULT_CONFIG_PATH).add_task(('a', 1))
        os.environ['CHIHUO_URL'] = 'memory:x'
        self.addCleanup(os.environ.pop, 'CHIHUO_URL')
        self.assertIsNone(_values.resolve_config(None))


if __name__ == '__main__':
    unittest.main()
