/* chihuo-lodis-server.c - commands of a Lodis and their answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <json-glib/json-glib.h>

#include "chihuo-error.h"
#include "chihuo-json.h"
#include "chihuo-lodis-server.h"

/* Names of structures are those of queues with a colon or an exclamation mark: nothing in them has to
 * be escaped in a URL. */

struct _ChihuoLodisServer
{
  ChihuoLodisHttp *http; /* (owned) */
};

/* host, port, timeout in µs; it connects when it is first asked */
ChihuoLodisServer *
chihuo_lodis_server_new (const char *host, guint16 port, gint64 timeout)
{
  ChihuoLodisServer *self = g_new0 (ChihuoLodisServer, 1);

  self->http = chihuo_lodis_http_new (host, port, timeout);

  return self;
}

void
chihuo_lodis_server_free (ChihuoLodisServer *self)
{
  chihuo_lodis_http_free (self->http);
  g_free (self);
}

/* For messages */
const char *
chihuo_lodis_server_get_name (ChihuoLodisServer *self)
{
  return chihuo_lodis_http_get_name (self->http);
}

/* Answers that were not received yet never are */
void
chihuo_lodis_server_drop (ChihuoLodisServer *self)
{
  chihuo_lodis_http_drop (self->http);
}

static void
note_skill (const char *word, ChihuoLodisSkills *skills)
{
  skills->has_txn = skills->has_txn || g_strcmp0 (word, "txn") == 0;
  skills->has_range = skills->has_range || g_strcmp0 (word, "range") == 0;
  skills->has_wait = skills->has_wait || g_strcmp0 (word, "wait") == 0;
}

/* {"server":"lodis","version":…,"commands":["txn","range","wait"]} */
static void
read_skills (GBytes *body, ChihuoLodisSkills *skills)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize length;
  const char *text = g_bytes_get_data (body, &length);
  JsonNode *root;
  JsonNode *commands;

  if (!chihuo_json_check (text, length, NULL)
      || !json_parser_load_from_data (parser, text, length, NULL))
    return;

  root = json_parser_get_root (parser);
  commands = JSON_NODE_HOLDS_OBJECT (root)
               ? json_object_get_member (json_node_get_object (root), "commands") : NULL;
  if (commands == NULL || !JSON_NODE_HOLDS_ARRAY (commands))
    return;

  for (guint i = 0; i < json_array_get_length (json_node_get_array (commands)); i++)
    {
      JsonNode *node = json_array_get_element (json_node_get_array (commands), i);

      if (JSON_NODE_HOLDS_VALUE (node))
        note_skill (json_node_get_string (node), skills);
    }
}

/*
 * chihuo_lodis_server_get_skills:
 * @self: a server
 * @skills: (out): what it knows beyond the original one
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT or %CHIHUO_ERROR_PROTOCOL
 *
 * Asks the server what it is. The original one knows nothing to say to that, in
 * one way or another.
 *
 * Returns: whether something answered
 */
gboolean
chihuo_lodis_server_get_skills (ChihuoLodisServer *self, ChihuoLodisSkills *skills, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) local = NULL;
  guint status;

  *skills = (ChihuoLodisSkills) { FALSE };
  chihuo_lodis_http_ask (self->http, "/", NULL);
  if (!chihuo_lodis_http_send (self->http, NULL, error))
    return FALSE;
  if (chihuo_lodis_http_receive (self->http, &status, &body, NULL, &local))
    {
      if (status == 200)
        read_skills (body, skills);
      return TRUE;
    }

  if (local->code == CHIHUO_ERROR_UNKNOWN_OUTCOME)
    local->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Gathers a command; arguments: (nullable): none */
void
chihuo_lodis_server_ask (ChihuoLodisServer *self, const char *command, const char *name,
                         GByteArray *arguments)
{
  g_autofree char *path = g_strdup_printf ("/%s/%s", command, name);
  g_autoptr (GByteArray) none = arguments == NULL ? g_byte_array_new () : NULL;

  chihuo_lodis_http_ask (self->http, path, arguments != NULL ? arguments : none);
}

/* Sends what is gathered */
gboolean
chihuo_lodis_server_send (ChihuoLodisServer *self, GError **error)
{
  return chihuo_lodis_http_send (self->http, NULL, error);
}

/* Whether a change may have been made, though this was the answer. Error 2 is one of the database: what
 * could not be synced may be there all the same. What is not status 500 with a digit Lodis has not said */
static gboolean
is_doubtful (guint status, GBytes *body)
{
  const char *data = body != NULL ? g_bytes_get_data (body, NULL) : NULL;

  return status != 500 || data == NULL || data[0] < '1' || data[0] > '6' || data[0] == '2';
}

/*
 * chihuo_lodis_server_receive:
 * @self: a server
 * @effect: whether the command changes something
 * @reader: (out): stands at the content of the answer
 * @error: return location for %CHIHUO_ERROR_BACKEND (the server could not do
 *   it), %CHIHUO_ERROR_PROTOCOL, %CHIHUO_ERROR_TIMED_OUT (it was to read only)
 *   or %CHIHUO_ERROR_UNKNOWN_OUTCOME
 *
 * Waits for the answer to the next of the commands that were sent.
 *
 * Returns: (transfer full) (nullable): the answer, which the reader reads
 */
GBytes *
chihuo_lodis_server_receive (ChihuoLodisServer *self, ChihuoLodisEffect effect,
                             ChihuoLodisReader *reader, GError **error)
{
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) local = NULL;
  guint status = 0;

  if (chihuo_lodis_http_receive (self->http, &status, &body, NULL, &local))
    {
      if (chihuo_lodis_frame_open (reader, status, body, &local))
        return g_steal_pointer (&body);

      g_prefix_error (&local, "lodis at %s: ", chihuo_lodis_server_get_name (self));
    }

  if (effect == CHIHUO_LODIS_CHANGES && is_doubtful (status, body))
    local->code = CHIHUO_ERROR_UNKNOWN_OUTCOME;
  if (effect == CHIHUO_LODIS_READS && local->code == CHIHUO_ERROR_UNKNOWN_OUTCOME)
    local->code = CHIHUO_ERROR_TIMED_OUT;
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* Asks, sends and receives */
GBytes *
chihuo_lodis_server_call (ChihuoLodisServer *self, const char *command, const char *name,
                          GByteArray *arguments, ChihuoLodisEffect effect,
                          ChihuoLodisReader *reader, GError **error)
{
  chihuo_lodis_server_ask (self, command, name, arguments);
  if (!chihuo_lodis_server_send (self, error))
    return NULL;

  return chihuo_lodis_server_receive (self, effect, reader, error);
}
