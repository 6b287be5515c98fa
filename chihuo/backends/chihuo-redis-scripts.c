/* chihuo-redis-scripts.c - the scripts that carry out what is asked of a queue
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-mutant.h"
#include "chihuo-redis-error.h"
#include "chihuo-redis-script-texts.h"
#include "chihuo-redis-scripts.h"

/* The texts are made of the files in redis/ when the library is built. A server knows a script by
 * the SHA1 of its text, so a changed script never meets an old one. */

typedef struct
{
  const char *text;
  const char *sha;
} Script;

/* “--@mutant NAME: code” is a comment, unless the bug is chosen */
static const char *
choose_mutant (const char *text)
{
  static const char * const mutants[] = {
    "redis-no-token",
    "redis-reap-no-cap",
    "redis-renew-anybody",
    "redis-claim-lost",
  };

  for (guint i = 0; i < G_N_ELEMENTS (mutants); i++)
    {
      if (CHIHUO_MUTANT (mutants[i]))
        {
          g_autofree char *mark = g_strdup_printf ("--@mutant %s: ", mutants[i]);
          g_auto (GStrv) parts = g_strsplit (text, mark, -1);

          return g_strjoinv ("", parts);
        }
    }

  return text;
}

static const Script *
get_scripts (void)
{
  static const char * const texts[CHIHUO_REDIS_N_SCRIPTS] = {
    [CHIHUO_REDIS_SCRIPT_ADD] = add_script,     [CHIHUO_REDIS_SCRIPT_DO] = do_script,
    [CHIHUO_REDIS_SCRIPT_REAP] = reap_script,   [CHIHUO_REDIS_SCRIPT_SWEEP] = sweep_script,
    [CHIHUO_REDIS_SCRIPT_LOOK] = look_script,   [CHIHUO_REDIS_SCRIPT_PAGE] = page_script,
    [CHIHUO_REDIS_SCRIPT_MARKS] = marks_script, [CHIHUO_REDIS_SCRIPT_STATS] = stats_script,
  };
  static Script scripts[CHIHUO_REDIS_N_SCRIPTS];
  static gsize is_made;

  if (g_once_init_enter (&is_made))
    {
      for (guint i = 0; i < CHIHUO_REDIS_N_SCRIPTS; i++)
        {
          scripts[i].text = choose_mutant (texts[i]);
          scripts[i].sha = g_compute_checksum_for_string (G_CHECKSUM_SHA1, scripts[i].text, -1);
        }
      g_once_init_leave (&is_made, 1);
    }

  return scripts;
}

const char *
chihuo_redis_script_get_text (ChihuoRedisScript script)
{
  g_assert (script < CHIHUO_REDIS_N_SCRIPTS);

  return get_scripts ()[script].text;
}

const char *
chihuo_redis_script_get_sha (ChihuoRedisScript script)
{
  g_assert (script < CHIHUO_REDIS_N_SCRIPTS);

  return get_scripts ()[script].sha;
}

static gboolean
check_reply (ChihuoRedisConnection *connection, ChihuoRedisScript script,
             const ChihuoRedisReply *reply, GError **error)
{
  const char *sha = chihuo_redis_script_get_sha (script);

  if (reply->type == REDIS_REPLY_ERROR)
    return chihuo_redis_error_set (error, chihuo_redis_connection_get_name (connection),
                                   reply->str);
  if (reply->type == REDIS_REPLY_STRING && g_strcmp0 (reply->str, sha) == 0)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND,
               "%s: SCRIPT LOAD answered something else than the script's SHA1, %s",
               chihuo_redis_connection_get_name (connection), sha);
  return FALSE;
}

/* Loads all of them in one exchange. Every reply is read, whatever the first ones say, so that the
 * connection can be used afterwards */
gboolean
chihuo_redis_scripts_load (ChihuoRedisConnection *connection, GError **error)
{
  gboolean loaded = TRUE;

  for (guint i = 0; i < CHIHUO_REDIS_N_SCRIPTS; i++)
    chihuo_redis_connection_add_command (connection, "SCRIPT", "LOAD",
                                         chihuo_redis_script_get_text (i), NULL);
  if (!chihuo_redis_connection_send (connection, error))
    return FALSE;

  for (guint i = 0; i < CHIHUO_REDIS_N_SCRIPTS; i++)
    {
      g_autoptr (ChihuoRedisReply) reply = chihuo_redis_connection_receive (connection,
                                                                            loaded ? error : NULL);

      if (reply == NULL)
        return FALSE;
      if (loaded)
        loaded = check_reply (connection, i, reply, error);
    }

  return loaded;
}
