# common.py - the words that programs share with the first version
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The words that programs share with the first version."""

from enum import Enum
from typing import Union

__all__ = ['Direction', 'SERVER_DEFAULT_CONFIG_PATH', 'TaskId']

TaskId = Union[str, bytes]


class DefaultPath(str):
    """Told by its type from a path that merely has the same name."""

    __slots__ = ()


#: The default file of the working directory: ``server.json``, else ``server.config``.
SERVER_DEFAULT_CONFIG_PATH = DefaultPath('server.config')


class Direction(Enum):
    """Where a task is added."""

    Forward = 0  #: at the tail: it is run last
    Reverse = 1  #: at the head: it is run next
