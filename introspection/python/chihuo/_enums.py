# _enums.py - the library's words, as Python enumerations
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The library's words, as Python enumerations: they compare with the library's own."""

from enum import IntEnum

__all__ = ['AddResult', 'ErrorCode', 'RetryPolicy']


class AddResult(IntEnum):
    """The answer to an add."""

    ADDED = 1     #: the task is in the queue now
    EXISTS = 2    #: a task of this id waits already
    AGAIN = 3     #: one is running; it will run once more
    RUNNING = 4   #: one is running, and ignore_running was given
    DEAD = 5      #: it is dead; see even_dead
    FINISHED = 6  #: the id is marked as finished


class RetryPolicy(IntEnum):
    """When a failed task is tried again."""

    EXPONENTIAL = 1  #: after failures⁴ + 15 + random (0…10 · failures) seconds
    CONSTANT = 2     #: after 15 + random (0…10) seconds
    IMMEDIATE = 3    #: at once, in its old place


class ErrorCode(IntEnum):
    """What kind of error it is."""

    FAILED = 0            #: something that has no code of its own
    INVALID = 1           #: an argument breaks a rule; nothing was sent
    TOO_LARGE = 2         #: an id, an info or its nesting is over the limit; nothing was sent
    CONFIG = 3            #: the server configuration cannot be understood
    BACKEND = 4           #: the store could not be reached, or refused; nothing was done
    PROTOCOL = 5          #: the store answered something that is no answer
    NOT_SUPPORTED = 6     #: this backend cannot do that
    CLOSED = 7            #: the queue is closed, or this is a forked child
    STALE = 8             #: the claim was lost; somebody else may run the task
    ABANDONED = 9         #: a begun task was dropped without an answer
    TIMED_OUT = 10        #: the task or the store took too long
    UNKNOWN_OUTCOME = 11  #: the store did not answer in time: it may be done or not
