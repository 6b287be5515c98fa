# _options.py - the options of a loop, as attributes
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options of a loop, as attributes in place of getters and setters."""

from __future__ import annotations

from typing import Any, Mapping

from ._enums import RetryPolicy
from ._library import Chihuo, GObject


#: The longest time that is given, in seconds
LONGEST = 1e9


def check_number(name: str, value: Any, least: float, most: float, whole: bool = False) -> None:
    """Raises what is wrong with a number: the library takes it for good."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise TypeError('%s is %r: expected a %snumber' % (name, value, 'whole ' if whole else ''))
    if not least <= value <= most:
        raise ValueError('%s is %r: expected %s to %s' % (name, value, least, most))


def _check(name: str, value: Any) -> None:
    spec = Chihuo.Loop.find_property(name.replace('_', '-'))
    if spec.value_type in (GObject.TYPE_UINT, GObject.TYPE_DOUBLE):
        # a concurrency of 0 is the library's word for that of the class
        least = 1 if name == 'concurrency' else spec.minimum
        check_number(name, value, least, spec.maximum, spec.value_type == GObject.TYPE_UINT)


def _option(name: str, doc: str, writable: bool = True, kind: Any = None) -> Any:
    """An attribute. ``kind`` is what its values are made into."""
    getter = getattr(Chihuo.Loop, 'get_' + name)
    setter = getattr(Chihuo.Loop, 'set_' + name) if writable else None

    def get(self: Any) -> Any:
        return kind(getter(self)) if kind else getter(self)

    def set_checked(self: Any, value: Any) -> None:
        _check(name, value)
        setter(self, kind(value) if kind else value)

    return property(get, set_checked if writable else None, doc=doc)


class Options:
    """What can be changed of a loop. Durations are seconds."""

    name: str = _option('name', 'The name of its queue.', writable=False)
    server_config: str = _option('server_config', 'Where its queue lives.', writable=False)
    queue: Chihuo.Queue = _option('queue', 'Its queue, for all else that can be done with it.',
                                  writable=False)
    concurrency: int = _option('concurrency', 'How many tasks run at the same time.')
    run_forever: bool = _option('run_forever', 'Whether to wait for more when all is eaten.')
    stop: bool = _option('stop', 'Set to True, ends the run. May be set from anywhere.')
    linger: float = _option('linger', 'How long to wait for a delayed task, without run_forever.')
    lease: float = _option('lease', 'How long a claim lasts without a renewal.')
    max_tries: int = _option('max_tries', 'At how many failures a task is dead.')
    max_crashes: int = _option('max_crashes', 'At how many deaths of its worker a task is dead.')
    retry_policy: RetryPolicy = _option('retry_policy', 'When a failed task is tried again.',
                                        kind=RetryPolicy)
    finish_on_success: bool = _option('finish_on_success', 'Whether "done" also finishes.')
    drain_timeout: float = _option('drain_timeout', 'At a stop: how long tasks go on undisturbed.')
    shutdown_timeout: float = _option('shutdown_timeout', 'At a stop: how long run() waits.')
    def set_options(self, options: Mapping[str, Any]) -> None:
        """Sets options by their names."""
        for name, value in options.items():
            if name.startswith('_') or getattr(getattr(Options, name, None), 'fset', None) is None:
                raise TypeError('%s has no option %s' % (type(self).__name__, name))
            setattr(self, name, value)

    n_running: int = _option('n_running', 'How many tasks run now.', writable=False)
    n_done: int = _option('n_done', 'How many runs have ended well.', writable=False)
    n_failed: int = _option('n_failed', 'How many runs have failed.', writable=False)
