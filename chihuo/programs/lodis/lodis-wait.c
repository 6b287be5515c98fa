/* lodis-wait.c - who wants to know when a structure changes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-error.h"
#include "lodis-wait.h"

/* A structure's version is a number that grows with each change since the server started. It begins at
 * random, so who knows one of an earlier server is answered at once. Versions are told only of what is
 * committed. When there are too many names all begin anew: a wait may end without a change, never the
 * other way round. */

#define MAX_VERSIONS 65536

struct _LodisWaits
{
  GHashTable *versions; /* (owned): kind and name → guint64, of what has changed */
  guint64     start;    /* the version of everything else */
  GPtrArray  *waiting;  /* (owned): of Wait */
  gboolean    rung;
};

typedef struct
{
  LodisWaits   *waits;   /* unowned */
  GBytes       *key;     /* (owned) */
  guint64       version;
  guint         timeout; /* 0: it has fired */
  LodisWaitFunc func;
  gpointer      data;
} Wait;

static guint64
choose_start (void)
{
  return (guint64) g_random_int_range (1, G_MAXINT32) << 32;
}

static GBytes *
new_key (char kind, LodisSpan name)
{
  GByteArray *key = g_byte_array_sized_new (name.length + 1);

  lodis_reply_add_byte (key, kind);
  lodis_reply_add_bytes (key, name);
  return g_byte_array_free_to_bytes (key);
}

static guint64
get_version (LodisWaits *self, GBytes *key)
{
  guint64 *version = g_hash_table_lookup (self->versions, key);

  return version != NULL ? *version : self->start;
}

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  g_clear_handle_id (&wait->timeout, g_source_remove);
  g_bytes_unref (wait->key);
  g_free (wait);
}

LodisWaits *
lodis_waits_new (void)
{
  LodisWaits *self = g_new0 (LodisWaits, 1);

  self->versions = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref,
                                          g_free);
  self->waiting = g_ptr_array_new_with_free_func (wait_free);
  self->start = choose_start ();

  return self;
}

/* Nobody may be waiting any more */
void
lodis_waits_free (LodisWaits *self)
{
  g_ptr_array_unref (self->waiting);
  g_hash_table_unref (self->versions);
  g_free (self);
}

static gboolean
parse_kind (const LodisSpan *argument, char *kind, GError **error)
{
  if (argument->length == 1 && memchr ("lha", argument->data[0], 3) != NULL)
    {
      *kind = argument->data[0];
      return TRUE;
    }

  g_set_error_literal (error, LODIS_ERROR, LODIS_ERROR_TYPE,
                       "what to wait for is l (a list), h (a map) or a (an array-map)");
  return FALSE;
}

/* version, ms and, if it is no map, what is waited for */
gboolean
lodis_waits_parse (LodisSpan body, LodisWaitTerms *terms, GError **error)
{
  g_autoptr (GArray) arguments = g_array_new (FALSE, FALSE, sizeof (LodisSpan));
  LodisSpan *first;

  if (!lodis_frame_parse (body, arguments, error))
    return FALSE;
  if (arguments->len < 2 || arguments->len > 3)
    {
      g_set_error (error, LODIS_ERROR, LODIS_ERROR_ARGUMENTS, "wait: 2 or 3 arguments were expected, not %u",
                   arguments->len);
      return FALSE;
    }

  first = &g_array_index (arguments, LodisSpan, 0);
  terms->kind = 'h';
  if (!lodis_frame_get_u64 (first, &terms->version, error)
      || !lodis_frame_get_u32 (first + 1, &terms->ms, error)
      || (arguments->len > 2 && !parse_kind (first + 2, &terms->kind, error)))
    return FALSE;

  terms->ms = MIN (terms->ms, LODIS_WAIT_MAX);
  return TRUE;
}

guint64
lodis_waits_get_version (LodisWaits *self, char kind, LodisSpan name)
{
  g_autoptr (GBytes) key = new_key (kind, name);

  return get_version (self, key);
}

/* Takes it out, then tells: what is told may come back here */
static void
end (LodisWaits *self, Wait *wait)
{
  guint64 version = get_version (self, wait->key);
  LodisWaitFunc func = wait->func;
  gpointer data = wait->data;

  g_ptr_array_remove_fast (self->waiting, wait);
  func (version, data);
}

static gboolean
timeout_cb (gpointer data)
{
  Wait *wait = data;

  wait->timeout = 0;
  end (wait->waits, wait);

  return G_SOURCE_REMOVE;
}

/* func is called once: when the version is another one, or time is up */
void
lodis_waits_add (LodisWaits *self, LodisSpan name, const LodisWaitTerms *terms, LodisWaitFunc func,
                 gpointer data)
{
  Wait *wait = g_new0 (Wait, 1);

  wait->waits = self;
  wait->key = new_key (terms->kind, name);
  wait->version = terms->version;
  wait->func = func;
  wait->data = data;
  wait->timeout = g_timeout_add (terms->ms, timeout_cb, wait);
  g_ptr_array_add (self->waiting, wait);
}

/* A structure has changed; nobody is told yet */
void
lodis_waits_ring (LodisWaits *self, char kind, GBytes *name)
{
  LodisSpan span;
  GBytes *key;
  guint64 *version;

  span.data = g_bytes_get_data (name, &span.length);
  key = new_key (kind, span);
  version = g_hash_table_lookup (self->versions, key);
  self->rung = self->waiting->len > 0;
  if (version != NULL)
    {
      ++*version;
      g_bytes_unref (key);
      return;
    }

  if (g_hash_table_size (self->versions) >= MAX_VERSIONS)
    {
      g_hash_table_remove_all (self->versions);
      self->start = choose_start ();
    }
  version = g_new (guint64, 1);
  *version = self->start + 1;
  g_hash_table_insert (self->versions, key, version);
}

gboolean
lodis_waits_is_rung (LodisWaits *self)
{
  return self->rung;
}

/* Tells those whose structure has changed */
void
lodis_waits_answer (LodisWaits *self)
{
  if (!self->rung)
    return;

  self->rung = FALSE;
  for (guint i = self->waiting->len; i > 0; i--)
    {
      Wait *wait = g_ptr_array_index (self->waiting, i - 1);

      if (get_version (self, wait->key) != wait->version)
        end (self, wait);
    }
}

/* Tells all of them: the server is about to end */
void
lodis_waits_answer_all (LodisWaits *self)
{
  while (self->waiting->len > 0)
    end (self, g_ptr_array_index (self->waiting, 0));
}
