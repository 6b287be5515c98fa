/* chihuo-request.c - one call on a queue, from its arguments to its result
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-request.h"

/* How much of an id an error shows, in bytes */
#define SHOWN_ID_LENGTH 100

/* For calls that either work or do not */
static gpointer
read_true (ChihuoRequest *self)
{
  return GINT_TO_POINTER (TRUE);
}

/* Takes over the call. `queue` must be interned; it is written into all items */
ChihuoRequest *
chihuo_request_new (const char *queue, ChihuoCall *call)
{
  ChihuoRequest *self = g_new0 (ChihuoRequest, 1);

  self->queue = queue;
  self->call = call;
  self->read = read_true;
  for (guint i = 0; call != NULL && i < call->n_items; i++)
    call->items[i].queue = queue;

  return self;
}

void
chihuo_request_free (ChihuoRequest *self)
{
  g_clear_pointer (&self->call, chihuo_call_unref);
  g_clear_pointer (&self->store, chihuo_store_unref);
  g_clear_error (&self->error);
  if (self->data_free != NULL)
    self->data_free (self->data);
  g_free (self);
}

/* Takes over the error. The first one stays */
void
chihuo_request_refuse (ChihuoRequest *self, GError *error)
{
  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }

  g_prefix_error (&error, "queue “%s”: ", self->queue);
  self->error = error;
}

void
chihuo_request_invalid (ChihuoRequest *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  chihuo_request_refuse (self,
                         g_error_new_valist (CHIHUO_ERROR, CHIHUO_ERROR_INVALID, format, args));
  va_end (args);
}

/* Refuses because of one of many. Takes over the error. The id may be any bytes: it is cut, and
 * made valid, so that bindings can show the message */
void
chihuo_request_refuse_nth (ChihuoRequest *self, const char *what, guint index, const char *task_id,
                           GError *error)
{
  g_autofree char *head = g_strndup (task_id, SHOWN_ID_LENGTH);
  g_autofree char *valid = g_utf8_make_valid (head, -1);

  g_prefix_error (&error, "%s %u (“%s”): ", what, index, valid);
  chihuo_request_refuse (self, error);
}

/* An item for each id, in their order; no array is an empty one */
ChihuoRequest *
chihuo_request_new_ids (const char *queue, ChihuoOp op, const char * const *task_ids)
{
  guint n = task_ids != NULL ? g_strv_length ((GStrv) task_ids) : 0;
  ChihuoRequest *self = chihuo_request_new (queue, chihuo_call_new_items (n));

  for (guint i = 0; i < n; i++)
    {
      GError *error = NULL;

      self->call->items[i].op = op;
      self->call->items[i].payload = chihuo_payload_new (task_ids[i], -1, NULL, 0);
      if (!chihuo_id_check (task_ids[i], -1, &error))
        {
          chihuo_request_refuse_nth (self, "id", i, task_ids[i], error);
          break;
        }
    }

  return self;
}

/* Whether there is anything to send */
gboolean
chihuo_request_has_work (ChihuoRequest *self)
{
  return self->error == NULL && self->call != NULL
         && (self->call->func != NULL || self->call->n_items > 0);
}

/* How many items were answered so */
guint
chihuo_request_count (ChihuoRequest *self, ChihuoAnswer answer)
{
  guint n = 0;

  for (guint i = 0; i < self->call->n_items; i++)
    if (self->call->items[i].answer == answer)
      n++;

  return n;
}
