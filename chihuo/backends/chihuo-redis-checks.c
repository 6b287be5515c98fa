/* chihuo-redis-checks.c - what a Redis has to be like to hold queues
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-checks.h"
#include "chihuo-redis-error.h"

/* A Redis that throws keys away when it is full loses tasks without a word, so it is refused. One
 * that keeps no log on the disk is a matter of taste: it is only said what that may cost. What a
 * managed server does not tell stays unchecked.
 *
 * Whoever wants more says durable=strict: each batch that must not be lost is then followed by a
 * WAITAOF, or, before 7.2, by a WAIT. */

/* As one number: major × 10,000 + minor × 100 + patch */
#define VERSION_NEEDED  70000
#define VERSION_WAITAOF 70200

struct _ChihuoRedisChecks
{
  const ChihuoRedisOptions *options;  /* (not owned) */
  GHashTable               *known;    /* (element-type utf8): ids of servers' runs that were checked */
  gboolean                  has_waitaof; /* all servers that were checked know it */
  gboolean                  has_log;     /* all of them keep one */
};

/* (nullable): the value of a line “name:value” */
static char *
find_field (const char *info, const char *name)
{
  g_autofree char *start = g_strdup_printf ("\n%s:", name);
  const char *line = strstr (info, start);

  if (line == NULL)
    return NULL;

  line += strlen (start);
  return g_strndup (line, strcspn (line, "\r\n"));
}

static guint
read_version (const char *text)
{
  guint version = 0;
  const char *at = text;

  for (guint i = 0; i < 3; i++)
    {
      char *end = NULL;
      guint64 number = g_ascii_strtoull (at, &end, 10);

      version = version * 100 + MIN (number, 99);
      at = *end == '.' ? end + 1 : end;
    }

  return version;
}

static gboolean
is_denied (const ChihuoRedisReply *reply)
{
  return reply->type == REDIS_REPLY_ERROR
         && (chihuo_redis_trouble_from_text (reply->str) == CHIHUO_REDIS_TROUBLE_REFUSED
             || g_str_has_prefix (reply->str, "ERR unknown command"));
}

static ChihuoRedisReply *
ask (ChihuoRedisConnection *connection, const char *command, const char *argument,
     const char *second, GError **error)
{
  chihuo_redis_connection_add_command (connection, command, argument, second, NULL);
  if (!chihuo_redis_connection_send (connection, error))
    return NULL;

  return chihuo_redis_connection_receive (connection, error);
}

/* INFO as text that begins with a line's end, so that each line can be found by it; empty if the
 * server does not tell. NULL: an error */
static char *
ask_info (ChihuoRedisConnection *connection, GError **error)
{
  g_autoptr (ChihuoRedisReply) reply = ask (connection, "INFO", NULL, NULL, error);

  if (reply == NULL)
    return NULL;
  if (reply->type == REDIS_REPLY_STRING)
    return g_strdup_printf ("\n%s", reply->str);
  if (is_denied (reply))
    return g_strdup ("");

  if (reply->type == REDIS_REPLY_ERROR)
    chihuo_redis_error_set (error, chihuo_redis_connection_get_name (connection), reply->str);
  else
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                 "%s: an unexpected reply to INFO", chihuo_redis_connection_get_name (connection));
  return NULL;
}

/* (nullable): a setting, if the server tells; NULL with an error if it is lost */
static char *
ask_config (ChihuoRedisConnection *connection, const char *name, GError **error)
{
  g_autoptr (ChihuoRedisReply) reply = ask (connection, "CONFIG", "GET", name, error);

  if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
      || reply->element[1]->type != REDIS_REPLY_STRING)
    return NULL;

  return g_strdup (reply->element[1]->str);
}

static gboolean
check_version (ChihuoRedisChecks *self, ChihuoRedisConnection *connection, const char *info,
               GError **error)
{
  g_autofree char *text = find_field (info, "redis_version");
  guint version;

  if (text == NULL)
    {
      self->has_waitaof = FALSE;
      return TRUE;
    }

  version = read_version (text);
  self->has_waitaof = self->has_waitaof && version >= VERSION_WAITAOF;
  if (version >= VERSION_NEEDED)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND,
               "%s: Redis %s is too old: expected 7.0 or newer",
               chihuo_redis_connection_get_name (connection), text);
  return FALSE;
}

static gboolean
check_policy (ChihuoRedisChecks *self, ChihuoRedisConnection *connection, const char *info,
              GError **error)
{
  const char *name = chihuo_redis_connection_get_name (connection);
  g_autofree char *policy = find_field (info, "maxmemory_policy");
  g_autoptr (GError) trouble = NULL;

  if (policy == NULL)
    policy = ask_config (connection, "maxmemory-policy", &trouble);
  if (trouble != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return FALSE;
    }

  if (policy == NULL)
    {
      g_message ("%s: unchecked: the server does not tell its maxmemory-policy; with any other "
                 "than noeviction it may lose tasks", name);
      return TRUE;
    }
  if (strcmp (policy, "noeviction") == 0 || self->options->insist)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
               "%s: maxmemory-policy is %s, so a full server loses tasks: expected noeviction, or "
               "eviction=any in the configuration", name, policy);
  return FALSE;
}

