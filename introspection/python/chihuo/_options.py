# _options.py - the options of a loop, as attributes
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The options of a loop, as attributes in place of getters and setters."""

from __future__ import annotations

from typing import Any

from ._enums import RetryPolicy
from ._library import Chihuo


def _option(name: str, doc: str, writable: bool = True, kind: Any = None) -> Any:
    getter = getattr(Chihuo.Loop, 'get_' + name)
    setter = getattr(Chihuo.Loop, 'set_' + name) if writable else None

    return property((lambda self: kind(getter(self))) if kind else (lambda self: getter(self)),
                    (lambda self, value: setter(self, value)) if setter else None, doc=doc)


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
    retry_policy: RetryPolicy = _option('retry_policy', 'When a failed task is tried again.', kind=RetryPolicy)
    finish_on_success: bool = _option('finish_on_success', 'Whether "done" also finishes.')
    drain_timeout: float = _option('drain_timeout', 'At a stop: how long tasks may go on undisturbed.')
    shutdown_timeout: float = _option('shutdown_timeout', 'At a stop: how long run() waits for them.')
    n_running: int = _option('n_running', 'How many tasks run now.', writable=False)
    n_done: int = _option('n_done', 'How many runs have ended well.', writable=False)
    n_failed: int = _option('n_failed', 'How many runs have failed.', writable=False)
