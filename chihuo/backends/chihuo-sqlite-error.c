/* chihuo-sqlite-error.c - what SQLite's result codes mean for a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>

#include "chihuo-error.h"
#include "chihuo-sqlite-error.h"

static ChihuoError
classify (int rc)
{
  switch (rc & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return CHIHUO_ERROR_TIMED_OUT;
    case SQLITE_NOTADB:
      return CHIHUO_ERROR_CONFIG;
    default:
      return CHIHUO_ERROR_BACKEND;
    }
}

static const char *
describe (int rc)
{
  switch (rc & 0xff)
    {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds the database";
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_READONLY:
      return "it cannot be written to";
    case SQLITE_IOERR:
      return "the disk cannot be read or written";
    case SQLITE_CORRUPT:
      return "the database is damaged";
    case SQLITE_NOTADB:
      return "it is no SQLite database";
    case SQLITE_CANTOPEN:
      return "it cannot be opened";
    default:
      return "SQLite refuses";
    }
}

/*
 * chihuo_sqlite_error_set:
 * @error: return location for %CHIHUO_ERROR_BACKEND, %CHIHUO_ERROR_TIMED_OUT or
 *   %CHIHUO_ERROR_CONFIG
 * @path: the database
 * @rc: an extended result code
 * @detail: (nullable): what SQLite itself says
 *
 * Says what went wrong, and where.
 *
 * Returns: %FALSE
 */
gboolean
chihuo_sqlite_error_set (GError **error, const char *path, int rc, const char *detail)
{
  g_set_error (error, CHIHUO_ERROR, classify (rc), "%s: %s (%s)", path, describe (rc),
               detail != NULL ? detail : sqlite3_errstr (rc));
  return FALSE;
}
