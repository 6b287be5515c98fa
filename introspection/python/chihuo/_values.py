# _values.py - ids, infos and server configurations, between Python and the library
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ids, infos and server configurations, between Python and the library."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Mapping, Optional, Union

from ._library import Chihuo, GLib
from .common import DefaultPath, TaskId
from ._errors import from_glib

#: How deep the library takes an info
MAX_DEPTH = 128

_encode = json.JSONEncoder(separators=(',', ':'), ensure_ascii=False, allow_nan=False).encode
_decode = json.JSONDecoder().raw_decode


def check_id(task_id: TaskId) -> str:
    """An id as text. What the library sees ends at a NUL, so it is looked for here."""
    if isinstance(task_id, (bytes, bytearray)):
        try:
            task_id = bytes(task_id).decode('utf-8')
        except UnicodeDecodeError:
            raise ValueError('task id %r: expected UTF-8' % (task_id,)) from None
    elif not isinstance(task_id, str):
        raise TypeError('task id %r is of type %s: expected str or bytes'
                        % (task_id, type(task_id).__name__))
    if '\0' in task_id or not task_id.isascii() and _is_half(task_id):
        raise ValueError('task id %a: expected UTF-8 without NUL' % (task_id,))
    return task_id


def _is_half(text: str) -> bool:
    """Whether it has a surrogate, which UTF-8 cannot hold."""
    try:
        text.encode('utf-8')
    except UnicodeEncodeError:
        return True
    return False


def to_json(task_id: str, info: Any) -> str:
    """An info as JSON text."""
    try:
        text = _encode(info)
        text.encode('utf-8')
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError('info of task %r: %s' % (task_id, _find_fault(info) or error)) from None
    return text


def from_json(text: str) -> Any:
    """The info that a JSON text holds. The library has checked it, and it is compact."""
    return _decode(text)[0]


def _find_fault(value: Any, place: str = 'info', outer: tuple = ()) -> Optional[str]:
    """What it is that JSON cannot hold, and where."""
    if len(outer) > MAX_DEPTH:
        return 'it is nested more than %d deep' % MAX_DEPTH
    if any(value is one for one in outer):
        return '%s contains itself' % place
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                return '%s has a key of type %s: expected str' % (place, type(key).__name__)
            fault = _find_fault(key, 'a key of ' + place) if isinstance(key, (str, float)) else None
            fault = fault or _find_fault(inner, '%s[%r]' % (place, key), outer + (value,))
            if fault:
                return fault
        return None
    if isinstance(value, (list, tuple)):
        faults = (_find_fault(inner, '%s[%d]' % (place, i), outer + (value,))
                  for i, inner in enumerate(value))
        return next(filter(None, faults), None)
    return _find_scalar_fault(value, place)


def _find_scalar_fault(value: Any, place: str) -> Optional[str]:
    if value is None or isinstance(value, int):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else '%s is %r, which JSON cannot hold' % (place, value)
    if isinstance(value, str):
        return '%s is %a, half a character' % (place, value) if _is_half(value) else None
    return '%s is of type %s, which JSON cannot hold' % (place, type(value).__name__)


def resolve_config(config: Union[str, os.PathLike, Mapping[str, Any], None]) -> Optional[str]:
    """A server configuration in the form that the library takes."""
    if config is None:
        return None if os.environ.get('CHIHUO_URL') else _find_default()
    if isinstance(config, DefaultPath):
        return _find_default() or str(config)
    if isinstance(config, str):
        return str(config)
    if isinstance(config, os.PathLike):
        return os.fspath(config)
    if isinstance(config, Mapping):
        return to_json('server_config', dict(config))
    raise TypeError('server_config is of type %s: expected a URI, the path of a file or a dict'
                    % type(config).__name__)


def _find_default() -> Optional[str]:
    try:
        return Chihuo.Config.find_default()
    except GLib.Error as error:
        raise from_glib(error) from None
