#!/usr/bin/python3
# own_backend.py - a backend of one's own, and a loop that eats from it, in Python
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import bisect
import sys

import gi

gi.require_version('Chihuo', '1')
from gi.repository import Chihuo, Gio, GLib  # noqa: E402 (the version comes first)


class DictBackend(Chihuo.SimpleBackend):
    """Keys, values and an index, in a dict and a list: gone with the process."""

    def __init__(self):
        super().__init__()
        self.values = {}  # (queue, key) -> (index, bytes)
        self.order = []   # (queue, index, key), sorted by bytes
        self.undo = []    # what the transaction has changed: (queue, key, what was there)

    def put(self, queue, key, new):
        old = self.values.pop((queue, key), None)
        if old and old[0] is not None:
            self.order.remove((queue, old[0].encode(), key))
        if new:
            self.values[queue, key] = new
            if new[0] is not None:
                bisect.insort(self.order, (queue, new[0].encode(), key))
        return old

    def do_load(self, queue, key):
        entry = self.values.get((queue, key))
        return True, GLib.Bytes.new(entry[1]) if entry else None

    def do_save(self, queue, key, index, value):
        self.undo.append((queue, key, self.put(queue, key, (index, value.get_data()))))
        return True

    def do_remove(self, queue, key):
        self.undo.append((queue, key, self.put(queue, key, None)))
        return True

    def do_next(self, queue, after, before):
        at = bisect.bisect_right(self.order, (queue, after.encode(), chr(sys.maxunicode)))
        if at < len(self.order) and (queue, before.encode()) > self.order[at][:2]:
            return True, self.order[at][2], self.order[at][1].decode()
        return True, None, None

    def do_commit(self):
        self.undo.clear()
        return True

    def do_roll_back(self):
        while self.undo:
            self.put(*self.undo.pop())
        return True


class Counter(Chihuo.Loop):
    def do_start(self):
        for i in range(1, 6):
            self.add_task_json(str(i), '{"square": %d}' % (i * i))
        return True

    def do_make_task(self, task):
        print('eaten:', task.get_id(), task.get_json(), flush=True)
        return True


def main():
    Gio.io_extension_point_register(Chihuo.BACKEND_EXTENSION_POINT)
    Gio.io_extension_point_implement(Chihuo.BACKEND_EXTENSION_POINT, DictBackend.__gtype__, 'dict', 0)

    loop = Counter(name='counter', server_config='dict:', run_forever=False)
    return Chihuo.run([loop])


if __name__ == '__main__':
    sys.exit(main())