static gboolean
check_log (ChihuoRedisChecks *self, ChihuoRedisConnection *connection, const char *info,
           GError **error)
{
  const char *name = chihuo_redis_connection_get_name (connection);
  g_autofree char *enabled = find_field (info, "aof_enabled");
  g_autofree char *policy = NULL;
  g_autoptr (GError) trouble = NULL;

  if (g_strcmp0 (enabled, "1") != 0)
    {
      self->has_log = FALSE;
      g_message ("%s: %s: a crash of the server may cost all since its last snapshot", name,
                 enabled != NULL ? "it keeps no append-only file"
                                 : "it does not tell whether it keeps an append-only file");
      return TRUE;
    }

  policy = ask_config (connection, "appendfsync", &trouble);
  if (trouble != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&trouble));
      return FALSE;
    }
  if (g_strcmp0 (policy, "always") != 0)
    g_message ("%s: appendfsync is %s: a crash of the machine may cost what was done in its last "
               "second", name, policy != NULL ? policy : "not told");

  return TRUE;
}

/*
 * chihuo_redis_checks_run:
 * @self: the checks
 * @connection: a new connection
 * @error: return location for %CHIHUO_ERROR_CONFIG, %CHIHUO_ERROR_BACKEND, or
 *   what became of the connection
 *
 * Asks a server what it is like. A server that was asked before, and has not
 * been started anew since, is not asked again.
 *
 * Returns: whether it may hold queues
 */
gboolean
chihuo_redis_checks_run (ChihuoRedisChecks *self, ChihuoRedisConnection *connection, GError **error)
{
  g_autofree char *info = ask_info (connection, error);
  g_autofree char *run = NULL;

  if (info == NULL)
    return FALSE;

  run = find_field (info, "run_id");
  if (run == NULL)
    run = g_strdup (chihuo_redis_connection_get_name (connection));
  if (g_hash_table_contains (self->known, run))
    return TRUE;

  if (!check_version (self, connection, info, error)
      || !check_policy (self, connection, info, error)
      || !check_log (self, connection, info, error))
    return FALSE;

  g_hash_table_add (self->known, g_steal_pointer (&run));
  return TRUE;
}

gboolean
chihuo_redis_checks_is_strict (ChihuoRedisChecks *self)
{
  return self->options->strict;
}

/* Three quarters of the time that its reply may take at the most: where the log is written each second,
 * WAITAOF takes a little more than that, and half of the default would be too short */
void
chihuo_redis_checks_add_wait (ChihuoRedisChecks *self, ChihuoRedisConnection *connection)
{
  gint64 patience = self->options->timeout / 4 * 3 / 1000;

  if (self->has_waitaof && self->has_log)
    {
      chihuo_redis_connection_begin (connection, 4);
      chihuo_redis_connection_add_string (connection, "WAITAOF");
      chihuo_redis_connection_add_int (connection, 1);
    }
  else
    {
      chihuo_redis_connection_begin (connection, 3);
      chihuo_redis_connection_add_string (connection, "WAIT");
    }
  chihuo_redis_connection_add_int (connection, self->options->replicas);
  chihuo_redis_connection_add_int (connection, MAX (patience, 1));
}

static gboolean
read_wait (const ChihuoRedisReply *reply, gint64 *n_local, gint64 *n_replicas)
{
  *n_local = 1;
  if (reply->type == REDIS_REPLY_INTEGER)
    {
      *n_replicas = reply->integer;
      return TRUE;
    }
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
      || reply->element[0]->type != REDIS_REPLY_INTEGER
      || reply->element[1]->type != REDIS_REPLY_INTEGER)
    return FALSE;

  *n_local = reply->element[0]->integer;
  *n_replicas = reply->element[1]->integer;
  return TRUE;
}

/*
 * chihuo_redis_checks_judge:
 * @self: the checks
 * @reply: what came to the command of chihuo_redis_checks_add_wait()
 * @error: return location for %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Looks whether enough servers know what was done.
 *
 * Returns: whether they do
 */
gboolean
chihuo_redis_checks_judge (ChihuoRedisChecks *self, const ChihuoRedisReply *reply, GError **error)
{
  gint64 n_local;
  gint64 n_replicas;

  if (reply->type == REDIS_REPLY_ERROR)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                 "durable=strict: it was done, but the server does not wait for its replicas: %s",
                 reply->str);
  else if (!read_wait (reply, &n_local, &n_replicas))
    g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                         "durable=strict: an unexpected reply to WAIT");
  else if (n_local < 1)
    g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                         "durable=strict: it was done, but does not stand on the disk yet");
  else if (n_replicas < self->options->replicas)
    g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME,
                 "durable=strict: it was done, but only %" G_GINT64_FORMAT " of %u replicas have it",
                 n_replicas, self->options->replicas);
  else
    return TRUE;

  return FALSE;
}

ChihuoRedisChecks *
chihuo_redis_checks_new (const ChihuoRedisOptions *options)
{
  ChihuoRedisChecks *self = g_new0 (ChihuoRedisChecks, 1);

  self->options = options;
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->has_waitaof = TRUE;
  self->has_log = TRUE;

  return self;
}

void
chihuo_redis_checks_free (ChihuoRedisChecks *self)
{
  g_hash_table_unref (self->known);
  g_free (self);
}
