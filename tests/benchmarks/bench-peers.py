#!/usr/bin/env python3
# bench-peers.py - what other task queues of Redis do in a second, with jobs that do nothing
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""bench-peers.py celery|rq SERVER N: prints jobs a second that are put in, and that are worked off, from a full queue.
Each with one worker process as its manual starts it, but without logs. SERVER is redis://… or unix://…"""

import subprocess
import sys
import time

# Celery's worker has to know its task; RQ imports it by name
CELERY_WORKER = '''
import celery
app = celery.Celery("peer", broker=%r)
app.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)
@app.task(name="nothing")
def do_nothing():
    pass
app.worker_main(["worker", "--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=CRITICAL"])
'''

def wait_until(is_done):
    while not is_done():
        time.sleep(0.01)


def run_worker(command, is_begun, is_done):
    """Seconds from its first job to its last one: a program's start is no work."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(is_begun)
    begin = time.monotonic()
    wait_until(is_done)
    took = time.monotonic() - begin
    child.terminate()
    child.wait()
    return took


def measure_celery(server, n):
    import celery
    import redis
    app = celery.Celery('peer', broker=server)
    app.conf.update(task_ignore_result=True)
    begin = time.monotonic()
    for _ in range(n):
        app.send_task('nothing')
    took = time.monotonic() - begin
    connection = redis.Redis.from_url(server)
    worked = run_worker([sys.executable, '-c', CELERY_WORKER % server], lambda: connection.llen('celery') < n,
                        lambda: connection.llen('celery') == 0 and connection.hlen('unacked') == 0)
    return n / took, n / worked


def measure_rq(server, n):
    import redis
    import rq
    connection = redis.Redis.from_url(server)
    queue = rq.Queue('peers', connection=connection)
    begin = time.monotonic()
    for _ in range(n):
        queue.enqueue('os.getpid', result_ttl=0)
    took = time.monotonic() - begin
    worked = run_worker([sys.executable, '-m', 'rq.cli', 'worker', '--url', server, '--burst', '--quiet', 'peers'],
                        lambda: len(queue) < n, lambda: len(queue) == 0)
    return n / took, n / worked


def main(peer, server, n):
    added, worked = {'celery': measure_celery, 'rq': measure_rq}[peer](server, n)
    print('%f %f' % (added, worked))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
