# chaos.py - a chaos proxy to talk to
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import subprocess

# Only something that hangs ever waits this long
PATIENCE = 30


class Proxy:
    """A chaos proxy, of $CHAOS_PROXY; see the top of chaos-proxy.c."""

    def __init__(self, listen, target, seed=1):
        self.child = subprocess.Popen([os.environ['CHAOS_PROXY'], listen, target, str(seed)], text=True, bufsize=1,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self._answer('listening ')

    def _answer(self, expected):
        line = self.child.stdout.readline().rstrip('\n')
        if not line.startswith(expected):
            raise ValueError(line)
        return line[len(expected):]

    def tell(self, command):
        """Its answer; ValueError if it did not obey."""
        self.child.stdin.write(command + '\n')
        return self._answer('ok ')

    def stats(self):
        """How often it did what, by the word."""
        return {name: int(value) for name, value in (pair.split('=') for pair in self.tell('stats').split())}

    def close(self):
        self.child.stdin.close()
        status = self.child.wait(PATIENCE)
        self.child.stdout.close()
        if status != 0:
            raise AssertionError('chaos-proxy ended with %d' % status)
