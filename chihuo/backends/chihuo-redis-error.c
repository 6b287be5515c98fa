/* chihuo-redis-error.c - what a Redis' refusal means to the store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-error.h"

/* What is shown of a server's words, in bytes */
#define MAX_SHOWN 240

/* How the texts begin; what is none of these is OTHER. Most of them say “not now” */
static const struct
{
  const char         *beginning;
  ChihuoRedisTrouble  trouble;
} beginnings[] = {
  { "LOADING", CHIHUO_REDIS_TROUBLE_AWAY },
  { "READONLY", CHIHUO_REDIS_TROUBLE_AWAY },
  { "MASTERDOWN", CHIHUO_REDIS_TROUBLE_AWAY },
  { "MISCONF", CHIHUO_REDIS_TROUBLE_AWAY },
  { "CLUSTERDOWN", CHIHUO_REDIS_TROUBLE_AWAY },
  { "TRYAGAIN", CHIHUO_REDIS_TROUBLE_AWAY },
  { "BUSY", CHIHUO_REDIS_TROUBLE_AWAY },
  { "NOREPLICAS", CHIHUO_REDIS_TROUBLE_AWAY },
  { "UNBLOCKED", CHIHUO_REDIS_TROUBLE_AWAY },
  { "ERR max number of clients", CHIHUO_REDIS_TROUBLE_AWAY },
  { "ERR Error running script: interrupted", CHIHUO_REDIS_TROUBLE_AWAY },
  { "NOAUTH", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "WRONGPASS", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "NOPERM", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "DENIED", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "ERR AUTH", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "ERR invalid password", CHIHUO_REDIS_TROUBLE_REFUSED },
  /* NOPERM as it looks from within a script */
  { "ERR The user executing the script", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "ERR ACL failure in script", CHIHUO_REDIS_TROUBLE_REFUSED },
  { "OOM", CHIHUO_REDIS_TROUBLE_FULL },
  { "MOVED", CHIHUO_REDIS_TROUBLE_MOVED },
  { "ASK", CHIHUO_REDIS_TROUBLE_MOVED },
  { "NOSCRIPT", CHIHUO_REDIS_TROUBLE_NOSCRIPT },
  { "ORDER", CHIHUO_REDIS_TROUBLE_ORDER },
  { "OUTDATED", CHIHUO_REDIS_TROUBLE_OUTDATED },
  { "SCHEMA", CHIHUO_REDIS_TROUBLE_SCHEMA },
};

static gboolean
begins_with (const char *text, const char *words)
{
  gsize length = strlen (words);

  return strncmp (text, words, length) == 0 && !g_ascii_isalnum (text[length]);
}

/*
 * chihuo_redis_trouble_from_text:
 * @text: an error reply, without the “-”
 *
 * Says what sort of trouble that is.
 *
 * Returns: the trouble
 */
ChihuoRedisTrouble
chihuo_redis_trouble_from_text (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++)
    if (begins_with (text, beginnings[i].beginning))
      return beginnings[i].trouble;

  return CHIHUO_REDIS_TROUBLE_OTHER;
}

static ChihuoError
get_code (ChihuoRedisTrouble trouble)
{
  switch (trouble)
    {
    case CHIHUO_REDIS_TROUBLE_AWAY:
    case CHIHUO_REDIS_TROUBLE_FULL:
    case CHIHUO_REDIS_TROUBLE_MOVED:
    case CHIHUO_REDIS_TROUBLE_NOSCRIPT:
    case CHIHUO_REDIS_TROUBLE_ORDER:
      return CHIHUO_ERROR_TIMED_OUT;
    case CHIHUO_REDIS_TROUBLE_REFUSED:
    case CHIHUO_REDIS_TROUBLE_OUTDATED:
    case CHIHUO_REDIS_TROUBLE_SCHEMA:
      return CHIHUO_ERROR_BACKEND;
    case CHIHUO_REDIS_TROUBLE_OTHER:
    default:
      return CHIHUO_ERROR_PROTOCOL;
    }
}

/*
 * chihuo_redis_error_set:
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (not now),
 *   %CHIHUO_ERROR_BACKEND (refused) or %CHIHUO_ERROR_PROTOCOL (nobody expected
 *   that)
 * @server: what the server is called
 * @text: an error reply, without the “-”
 *
 * Says what the store has to know of it, if certainly nothing was done.
 *
 * Returns: %FALSE
 */
gboolean
chihuo_redis_error_set (GError **error, const char *server, const char *text)
{
  g_autofree char *words = g_utf8_make_valid (text, strnlen (text, MAX_SHOWN));

  for (char *byte = words; *byte != '\0'; byte++)
    if (g_ascii_iscntrl (*byte))
      *byte = ' ';

  g_set_error (error, CHIHUO_ERROR, get_code (chihuo_redis_trouble_from_text (text)),
               "%s: the server says: %s", server, words);
  return FALSE;
}
