/* chihuo-error.c - what can go wrong at run time
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"

/**
 * chihuo_error_quark:
 *
 * Gets the domain of [error@Chihuo.Error].
 *
 * Returns: the domain
 *
 * Since: 1.0
 */
/* Not by G_DEFINE_QUARK, whose static number is written without any order: threads of two stores may be the
 * first to ask */
GQuark
chihuo_error_quark (void)
{
  static gsize quark;

  if (g_once_init_enter (&quark))
    g_once_init_leave (&quark, g_quark_from_static_string ("chihuo-error-quark"));

  return quark;
}

G_DEFINE_ENUM_TYPE (ChihuoError, chihuo_error,
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_INVALID, "invalid"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_TOO_LARGE, "too-large"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_CONFIG, "config"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_BACKEND, "backend"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_PROTOCOL, "protocol"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_NOT_SUPPORTED, "not-supported"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_CLOSED, "closed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_STALE, "stale"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_ABANDONED, "abandoned"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_TIMED_OUT, "timed-out"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ERROR_UNKNOWN_OUTCOME, "unknown-outcome"))
