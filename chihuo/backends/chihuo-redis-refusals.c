/* chihuo-redis-refusals.c - who has refused us, and when we may ask again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backoff.h"
#include "chihuo-error.h"
#include "chihuo-redis-refusals.h"

/* A wrong password gets no better by being repeated: it fills the server's ACL log, and looks like
 * somebody who guesses. So a server that has refused us rests, each time longer, and whoever asks
 * meanwhile is told at once what it said. It has to outlive the connections and the router: a store that
 * could not be opened begins anew each time. */

struct _ChihuoRedisRefusals
{
  GHashTable *servers; /* (owned) (element-type utf8 Refusal): by name */
};

typedef struct
{
  GError        *error;   /* (owned): what it said */
  gint64         until;   /* it rests; µs of the caller's clock */
  ChihuoBackoff  backoff;
} Refusal;

static void
refusal_free (gpointer data)
{
  Refusal *self = data;

  g_clear_error (&self->error);
  g_free (self);
}

ChihuoRedisRefusals *
chihuo_redis_refusals_new (void)
{
  ChihuoRedisRefusals *self = g_new0 (ChihuoRedisRefusals, 1);

  self->servers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, refusal_free);

  return self;
}

void
chihuo_redis_refusals_free (ChihuoRedisRefusals *self)
{
  g_hash_table_unref (self->servers);
  g_free (self);
}

/*
 * chihuo_redis_refusals_check:
 * @self: the refusals
 * @server: what the server is called
 * @now: the time, µs
 * @error: return location for the error of the last refusal
 *
 * Looks whether a server may be asked.
 *
 * Returns: %FALSE if it still rests
 */
gboolean
chihuo_redis_refusals_check (ChihuoRedisRefusals *self, const char *server, gint64 now,
                             GError **error)
{
  Refusal *refusal = g_hash_table_lookup (self->servers, server);

  if (refusal == NULL || now >= refusal->until)
    return TRUE;

  g_propagate_error (error, g_error_copy (refusal->error));
  return FALSE;
}

/*
 * chihuo_redis_refusals_note:
 * @self: the refusals
 * @server: what the server is called
 * @now: the time, µs
 * @error: why it could not be used
 *
 * If that is a refusal (%CHIHUO_ERROR_BACKEND: password, rights or
 * certificate), the server rests. Whatever else it was says nothing about
 * that, and changes nothing.
 */
void
chihuo_redis_refusals_note (ChihuoRedisRefusals *self, const char *server, gint64 now,
                            const GError *error)
{
  Refusal *refusal = g_hash_table_lookup (self->servers, server);

  if (!g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND))
    return;

  if (refusal == NULL)
    {
      refusal = g_new0 (Refusal, 1);
      g_hash_table_insert (self->servers, g_strdup (server), refusal);
    }
  g_clear_error (&refusal->error);
  refusal->error = g_error_copy (error);
  refusal->until = now + chihuo_backoff_next (&refusal->backoff, CHIHUO_REDIS_REFUSALS_LONGEST);
}

void
chihuo_redis_refusals_forget (ChihuoRedisRefusals *self, const char *server)
{
  g_hash_table_remove (self->servers, server);
}
