#!/usr/bin/python3
# test-introspection.py - the typelib can be loaded, and says what the headers say
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import unittest

import gi

gi.require_version('Chihuo', '1')
from gi.repository import Chihuo, GLib  # noqa: E402 (the version comes first)


class Introspection(unittest.TestCase):
    def test_enums_have_types(self):
        self.assertEqual(Chihuo.TaskState.__gtype__.name, 'ChihuoTaskState')
        self.assertEqual(Chihuo.TaskState.DEAD.value_nick, 'dead')
        self.assertEqual(int(Chihuo.Answer.FINISHED), int(Chihuo.AddResult.FINISHED))

    def test_constants(self):
        self.assertEqual(Chihuo.ABANDONED_LEASE, 1000000)
        self.assertEqual(Chihuo.BACKEND_EXTENSION_POINT, 'chihuo-backend')

    def test_errors_can_be_told_apart(self):
        with self.assertRaises(GLib.Error) as raised:
            Chihuo.Config.new('{"backend": ')
        self.assertTrue(raised.exception.matches(Chihuo.error_quark(), Chihuo.Error.CONFIG), raised.exception)

    def test_boxed_values(self):
        payload = Chihuo.Payload.new('3', -1, '9', -1)
        self.assertEqual((payload.get_id(), payload.get_json()), ('3', '9'))

    def test_private_names_are_missing(self):
        for name in ('json_check', 'id_check', 'Keys', 'Store', 'Call', 'Engine', 'Treap'):
            self.assertFalse(hasattr(Chihuo, name), name)


if __name__ == '__main__':
    unittest.main()
