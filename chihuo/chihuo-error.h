/* chihuo-error.h - what can go wrong at run time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#if !defined (CHIHUO_INSIDE) && !defined (CHIHUO_COMPILATION)
# error "Only <chihuo/chihuo.h> can be included directly."
#endif

#include <glib-object.h>

#include "chihuo-version.h"

G_BEGIN_DECLS

#define CHIHUO_ERROR      (chihuo_error_quark ())
#define CHIHUO_TYPE_ERROR (chihuo_error_get_type ())

/**
 * ChihuoError:
 * @CHIHUO_ERROR_FAILED: something failed that has no code of its own; also a
 *   vfunc that returned %FALSE without an error
 * @CHIHUO_ERROR_INVALID: an argument, an id, a queue name or JSON text breaks a
 *   rule; nothing was sent
 * @CHIHUO_ERROR_TOO_LARGE: an id, an info or its nesting is over the limit;
 *   nothing was sent
 * @CHIHUO_ERROR_CONFIG: the server configuration cannot be understood
 * @CHIHUO_ERROR_BACKEND: the store could not be reached or refused; certainly
 *   nothing was done
 * @CHIHUO_ERROR_PROTOCOL: the store answered something that is no answer
 * @CHIHUO_ERROR_NOT_SUPPORTED: this backend cannot do that
 * @CHIHUO_ERROR_CLOSED: the queue is closed, or this is a forked child
 * @CHIHUO_ERROR_STALE: the lease was lost; somebody else may run the task
 * @CHIHUO_ERROR_ABANDONED: a begun task was dropped without an answer
 * @CHIHUO_ERROR_TIMED_OUT: the task or the store took too long
 * @CHIHUO_ERROR_UNKNOWN_OUTCOME: the store did not answer in time: it may be
 *   done or not. An add may be repeated safely
 *
 * The errors of chihuo.
 *
 * Messages are lower case, without a period, and name the place: the queue, the
 * id, the file and line.
 *
 * Since: 1.0
 */
typedef enum
{
  CHIHUO_ERROR_FAILED,
  CHIHUO_ERROR_INVALID,
  CHIHUO_ERROR_TOO_LARGE,
  CHIHUO_ERROR_CONFIG,
  CHIHUO_ERROR_BACKEND,
  CHIHUO_ERROR_PROTOCOL,
  CHIHUO_ERROR_NOT_SUPPORTED,
  CHIHUO_ERROR_CLOSED,
  CHIHUO_ERROR_STALE,
  CHIHUO_ERROR_ABANDONED,
  CHIHUO_ERROR_TIMED_OUT,
  CHIHUO_ERROR_UNKNOWN_OUTCOME,
} ChihuoError;

CHIHUO_AVAILABLE_IN_ALL
GQuark chihuo_error_quark    (void);
CHIHUO_AVAILABLE_IN_ALL
GType  chihuo_error_get_type (void) G_GNUC_CONST;

G_END_DECLS
