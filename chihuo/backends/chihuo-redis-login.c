/* chihuo-redis-login.c - who we are, which database we mean
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-login.h"

static gboolean
has_credentials (const ChihuoRedisOptions *options)
{
  return options->username != NULL || options->password != NULL;
}

/*
 * chihuo_redis_login_ask:
 * @options: who, and which database
 * @resp: where the commands go
 *
 * Adds the commands of a login: all of them go out at once.
 *
 * Returns: how many replies will come
 */
guint
chihuo_redis_login_ask (const ChihuoRedisOptions *options, ChihuoRedisResp *resp)
{
  const char *password = options->password != NULL ? options->password : "";
  guint n = 1;

  if (options->username != NULL)
    chihuo_redis_resp_add_command (resp, "AUTH", options->username, password, NULL);
  else if (options->password != NULL)
    chihuo_redis_resp_add_command (resp, "AUTH", password, NULL);
  if (has_credentials (options))
    n++;

  if (options->db != 0)
    {
      chihuo_redis_resp_begin (resp, 2);
      chihuo_redis_resp_add_string (resp, "SELECT");
      chihuo_redis_resp_add_int (resp, options->db);
      n++;
    }

  chihuo_redis_resp_add_command (resp, "CLIENT", "SETNAME", "chihuo", NULL);
  return n;
}

/* A name is nice to have: some proxies have none, some users may not. But it is also the first command
 * of those who have no password, and maybe should have one */
static gboolean
is_about_name_only (const char *text)
{
  switch (chihuo_redis_trouble_from_text (text))
    {
    case CHIHUO_REDIS_TROUBLE_REFUSED:
      return g_str_has_prefix (text, "NOPERM");
    case CHIHUO_REDIS_TROUBLE_AWAY:
      return FALSE;
    case CHIHUO_REDIS_TROUBLE_OTHER:
    case CHIHUO_REDIS_TROUBLE_FULL:
    case CHIHUO_REDIS_TROUBLE_MOVED:
    case CHIHUO_REDIS_TROUBLE_NOSCRIPT:
    case CHIHUO_REDIS_TROUBLE_ORDER:
    case CHIHUO_REDIS_TROUBLE_OUTDATED:
    case CHIHUO_REDIS_TROUBLE_SCHEMA:
    default:
      return TRUE;
    }
}

static gboolean
check_database (const ChihuoRedisOptions *options, const char *server, const char *text,
                GError **error)
{
  if (chihuo_redis_trouble_from_text (text) != CHIHUO_REDIS_TROUBLE_OTHER)
    return chihuo_redis_error_set (error, server, text);

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
               "%s: key “db”: expected a database that the server has (in a cluster, only 0), not %u",
               server, options->db);
  return FALSE;
}

/*
 * chihuo_redis_login_check:
 * @options: who, and which database
 * @index: which of the replies that is, the first is 0
 * @reply: the reply
 * @server: what the server is called
 * @error: return location for %CHIHUO_ERROR_BACKEND (refused),
 *   %CHIHUO_ERROR_CONFIG (no such database) or %CHIHUO_ERROR_TIMED_OUT (not now)
 *
 * Looks whether a command of the login went well.
 *
 * Returns: whether it did
 */
gboolean
chihuo_redis_login_check (const ChihuoRedisOptions *options, guint index,
                          const ChihuoRedisReply *reply, const char *server, GError **error)
{
  guint step = index;

  if (reply->type != REDIS_REPLY_ERROR)
    return TRUE;

  /* 0 = AUTH, 1 = SELECT, 2 = the name; which of them were sent? */
  if (!has_credentials (options))
    step++;
  if (step >= 1 && options->db == 0)
    step++;

  if (step == 1)
    return check_database (options, server, reply->str, error);
  if (step >= 2 && is_about_name_only (reply->str))
    return TRUE;

  return chihuo_redis_error_set (error, server, reply->str);
}
