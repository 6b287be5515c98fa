/* chihuo-lodis-outbox.c - changes of plain queues on their way to the server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-outbox.h"

/* What is in here is true already as far as this process is concerned, so it stays until the server has
 * said that it is done. All of it may be done twice: a push that skips what is there, a mark, a removal. */

/* So many arguments in one command, and no more if they have so many bytes */
#define MAX_ARGUMENTS 512
#define MAX_BYTES     (1024 * 1024)

typedef struct
{
  const char *command;     /* interned */
  const char *queue;       /* interned */
  GByteArray *arguments;   /* (owned) */
  guint       n_arguments;
} Command;

typedef struct
{
  const char    *queue;   /* interned */
  ChihuoPayload *payload; /* (owned) */
  gint64         place;
} Return;

static void
command_free (gpointer data)
{
  Command *self = data;

  g_byte_array_unref (self->arguments);
  g_free (self);
}

static void
return_free (gpointer data)
{
  Return *self = data;

  chihuo_payload_unref (self->payload);
  g_free (self);
}

void
chihuo_lodis_outbox_init (ChihuoLodisOutbox *self, ChihuoLodisServer *server)
{
  self->server = server;
  self->commands = g_ptr_array_new_with_free_func (command_free);
  self->returns = g_ptr_array_new_with_free_func (return_free);
}

void
chihuo_lodis_outbox_clear (ChihuoLodisOutbox *self)
{
  g_clear_pointer (&self->commands, g_ptr_array_unref);
  g_clear_pointer (&self->returns, g_ptr_array_unref);
}

/* Those of which one command takes many */
static gboolean
is_plural (const char *command)
{
  return strcmp (command, "adel") != 0 && strcmp (command, "hdel") != 0;
}

static Command *
get_command (ChihuoLodisOutbox *self, const char *name, const char *queue)
{
  Command *last = self->commands->len > 0
                    ? g_ptr_array_index (self->commands, self->commands->len - 1) : NULL;
  Command *command;

  if (last != NULL && last->command == name && last->queue == queue && is_plural (name)
      && last->n_arguments < MAX_ARGUMENTS && last->arguments->len < MAX_BYTES)
    return last;

  command = g_new0 (Command, 1);
  command->command = name;
  command->queue = queue;
  command->arguments = g_byte_array_new ();
  g_ptr_array_add (self->commands, command);

  return command;
}

/*
 * chihuo_lodis_outbox_add:
 * @self: an outbox
 * @name: a command that takes an id
 * @queue: the queue, interned
 * @id: the id
 * @value: (nullable): what the command takes beside it
 *
 * Puts a change in.
 */
void
chihuo_lodis_outbox_add (ChihuoLodisOutbox *self, const char *name, const char *queue,
                         const char *id, const char *value)
{
  Command *command = get_command (self, g_intern_string (name), queue);

  chihuo_lodis_frame_add_string (command->arguments, id);
  command->n_arguments++;
  if (value != NULL)
    chihuo_lodis_frame_add_string (command->arguments, value);
}

/* Puts a task in that goes back to the head of its queue, by its place among those that do */
void
chihuo_lodis_outbox_return (ChihuoLodisOutbox *self, const char *queue, const ChihuoRecord *record)
{
  Return *entry = g_new (Return, 1);

  *entry = (Return) { .queue = queue,
                      .payload = chihuo_payload_ref (record->payload),
                      .place = record->place };
  g_ptr_array_add (self->returns, entry);
}

/* The last one first: each is pushed before the one that was pushed before it */
static int
compare_returns (gconstpointer a, gconstpointer b)
{
  gint64 one = (*(Return *const *) a)->place;
  gint64 other = (*(Return *const *) b)->place;

  return one > other ? -1 : one < other;
}

static void
add_returns (ChihuoLodisOutbox *self)
{
  g_ptr_array_sort (self->returns, compare_returns);
  for (guint i = 0; i < self->returns->len; i++)
    {
      Return *entry = g_ptr_array_index (self->returns, i);

      chihuo_lodis_outbox_add (self, "alpushnx", entry->queue,
                               chihuo_payload_get_id (entry->payload),
                               chihuo_payload_get_json (entry->payload));
    }
  g_ptr_array_set_size (self->returns, 0);
}

/*
 * chihuo_lodis_outbox_flush:
 * @self: an outbox
 * @error: return location for %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Sends all that is in it, in one go. What the server has not answered stays.
 *
 * Returns: whether it is empty
 */
gboolean
chihuo_lodis_outbox_flush (ChihuoLodisOutbox *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  guint n;

  add_returns (self);
  if (self->commands->len == 0)
    return TRUE;

  for (guint i = 0; i < self->commands->len; i++)
    {
      Command *command = g_ptr_array_index (self->commands, i);

      chihuo_lodis_server_ask (self->server, command->command, command->queue, command->arguments);
    }

  n = self->commands->len;
  if (chihuo_lodis_server_send (self->server, &local))
    for (; n > 0; n--)
      {
        ChihuoLodisReader reader;
        g_autoptr (GBytes) body
          = chihuo_lodis_server_receive (self->server, CHIHUO_LODIS_CHANGES, &reader, &local);

        if (body == NULL)
          break;
        g_ptr_array_remove_index (self->commands, 0);
      }
  if (n == 0)
    return TRUE;

  chihuo_lodis_server_drop (self->server);
  local->code = CHIHUO_ERROR_UNKNOWN_OUTCOME;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
