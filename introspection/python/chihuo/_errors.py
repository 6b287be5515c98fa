# _errors.py - the exceptions of this package
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The exceptions of this package, and how they go to C and come from there."""

from __future__ import annotations

from typing import Optional

from ._enums import ErrorCode
from ._library import Chihuo, GLib

__all__ = ['Error', 'TaskCancelled']

_DOMAIN = 'chihuo-error-quark'


class Error(Exception):
    """What went wrong in the library or in the store. ``code`` is one of :class:`ErrorCode`."""

    def __init__(self, message: str, code: Optional[ErrorCode] = None):
        super().__init__(message)
        self.code = code if code is not None else ErrorCode.FAILED


class TaskCancelled(Exception):
    """The running task shall end: a stop, a time-out, a lost claim, or by hand."""


def from_glib(error: GLib.Error) -> Error:
    """The exception for what a call of the library has raised."""
    code = ErrorCode(error.code) if error.domain == _DOMAIN else None
    return Error(error.message, code)


def describe(error: BaseException) -> str:
    """An exception as UTF-8, for the store."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # an exception whose text cannot be made is one all the same
        text = ''
    text = '%s: %s' % (kind, text) if text else kind
    return text.replace('\0', '\ufffd').encode('utf-8', 'replace').decode('utf-8')


def to_glib(error: BaseException) -> GLib.Error:
    """What C is told of an exception."""
    if isinstance(error, GLib.Error):
        return error
    code = error.code if isinstance(error, Error) else ErrorCode.FAILED
    text = str(error) if isinstance(error, Error) else describe(error)
    return GLib.Error.new_literal(Chihuo.error_quark(), text, code)
