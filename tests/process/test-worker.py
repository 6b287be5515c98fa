#!/usr/bin/env python3
# test-worker.py - workers that share a file, and are killed, interrupted and stopped
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-worker.py WORKER [TEST…]"""

import random
import signal
import sys
import time

from worker_driver import DEAD, RUNNING, WAITING, main, note, wait_for

SEED = 20261123
BUSY = ('--finish', '--work', '2', '--concurrency', '4')


def numbers(n):
    return [str(i) for i in range(n)]


def check_untouched(rows):
    for row in rows:
        assert (row.state, row.failures, row.crashes, row.abandoned) == (WAITING, 0, 0, 0), row


# --- sharing ---

def test_share(scene):
    """Two processes on one file: each id is run once."""
    scene.fill(200)
    workers = [scene.start(*BUSY) for _ in range(2)]
    scene.wait_finished(200)
    for worker in workers:
        worker.stop()
        assert worker.ids('start'), 'one of them did nothing'
    started = sorted(event.id for event in scene.events('start'))
    assert started == sorted(numbers(200))
    scene.check_runs()
    scene.check_counters()


def test_two_loops(scene):
    """Two loops of one name in one process: two workers of one queue, side by side."""
    worker = scene.start('--twice', '--finish', '--gate', scene.gate, '--add', 40)
    worker.wait_for('start', 2)
    assert {event.number for event in worker.events('start')} == {1, 2}
    scene.open_gate()
    scene.wait_finished(40)
    worker.stop()
    assert sorted(worker.ids('start')) == sorted(numbers(40))
    scene.check_runs()
    scene.check_counters()


# --- kill -9 ---

def test_kill(scene):
    """Killed in the middle: what it held is counted and run again, and nothing else is."""
    scene.fill(60)
    first = scene.start(*BUSY)
    first.wait_for('done', 20)
    first.kill()
    held = scene.rows(RUNNING)
    done = scene.finished()
    assert held and all(row.crashes == 0 for row in held)

    second = scene.start(*BUSY)
    wait_for('all of it', lambda: len(scene.finished()) == 60)
    second.stop()
    assert set(second.ids('start')) == set(numbers(60)) - done
    scene.check_runs(again={row.id for row in held})
    scene.check_counters()


def test_kill_counts(scene):
    """A crash is counted for each task that was held, and for no other."""
    scene.fill(12)
    first = scene.start('--finish', '--gate', scene.gate, '--concurrency', 3)
    first.wait_for('start', 3)
    first.kill()
    held = {row.id for row in scene.rows(RUNNING)}
    assert held == {'0', '1', '2'}

    scene.ask('pause')
    second = scene.start(*BUSY)
    wait_for('their return', lambda: not scene.rows(RUNNING))
    assert [(row.id, row.crashes) for row in scene.rows(WAITING)] == [
        (task_id, 1 if task_id in held else 0) for task_id in numbers(12)]
    scene.ask('go-on')
    scene.wait_finished(12)
    second.stop()
    scene.check_runs()
    scene.check_counters()


def test_take_over(scene):
    """The other one runs already, and has nothing to do: it takes over at once."""
    first = scene.start('--finish', '--gate', scene.gate, '--concurrency', 3, '--add', 3)
    first.wait_for('start', 3)
    second = scene.start('--finish', '--concurrency', 3)
    second.wait_for('run')
    killed = time.monotonic()
    first.kill()
    begin = second.wait_for('start')
    note('taken over %.0f ms after the kill' % (begin.time / 1e3 - killed * 1e3))
    scene.wait_finished(3)
    second.stop()
    assert sorted(second.ids('start')) == numbers(3)
    scene.check_runs()


def test_kill_often(scene):
    """Killed again and again, at the moment of a commit, too: nothing is lost, nothing is finished twice."""
    dice = random.Random(SEED)
    n_held = 0
    scene.fill(150)
    other = scene.start(*BUSY)
    for _ in range(12):
        worker = scene.start(*BUSY, '--max-crashes', 100, '--trap', scene.trap, '--trap-signal', int(signal.SIGKILL))
        worker.wait_for('run')
        if dice.random() < 0.5:
            time.sleep(dice.uniform(0, 0.02))
            worker.kill()
        else:
            scene.set_trap()
            scene.ask('add', 'x%d' % n_held)
            scene.ask('cancel', 'nobody')
            worker.send(signal.SIGKILL)
            worker.end(-signal.SIGKILL)
        n_held += 1
    wait_for('all of it', lambda: not scene.rows())
    other.stop()
    assert set(numbers(150)) <= scene.finished()
    scene.check_counters()


if __name__ == '__main__':
    sys.exit(main(
        test_share,
        test_two_loops,
        test_kill,
        test_kill_counts,
        test_take_over,
        test_kill_often,
    ))
