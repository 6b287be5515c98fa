# _library.py - finds the C library
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Finds the C library: where both were installed together, or in the usual places."""

import gi

try:
    from . import _installed
except ImportError:
    pass  # run from the source tree: the environment says where the library is
else:
    gi.require_version('GIRepository', '2.0')
    from gi.repository import GIRepository

    GIRepository.Repository.prepend_search_path(_installed.TYPELIB_FOLDER)
    GIRepository.Repository.prepend_library_path(_installed.LIBRARY_FOLDER)

gi.require_version('Chihuo', '1')
from gi.repository import Chihuo, Gio, GLib, GObject  # noqa: E402 (the version comes first)

__all__ = ['Chihuo', 'GLib', 'GObject', 'Gio']
