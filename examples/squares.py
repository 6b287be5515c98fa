#!/usr/bin/python3
# squares.py - two loops with ten tasks each, one with coroutines and one with threads; ^C ends it
#
# SPDX-License-Identifier: LGPL-2.1-or-later

from chihuo import ChihuoLoop
import chihuo


class MyTasksA(ChihuoLoop):
    NAME = "my-tasksA"
    CONCURRENCY = 10
    SERVER_CONFIG = "sqlite:tasks.db"

    async def start(self):
        for i in range(10):
            await self.add_task((str(i), i ** 2))

    async def make_task(self, task_id, task):
        print(f"power of {task_id} is {task}\n", end="")
        await self.task_finish(task_id)


class MyTasksB(ChihuoLoop):
    NAME = "my-tasksB"
    CONCURRENCY = 10
    SERVER_CONFIG = "sqlite:tasks.db"

    def start(self):
        for i in range(10):
            self.add_task((str(i), i ** 3))

    def make_task(self, task_id, task):
        print(f"third power of {task_id} is {task}\n", end="")
        self.task_finish(task_id)


if __name__ == "__main__":
    chihuo.run(MyTasksA, MyTasksB)
