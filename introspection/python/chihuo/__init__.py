# __init__.py - chihuo: eats tasks
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""chihuo eats tasks: subclass ChihuoLoop, add tasks to its queue, and it runs them.

    class Squares(chihuo.ChihuoLoop):
        NAME = 'squares'
        SERVER_CONFIG = 'sqlite:tasks.db'

        def start(self):
            self.add_task(('3', 9), ('4', 16))

        def make_task(self, task_id, task):
            print(task_id, task)

    chihuo.run(Squares)
"""

from . import common
from ._enums import AddResult, ErrorCode, RetryPolicy
from ._errors import Error, TaskCancelled
from ._library import Chihuo
from ._loop import ChihuoLoop
from ._run import run
from ._task import Task, current_task
from .common import Direction

__all__ = ['AddResult', 'ChihuoLoop', 'Direction', 'Error', 'ErrorCode', 'RetryPolicy', 'Task',
           'TaskCancelled', 'common', 'current_task', 'run']

__version__ = '%d.%d.%d' % (Chihuo.MAJOR_VERSION, Chihuo.MINOR_VERSION, Chihuo.MICRO_VERSION)
