# bench-python.py - eats tasks in Python, and prints how many a second
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""bench-python.py sync|async|bare N"""

import asyncio
import sys
import time

import chihuo

CONCURRENCY = 64


class Sync(chihuo.ChihuoLoop):
    NAME = 'bench'
    CONCURRENCY = CONCURRENCY
    SERVER_CONFIG = 'memory:'

    def make_task(self, task_id, task):
        pass


class Async(Sync):
    async def make_task(self, task_id, task):
        pass


def eat(kind, n):
    """The ids are kept: each task is finished with its end."""
    loop = kind(run_forever=False, finish_on_success=True)
    for i in range(0, n, 1000):
        loop.add_task(*(('task-%08d' % k, k) for k in range(i, min(i + 1000, n))))
    before = time.perf_counter()
    chihuo.run(loop)
    seconds = time.perf_counter() - before
    assert loop.n_done == n and loop.task_finished('task-%08d' % (n - 1))
    return seconds


async def eat_bare(n):
    queue = asyncio.Queue()
    slots = asyncio.Semaphore(CONCURRENCY)
    for i in range(n):
        queue.put_nowait(('task-%08d' % i, i))

    async def handle(task_id, task):
        pass

    async def run(task_id, task):
        try:
            await handle(task_id, task)
        finally:
            slots.release()

    before = time.perf_counter()
    running = set()
    while not queue.empty():
        await slots.acquire()
        one = asyncio.create_task(run(*await queue.get()))
        running.add(one)
        one.add_done_callback(running.discard)
    if running:
        await asyncio.wait(running)
    return time.perf_counter() - before


def main(what, n):
    if what == 'bare':
        seconds = asyncio.run(eat_bare(n))
    else:
        seconds = eat({'sync': Sync, 'async': Async}[what], n)
    print(n / seconds)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
