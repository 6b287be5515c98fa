/* redis-fake-server.h - a Redis that says what a test tells it to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <hiredis/hiredis.h>
#include <string.h>

/* It remembers what it was asked: so a test sees each byte of a call, and servers can be as strange as
 * they like */
typedef struct
{
  char            *folder;
  char            *path;
  GSocketListener *listener;
  GThread         *thread;
  GMutex           mutex;
  char            *info;     /* (owned) (nullable): what INFO says; NULL = that nobody may know */
  const char      *policy;   /* what CONFIG GET says of evictions */
  const char      *log;      /* and of the log: appendfsync; NULL = there is none */
  GQueue           replies;  /* (element-type utf8): what calls of scripts are answered next */
  GPtrArray       *calls;    /* (owned) (element-type utf8): scripts and their arguments, without keys */
  GPtrArray       *others;   /* (owned) (element-type utf8): other commands */
  int              n_connections; /* atomic */
} FakeServer;

/* EVALSHA, the script, the number of keys, the keys, the arguments */
#define N_KEYS 14
#define FIRST_ARGUMENT (3 + N_KEYS)

static inline char *
join (const redisReply *command, gsize first)
{
  GString *text = g_string_new (NULL);

  for (gsize i = first; i < command->elements; i++)
    {
      g_string_append_c (text, ' ');
      g_string_append_len (text, command->element[i]->str, command->element[i]->len);
    }

  return g_string_free (text, FALSE);
}

/* (transfer full) (nullable): what to say; NULL = nothing, and hang up */
static inline char *
answer_call (FakeServer *self, const redisReply *command)
{
  g_autofree char *arguments = join (command, FIRST_ARGUMENT);

  g_assert_cmpstr (command->element[2]->str, ==, G_STRINGIFY (N_KEYS));
  g_ptr_array_add (self->calls, g_strdup_printf ("%s%s", command->element[3]->str, arguments));

  return g_queue_pop_head (&self->replies);
}

static inline char *
make_bulk (const char *text)
{
  return g_strdup_printf ("$%" G_GSIZE_FORMAT "\r\n%s\r\n", strlen (text), text);
}

static inline char *
answer_config (FakeServer *self, const char *name)
{
  const char *value = strcmp (name, "appendfsync") == 0 ? self->log : self->policy;
  g_autofree char *first = make_bulk (name);
  g_autofree char *second = value != NULL ? make_bulk (value) : NULL;

  return value != NULL ? g_strdup_printf ("*2\r\n%s%s", first, second)
                       : g_strdup ("-NOPERM no permissions\r\n");
}

static inline char *
answer (FakeServer *self, const redisReply *command)
{
  const char *name = command->element[0]->str;

  if (strcmp (name, "EVALSHA") == 0)
    return answer_call (self, command);

  g_ptr_array_add (self->others, g_strdup (name));
  if (strcmp (name, "INFO") == 0)
    return self->info != NULL ? make_bulk (self->info) : g_strdup ("-NOPERM no permissions\r\n");
  if (strcmp (name, "CONFIG") == 0)
    return answer_config (self, command->element[2]->str);
  if (g_str_has_prefix (name, "WAIT"))
    return g_queue_pop_head (&self->replies);
  if (strcmp (name, "SCRIPT") == 0)
    {
      g_autofree char *sha
        = g_compute_checksum_for_string (G_CHECKSUM_SHA1, command->element[2]->str, -1);

      return make_bulk (sha);
    }

  return g_strdup ("+OK\r\n");
}

/* FALSE: hang up */
static inline gboolean
serve_command (FakeServer *self, redisReader *reader, GOutputStream *output, gboolean *again)
{
  g_autofree char *text = NULL;
  void *command = NULL;

  g_assert_cmpint (redisReaderGetReply (reader, &command), ==, REDIS_OK);
  *again = command != NULL;
  if (command == NULL)
    return TRUE;

  g_mutex_lock (&self->mutex);
  text = answer (self, command);
  g_mutex_unlock (&self->mutex);
  freeReplyObject (command);

  return text != NULL
         && g_output_stream_write_all (output, text, strlen (text), NULL, NULL, NULL);
}

static inline void
serve (FakeServer *self, GIOStream *stream)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  redisReader *reader = redisReaderCreate ();
  gboolean open = TRUE;
  char buffer[4096];

  while (open)
    {
      gssize n = g_input_stream_read (input, buffer, sizeof buffer, NULL, NULL);
      gboolean again = TRUE;

      if (n <= 0)
        break;
      redisReaderFeed (reader, buffer, n);
      while (open && again)
        open = serve_command (self, reader, output, &again);
    }

  redisReaderFree (reader);
}

/* One connection after the other; ends when the listener is closed */
static inline gpointer
server_thread (gpointer data)
{
  FakeServer *self = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (self->listener, NULL, NULL, NULL)) != NULL)
    {
      g_atomic_int_inc (&self->n_connections);
      serve (self, G_IO_STREAM (connection));
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      g_object_unref (connection);
    }

  return NULL;
}

static inline void
fake_server_start (FakeServer *self, const char *version, const char *policy, const char *log)
{
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->folder = g_dir_make_tmp ("chihuo-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->folder, "socket", NULL);
  self->info = g_strdup_printf ("# Server\r\nredis_version:%s\r\nrun_id:one\r\n# Memory\r\n"
                                "maxmemory_policy:%s\r\n# Persistence\r\naof_enabled:%d\r\n",
                                version, policy, log != NULL);
  self->policy = policy;
  self->log = log;
  self->calls = g_ptr_array_new_with_free_func (g_free);
  self->others = g_ptr_array_new_with_free_func (g_free);
  self->listener = g_socket_listener_new ();
  address = g_unix_socket_address_new (self->path);
  g_socket_listener_add_address (self->listener, address, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error);
  g_assert_no_error (error);
  self->thread = g_thread_new ("server", server_thread, self);
}

/* The last connection wakes the thread up, and is not answered any more */
static inline void
fake_server_stop (FakeServer *self)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->path);
  g_autoptr (GSocketConnection) last = NULL;

  last = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), NULL, NULL);
  g_socket_listener_close (self->listener);
  g_clear_object (&last);
  g_thread_join (self->thread);
  g_object_unref (self->listener);
  g_assert_cmpuint (self->replies.length, ==, 0);
  g_ptr_array_unref (self->calls);
  g_ptr_array_unref (self->others);
  g_assert_cmpint (g_unlink (self->path), ==, 0);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->info);
  g_free (self->path);
  g_free (self->folder);
}

static inline guint
fake_server_count (FakeServer *self, const char *name)
{
  guint n = 0;

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->others->len; i++)
    if (strcmp (g_ptr_array_index (self->others, i), name) == 0)
      n++;
  g_mutex_unlock (&self->mutex);

  return n;
}

/* What the next call of a script, or WAIT, is answered */
static inline void
fake_server_will_say (FakeServer *self, const char *reply)
{
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->replies, g_strdup (reply));
  g_mutex_unlock (&self->mutex);
}

static inline void
fake_server_set_info (FakeServer *self, const char *info)
{
  g_mutex_lock (&self->mutex);
  g_free (self->info);
  self->info = g_strdup (info);
  g_mutex_unlock (&self->mutex);
}

static inline void
fake_server_set_policy (FakeServer *self, const char *policy)
{
  g_mutex_lock (&self->mutex);
  self->policy = policy;
  g_mutex_unlock (&self->mutex);
}
