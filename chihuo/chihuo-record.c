/* chihuo-record.c - what a queue knows of one id
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chihuo-error.h"
#include "chihuo-record.h"

/**
 * ChihuoRecord:
 *
 * What a queue knows of one id: state, mark, order, counters and, while it
 * runs, the claim.
 *
 * A plain struct; the function of a task's life is the only one that changes
 * its meaning. A record that is zeroed is that of an id nobody has heard of.
 *
 * Since: 1.0
 */

/**
 * ChihuoPending:
 *
 * The add that waits for the end of a run: a plain struct.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (ChihuoRecord, chihuo_record, chihuo_record_copy, chihuo_record_free)

static ChihuoPending *
pending_copy (const ChihuoPending *pending)
{
  ChihuoPending *copy = g_new (ChihuoPending, 1);

  *copy = *pending;
  copy->payload = chihuo_payload_ref (pending->payload);

  return copy;
}

static void
pending_free (ChihuoPending *pending)
{
  chihuo_payload_unref (pending->payload);
  g_free (pending);
}

/**
 * chihuo_record_copy:
 * @self: a record
 *
 * Copies a record; the payload is shared.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 1.0
 */
ChihuoRecord *
chihuo_record_copy (const ChihuoRecord *self)
{
  ChihuoRecord *copy = g_new (ChihuoRecord, 1);

  *copy = *self;
  if (self->payload != NULL)
    copy->payload = chihuo_payload_ref (self->payload);
  if (self->pending != NULL)
    copy->pending = pending_copy (self->pending);
  copy->error = g_strdup (self->error);

  return copy;
}

/**
 * chihuo_record_clear:
 * @self: a record
 *
 * Frees what the record owns and zeroes it.
 *
 * Since: 1.0
 */
void
chihuo_record_clear (ChihuoRecord *self)
{
  g_clear_pointer (&self->payload, chihuo_payload_unref);
  g_clear_pointer (&self->pending, pending_free);
  g_clear_pointer (&self->error, g_free);
  memset (self, 0, sizeof *self);
}

/**
 * chihuo_record_free:
 * @self: (transfer full): a record
 *
 * Frees a record.
 *
 * Since: 1.0
 */
void
chihuo_record_free (ChihuoRecord *self)
{
  chihuo_record_clear (self);
  g_free (self);
}

/**
 * chihuo_record_get_key:
 * @self: a record
 * @major: (out): the first part
 * @minor: (out): the second part: no two records in one state share both
 *
 * Gets what the tasks of one state are ordered by: waiting ones by priority and
 * place, delayed ones by due time and place, running and dead ones by place.
 *
 * Since: 1.0
 */
void
chihuo_record_get_key (const ChihuoRecord *self, gint64 *major, gint64 *minor)
{
  if (self->state == CHIHUO_TASK_STATE_WAITING)
    *major = self->priority;
  else if (self->state == CHIHUO_TASK_STATE_DELAYED)
    *major = self->when;
  else
    *major = 0;
  *minor = self->place;
}

/**
 * chihuo_record_dup_cursor:
 * @self: a record with a payload
 *
 * Makes the text that `after` of a [struct@Chihuo.Page] takes. It stays good
 * when the task is gone.
 *
 * Returns: (transfer full): the cursor
 *
 * Since: 1.0
 */
char *
chihuo_record_dup_cursor (const ChihuoRecord *self)
{
  gint64 major;
  gint64 minor;

  chihuo_record_get_key (self, &major, &minor);

  return g_strdup_printf ("%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s", major, minor,
                          chihuo_payload_get_id (self->payload));
}

/**
 * chihuo_record_hand_out: (skip)
 * @self: a record that has just become running
 * @claim: the claim that gets it; there is room for one more in its answer
 *
 * Adds a task to the answer of a claim.
 *
 * Since: 1.0
 */
void
chihuo_record_hand_out (const ChihuoRecord *self, ChihuoItem *claim)
{
  claim->claim.claimed[claim->claim.n_claimed++]
    = (ChihuoClaimed) { .payload = chihuo_payload_ref (self->payload),
                        .token = self->token,
                        .timeout = (gint64) self->timeout * 1000,
                        .failures = self->failures,
                        .crashes = self->crashes,
                        .max_tries = self->max_tries,
                        .priority = self->priority };
}

/**
 * chihuo_cursor_parse:
 * @cursor: a cursor
 * @major: (out): the first part of the key
 * @minor: (out): the second part of the key
 * @id: (out) (transfer none): the id, inside @cursor
 * @error: return location for %CHIHUO_ERROR_INVALID
 *
 * Takes a cursor apart.
 *
 * Returns: whether it was one
 *
 * Since: 1.0
 */
gboolean
chihuo_cursor_parse (const char *cursor, gint64 *major, gint64 *minor, const char **id,
                     GError **error)
{
  g_autofree char *head = NULL;
  char *end = NULL;

  errno = 0;
  *major = g_ascii_strtoll (cursor, &end, 10);
  if (errno == 0 && end != cursor && *end == ':')
    {
      const char *second = end + 1;

      *minor = g_ascii_strtoll (second, &end, 10);
      if (errno == 0 && end != second && *end == ':' && end[1] != '\0')
        {
          *id = end + 1;
          return TRUE;
        }
    }

  /* the cut may go through a character */
  head = g_utf8_make_valid (cursor, strnlen (cursor, 40));
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
               "“%s” is no cursor: chihuo_task_get_cursor() gives them", head);
  return FALSE;
}
