/* bench-script.c - the bare program for Redis: our own scripts, one call after another
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "bench-eater.h"
#include "bench-script.h"
#include "chihuo-redis-scripts.h"

/* hiredis as its manual shows it: a synchronous call, then its reply. Nothing is checked that the scripts do
 * not check themselves, and nothing is done while a reply is on its way */

#define CLIENT "01234567-89ab-cdef-0123-456789abcdef"
#define CLAIMANT CLIENT " bare"
#define LEASE "30000000"

#define N_HEAD 24 /* arguments before the items, at the most */

static const char *const key_names[CHIHUO_REDIS_N_KEYS] = {
  "queue", "tasks",    "waiting", "suspects", "delayed", "runs",  "leases",
  "pending", "dead",   "finished", "workers",  "claims",  "marks", "client:" CLIENT,
};

struct _BenchScript
{
  redisContext *context;                    /* (owned) */
  char         *keys[CHIHUO_REDIS_N_KEYS];  /* (owned) */
  GPtrArray    *arguments;                  /* (owned): of texts that outlive a call */
  GArray       *lengths;                    /* (owned): of gsize */
  guint         request;
};

static void
add_bytes (BenchScript *self, const char *bytes, gsize length)
{
  g_ptr_array_add (self->arguments, (gpointer) bytes);
  g_array_append_val (self->lengths, length);
}

static void
add_text (BenchScript *self, const char *text)
{
  add_bytes (self, text, strlen (text));
}

static void
check_reply (BenchScript *self, redisReply *reply)
{
  if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
    g_error ("a script has failed: %s", reply != NULL ? reply->str : self->context->errstr);
}

BenchScript *
bench_script_new (BenchServer *server)
{
  static const ChihuoRedisScript scripts[] = { CHIHUO_REDIS_SCRIPT_ADD, CHIHUO_REDIS_SCRIPT_DO };
  BenchScript *self = g_new0 (BenchScript, 1);

  self->context = bench_server_connect (server);
  self->arguments = g_ptr_array_new ();
  self->lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  for (guint i = 0; i < CHIHUO_REDIS_N_KEYS; i++)
    self->keys[i] = g_strconcat ("{chihuo:bare}:", key_names[i], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    {
      redisReply *reply = redisCommand (self->context, "SCRIPT LOAD %s",
                                        chihuo_redis_script_get_text (scripts[i]));

      check_reply (self, reply);
      freeReplyObject (reply);
    }

  return self;
}

void
bench_script_free (BenchScript *self)
{
  redisFree (self->context);
  g_ptr_array_unref (self->arguments);
  g_array_unref (self->lengths);
  for (guint i = 0; i < CHIHUO_REDIS_N_KEYS; i++)
    g_free (self->keys[i]);
  g_free (self);
}

/* `request` has to live until the call */
static void
begin (BenchScript *self, ChihuoRedisScript script, char request[16])
{
  static const char *const after_request[] = { "1", "0", "3600" };

  g_ptr_array_set_size (self->arguments, 0);
  g_array_set_size (self->lengths, 0);
  g_snprintf (request, 16, "%u", ++self->request);

  add_text (self, "EVALSHA");
  add_text (self, chihuo_redis_script_get_sha (script));
  add_text (self, G_STRINGIFY (CHIHUO_REDIS_N_KEYS));
  for (guint i = 0; i < CHIHUO_REDIS_N_KEYS; i++)
    add_text (self, self->keys[i]);
  add_text (self, "");
  add_text (self, request);
  for (guint i = 0; i < G_N_ELEMENTS (after_request); i++)
    add_text (self, after_request[i]);
}

static redisReply *
call (BenchScript *self)
{
  redisReply *reply
      = redisCommandArgv (self->context, self->arguments->len,
                          (const char **) self->arguments->pdata, (gsize *) self->lengths->data);

  check_reply (self, reply);

  return reply;
}

/* Tasks a second */
double
bench_script_add (BenchScript *self, guint n, guint per_call)
{
  g_autofree char *ids = g_malloc (per_call * 32);
  gint64 before = g_get_monotonic_time ();
  char request[16];
  char number[16];

  for (guint i = 0; i < n; i += per_call)
    {
      guint part = MIN (per_call, n - i);

      begin (self, CHIHUO_REDIS_SCRIPT_ADD, request);
      g_snprintf (number, sizeof number, "%u", part);
      add_text (self, "A");
      add_text (self, number);
      for (guint t = 0; t < part; t++)
        {
          add_bytes (self, ids + t * 32, snprintf (ids + t * 32, 32, BENCH_ID_FORMAT, i + t));
          add_bytes (self, BENCH_INFO, strlen (BENCH_INFO));
        }
      freeReplyObject (call (self));
    }

  return n / bench_seconds_since (before);
}

/* A reply of a claim: the answers, then { lost, waiting, next due, paused, (id, token, task)* } */
static guint
get_n_claimed (redisReply *reply)
{
  if (reply == NULL)
    return 0;
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2
      || reply->element[1]->type != REDIS_REPLY_ARRAY || reply->element[1]->elements < 4)
    g_error ("a claim's reply has another form");

  return (reply->element[1]->elements - 4) / 3;
}

/* The ids are those of the reply itself */
static void
add_settles (BenchScript *self, redisReply *claimed, char *tokens, char number[16])
{
  guint n = get_n_claimed (claimed);

  if (n == 0)
    return;

  g_snprintf (number, 16, "%u", n);
  add_text (self, "F");
  add_text (self, number);
  for (guint i = 0; i < n; i++)
    {
      redisReply *const *task = claimed->element[1]->element + 4 + 3 * i;

      add_bytes (self, task[0]->str, task[0]->len);
      add_bytes (self, tokens + i * 32, snprintf (tokens + i * 32, 32, "%lld", task[1]->integer));
    }
}

static redisReply *
settle_and_claim (BenchScript *self, redisReply *claimed, guint per_call)
{
  g_autofree char *tokens = g_malloc (per_call * 32);
  const char *const after_n[] = { "0", "", "25", "3", LEASE };
  char request[16];
  char n_settles[16];
  char n_claim[16];

  begin (self, CHIHUO_REDIS_SCRIPT_DO, request);
  g_snprintf (n_claim, sizeof n_claim, "%u", per_call);
  add_text (self, "W");
  add_text (self, CLAIMANT);
  add_settles (self, claimed, tokens, n_settles);
  add_text (self, "C");
  add_text (self, n_claim);
  for (guint i = 0; i < G_N_ELEMENTS (after_n); i++)
    add_text (self, *after_n[i] != '\0' ? after_n[i] : request);

  return call (self);
}

/* Tasks a second that are claimed, and finished in the call that claims the next ones */
double
bench_script_eat (BenchScript *self, guint n, guint per_call)
{
  gint64 before = g_get_monotonic_time ();
  redisReply *claimed = NULL;
  guint n_eaten = 0;
  guint n_claimed;

  do
    {
      redisReply *next = settle_and_claim (self, claimed, per_call);

      if (claimed != NULL)
        freeReplyObject (claimed);
      claimed = next;
      n_claimed = get_n_claimed (claimed);
      n_eaten += n_claimed;
    }
  while (n_claimed > 0);
  freeReplyObject (claimed);

  if (n_eaten != n)
    g_error ("%u tasks were eaten, %u were expected", n_eaten, n);
  return n / bench_seconds_since (before);
}
