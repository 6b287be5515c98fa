#!/usr/bin/env python3
# test-worker.py - workers that share a file, and are killed, interrupted and stopped
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""test-worker.py WORKER [TEST…]"""

import random
import signal
import sys
import time

from worker_driver import DEAD, OUTCOMES, RUNNING, WAITING, main, note, wait_for

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
    workers = [scene.start(*BUSY, '--gate', scene.gate) for _ in range(2)]
    for worker in workers:
        worker.wait_for('start', 4)
    scene.open_gate()
    scene.wait_finished(200)
    for worker in workers:
        worker.stop()
    assert sorted(scene.ids('start')) == sorted(numbers(200))
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
    """Killed in the middle: what it held is run again, nothing else is, and nothing is lost."""
    scene.fill(60)
    first = scene.start(*BUSY, '--gate', scene.gate, '--gate-from', 20)
    first.wait_for('start', 24)
    first.kill()
    held = {row.id for row in scene.rows(RUNNING)}
    done = scene.finished()
    assert held >= set(first.ids('start')) - set(first.ids('done')), held
    assert done <= set(first.ids('done'))

    second = scene.start(*BUSY)
    scene.wait_finished(60)
    second.stop()
    assert set(second.ids('start')) == set(numbers(60)) - done
    scene.check_runs(again=held)
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
    """Killed again and again, inside a commit, too: nothing is lost, nothing that was settled is done twice."""
    dice = random.Random(SEED)
    scene.fill(400)
    other = scene.start('--finish', '--work', 4)
    killed = []
    for _ in range(12):
        n, in_commit = dice.randrange(12), dice.random() < 0.6
        worker = scene.start(*BUSY, '--max-crashes', 100, '--trap', scene.trap, '--trap-signal', int(signal.SIGKILL))
        killed.append(worker)
        wait_for('some work', lambda: len(worker.events('start')) >= n or not scene.rows())
        if in_commit:
            scene.set_trap()
            wait_for('its death', lambda: worker.is_over() or not scene.rows())
        if not worker.is_over():
            worker.send(signal.SIGKILL)
        worker.end(-signal.SIGKILL)
    scene.wait_finished(400)
    other.stop()
    note('%d kills, %d of them in a commit, %d of 400 tasks were started again'
         % (len(killed), len(scene.events('trap')), len(scene.events('start')) - 400))
    assert len(other.ids('done')) == len(set(other.ids('done')))
    scene.check_runs(again={task_id for worker in killed for task_id in worker.ids('start')})
    scene.check_counters()


def test_killer(scene):
    """A task that kills its process is dead in the end; it takes no neighbour with it."""
    scene.fill(20)
    crashes = 0
    while not scene.rows(DEAD):
        worker = scene.start('--finish', '--once', '--concurrency', 4, '--crash-on', 7, '--max-crashes', 3)
        wait_for('its end', worker.is_over)
        crashes += bool(worker.events('over')) is False
    assert crashes == 3, crashes
    worker.end(0)
    row, = scene.rows()
    assert (row.id, row.state, row.crashes, row.failures) == ('7', DEAD, 3, 0), row
    assert 'died' in row.error, row
    assert scene.finished() == set(numbers(20)) - {'7'}
    scene.check_counters()


def test_child(scene):
    """A child that outlives its killed parent does not keep it alive for others."""
    first = scene.start('--fork-on', 0, '--gate', scene.gate, '--concurrency', 2, '--add', 2)
    first.wait_for('start', 2)
    child, = wait_for('the child', lambda: scene.events('child'))
    first.kill()

    second = scene.start('--finish')
    scene.wait_finished(2)
    with open('/proc/%d/stat' % child.pid) as stat:
        assert stat.read().rsplit(')', 1)[1].split()[0] in 'RS', 'the child is gone'
    second.stop()
    scene.check_counters()


def test_children(scene):
    """Forked while all threads are busy, a child's calls are refused; none of them hangs or changes anything."""
    worker = scene.start('--finish', '--fork-each', '--concurrency', 4, '--add', 60)
    worker.wait_for('run')
    scene.wait_finished(60)
    worker.stop()
    assert len(scene.events('closed')) == 60, worker.said()
    assert not scene.events('open')
    assert not scene.rows()
    scene.check_runs()
    scene.check_counters()


# --- SIGINT and SIGTERM ---

def check_stopped(scene, worker, n):
    """What was not done stands in its old place, as if it had never run."""
    rows = scene.rows()
    check_untouched(rows)
    assert [row.id for row in rows] == sorted((row.id for row in rows), key=int)
    assert scene.finished() == {event.id for event in scene.events('done')}
    assert len(rows) + len(scene.finished()) == n
    assert worker.events('over')[0].number == 0
    scene.check_counters()


def test_stop(scene):
    """SIGINT or SIGTERM, at many moments: the tasks go back, the next process goes on."""
    dice = random.Random(SEED)
    n_rounds = n_back = 0
    scene.fill(150)
    while scene.rows():
        before = [row.id for row in scene.rows()]
        n = dice.choice((1, 4))
        worker = scene.start('--finish', '--work', 3, '--concurrency', n)
        worker.wait_for('run')
        worker.wait_for('start', min(dice.randrange(1, 16), len(before)))
        time.sleep(dice.uniform(0, 0.004))
        worker.send(dice.choice((signal.SIGINT, signal.SIGTERM)))
        worker.end()
        check_stopped(scene, worker, 150)
        started = worker.ids('start')
        if n == 1:
            assert started == before[:len(started)], (started, before)
        n_rounds += 1
        n_back += len(worker.events('cancelled'))
    note('%d stops, %d running tasks went back' % (n_rounds, n_back))
    assert n_back > 0
    scene.check_runs()


def test_stop_one_of_two(scene):
    """The other one has what the stopped one gave back."""
    first = scene.start('--finish', '--gate', scene.gate, '--concurrency', 3, '--add', 6)
    first.wait_for('start', 3)
    second = scene.start('--finish', '--concurrency', 3)
    scene.wait_finished(3)
    first.send(signal.SIGINT)
    first.end()
    scene.wait_finished(6)
    second.stop()
    assert first.ids('done') == []
    assert sorted(second.ids('done')) == numbers(6)
    scene.check_runs()
    scene.check_counters()


def check_abandoned(scene, first):
    """Nothing was counted, and others can go on, even if the process does not end."""
    assert first.events('over')[0].number == 75
    rows = scene.rows(RUNNING)
    assert {row.id for row in rows} == {'0', '1'}
    assert all((row.abandoned, row.crashes, row.failures) == (1, 0, 0) for row in rows), rows

    scene.ask('pause')
    ended = first.events('over')[0].time
    second = scene.start('--finish', '--concurrency', 2)
    wait_for('their return', lambda: not scene.rows(RUNNING))
    note('free %.0f ms after the end' % (time.monotonic() * 1e3 - ended / 1e3))
    check_untouched(scene.rows())
    assert [row.id for row in scene.rows()] == numbers(5)
    scene.ask('go-on')
    scene.wait_finished(5)
    second.stop()
    scene.check_counters()


def test_stop_twice(scene):
    """The code does not hear: at the second signal its tasks are given up."""
    first = scene.start('--deaf', '--gate', scene.gate, '--concurrency', 2, '--add', 5)
    first.wait_for('start', 2)
    first.send(signal.SIGINT)
    first.wait_for('stop')
    assert {row.id for row in scene.rows(RUNNING)} == {'0', '1'}
    assert not first.is_over()
    first.send(signal.SIGTERM)
    first.end(75)
    check_abandoned(scene, first)


def test_shutdown_timeout(scene):
    """The code does not hear: after the time-out its tasks are given up."""
    first = scene.start('--deaf', '--gate', scene.gate, '--concurrency', 2, '--add', 5, '--shutdown-timeout', 0.2,
                        '--raise-after', int(signal.SIGSTOP))
    first.wait_for('start', 2)
    first.send(signal.SIGTERM)
    first.wait_for('over')
    first.wait_stopped()
    check_abandoned(scene, first)
    first.send(signal.SIGCONT)
    first.end(75)


def test_ignored(scene):
    """What whoever started us has ignored stays ignored."""
    worker = scene.start('--finish', preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    worker.wait_for('run')
    for number in range(3):
        worker.send(signal.SIGINT)
        scene.ask('add', number)
        worker.wait_for('done', number + 1)
    assert not worker.events('stop')
    worker.stop()
    assert worker.events('over')[0].number == 0


def test_old_handlers(scene):
    """They are back after the run, and hear nothing before."""
    worker = scene.start('--own-handler', '--raise-after', int(signal.SIGINT), '--gate', scene.gate, '--add', 1)
    worker.wait_for('start')
    worker.send(signal.SIGINT)
    worker.end()
    whats = [event.what for event in worker.events() if event.what in ('handler', 'over')]
    assert whats == ['over', 'handler'], whats

    worker = scene.start('--raise-after', int(signal.SIGTERM), '--once')
    worker.end(-signal.SIGTERM)
    assert worker.events('over')[0].number == 0


# --- SIGSTOP ---

def test_frozen(scene):
    """A worker that stands still for longer than its lease keeps its tasks: it is not dead."""
    frozen = scene.start('--finish', '--gate', scene.gate, '--lease', 1, '--concurrency', 2, '--add', 2)
    frozen.wait_for('start', 2)
    frozen.send(signal.SIGSTOP)
    frozen.wait_stopped()
    end, = scene.query('SELECT max (time) FROM task')[0]
    wait_for('the end of its lease', lambda: time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6 > end)

    # another looks for the dead, and finds one
    killed = scene.start('--gate', scene.gate)
    scene.ask('add', 'held')
    killed.wait_for('start')
    killed.kill()
    other = scene.start('--finish', '--lease', 1)
    wait_for('the dead one to be found', lambda: 'held' in scene.finished())
    rows = scene.rows()
    assert [(row.id, row.state, row.crashes) for row in rows] == [('0', RUNNING, 0), ('1', RUNNING, 0)], rows

    frozen.send(signal.SIGCONT)
    scene.open_gate()
    frozen.wait_for('ended', 2)
    assert sorted(frozen.ids('done')) == numbers(2)
    assert {OUTCOMES[event.number] for event in frozen.events('ended')} == {'finished'}
    frozen.stop()
    other.stop()
    scene.check_runs()
    scene.check_counters()


def test_frozen_inside(scene):
    """A worker that stands still inside a transaction: an outage for the others, and nothing is lost."""
    other = scene.start('--finish', '--gate', scene.gate, '--lease', 1, '--concurrency', 2, '--add', 40)
    other.wait_for('start', 2)
    gate = scene.gate + '-of-frozen'
    frozen = scene.start(*BUSY, '--gate', gate, '--trap', scene.trap)
    frozen.wait_for('start', 4)
    scene.set_trap()
    open(gate, 'w').close()
    frozen.wait_for('trap')
    frozen.wait_stopped()
    wait_for('the outage', lambda: [event.number for event in other.events('online')][-1:] == [0])
    frozen.send(signal.SIGCONT)
    wait_for('its end', lambda: [event.number for event in other.events('online')][-1:] == [1])
    assert other.events('done') == []
    scene.open_gate()
    scene.wait_finished(40)
    for worker in (other, frozen):
        worker.stop()
    assert sorted(event.id for event in scene.events('start')) == sorted(numbers(40))
    scene.check_runs()
    scene.check_counters()


# --- from one process to another ---

def told(scene, worker, verb, task_id):
    """Asks for something that concerns a running task. How its run has ended."""
    scene.ask(verb, task_id)
    asked = [event for event in scene.events('asked') if event.id == task_id][-1]
    cancelled = wait_for('the cancellation of ' + task_id,
                         lambda: [event for event in worker.events('cancelled') if event.id == task_id])
    ended, = wait_for('the end of ' + task_id, lambda: [e for e in worker.events('ended') if e.id == task_id])
    note('%s: told after %.0f ms, ended as %s'
         % (verb, (cancelled[0].time - asked.time) / 1e3, OUTCOMES[ended.number]))
    return OUTCOMES[ended.number]


def test_told(scene):
    """Cancelled, finished or removed by another process: the worker is told at its next renewal."""
    worker = scene.start('--gate', scene.gate, '--lease', 0.5, '--concurrency', 3, '--add', 3)
    worker.wait_for('start', 3)

    assert told(scene, worker, 'cancel', '0') == 'dead'
    row = scene.row('0')
    assert (row.state, row.failures, row.crashes, row.error) == (DEAD, 0, 0, 'cancelled'), row
    told(scene, worker, 'mark', '1')
    assert scene.finished() == {'1'}
    told(scene, worker, 'remove', '2')
    assert scene.finished() == {'1'}
    assert [row.id for row in scene.rows()] == ['0']
    worker.stop()
    assert worker.ids('done') == []
    scene.check_counters()


def test_pause(scene):
    """Paused by another process: what runs goes on, nothing new is begun."""
    worker = scene.start('--finish', '--gate', scene.gate, '--concurrency', 2, '--add', 6)
    worker.wait_for('start', 2)
    scene.ask('pause')
    scene.open_gate()
    worker.wait_for('ended', 2)
    assert len(worker.events('start')) == 2
    assert [row.id for row in scene.rows(WAITING)] == numbers(6)[2:]
    scene.ask('go-on')
    scene.wait_finished(6)
    worker.stop()
    scene.check_runs()
    scene.check_counters()


def test_wake(scene):
    """Added by another process: begun when it is added, or due, and not before."""
    worker = scene.start('--finish')
    worker.wait_for('run')
    latencies = []
    for number in range(8):
        scene.ask('add', number)
        start = worker.wait_for('start', number + 1)
        worker.wait_for('ended', number + 1)
        latencies.append((start.time - scene.events('asked')[-1].time) / 1e3)
    note('woken after %s ms' % ' '.join('%.1f' % latency for latency in latencies))

    scene.ask('add', 'late', 0.4)
    late = (worker.wait_for('start', 9).time - scene.events('asked')[-1].time) / 1e3
    note('due after 400 ms, begun after %.1f ms' % late)
    assert worker.ids('start')[-1] == 'late'
    assert late >= 400
    worker.wait_for('ended', 9)
    worker.stop()
    scene.check_counters()


if __name__ == '__main__':
    sys.exit(main(
        test_share,
        test_two_loops,
        test_kill,
        test_kill_counts,
        test_take_over,
        test_kill_often,
        test_killer,
        test_child,
        test_children,
        test_stop,
        test_stop_one_of_two,
        test_stop_twice,
        test_shutdown_timeout,
        test_ignored,
        test_old_handlers,
        test_frozen,
        test_frozen_inside,
        test_told,
        test_pause,
        test_wake,
    ))
