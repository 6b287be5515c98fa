/* lodis-fake-server.h - a Lodis that says what a test tells it to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It remembers what it was asked, and answers only when a test has said how: so answers can be wrong, late or
 * missing. One connection after the other, on a thread that uses nothing of GIO. In front of another server it hands
 * on what comes, and loses what a test wants to be lost */

typedef enum
{
  FAKE_SAY,     /* some bytes */
  FAKE_HANG_UP, /* nothing */
  FAKE_IGNORE,  /* nothing, until the other side hangs up */
} FakeWay;

typedef struct
{
  FakeWay  way;
  GBytes  *bytes;     /* (owned) (nullable) */
  gboolean is_last;   /* it hangs up behind them */
} FakeAnswer;

typedef struct
{
  char   *line;       /* (owned): "POST /hget/q" */
  GBytes *body;       /* (owned) */
} FakeRequest;

typedef struct
{
  int        listener;
  guint16    port;
  GThread   *thread;
  GMutex     mutex;
  GCond      cond;
  GQueue     answers;       /* (element-type FakeAnswer) */
  GPtrArray *requests;      /* (owned) (element-type FakeRequest) */
  int        peer;          /* the connection; -1 = none */
  guint      n_connections;
  guint      n_closed;      /* of these */
  gboolean   is_stopping;
  guint16    upstream;      /* port of the server behind it; 0 = there is none */
  guint      n_unheard;     /* so many transactions that write are yet to be lost before that server has them */
  guint      n_untold;      /* and so many when it has carried them out */
  gboolean   is_deaf;       /* nothing is handed on */
  gboolean   is_holding;    /* there is something that is not */
  guint      n_until_deaf;  /* it becomes so behind so many transactions that write; 0 = never */
} FakeServer;

static inline void
fake_answer_free (gpointer data)
{
  FakeAnswer *self = data;

  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

static inline void
fake_request_free (gpointer data)
{
  FakeRequest *self = data;

  g_bytes_unref (self->body);
  g_free (self->line);
  g_free (self);
}

/* The next answer, once there is one; NULL = the server is to end */
static inline FakeAnswer *
fake_server_await_answer (FakeServer *self)
{
  FakeAnswer *answer;

  g_mutex_lock (&self->mutex);
  while (g_queue_is_empty (&self->answers) && !self->is_stopping)
    g_cond_wait (&self->cond, &self->mutex);
  answer = g_queue_pop_head (&self->answers);
  g_mutex_unlock (&self->mutex);

  return answer;
}

static inline gboolean
fake_server_write (int peer, GBytes *bytes)
{
  gsize left;
  const char *at = g_bytes_get_data (bytes, &left);

  while (left > 0)
    {
      gssize n = send (peer, at, left, MSG_NOSIGNAL);

      if (n <= 0)
        return FALSE;
      at += n;
      left -= n;
    }

  return TRUE;
}

/* Asks the server behind it, and returns all that it says */
static inline GBytes *
fake_server_ask_upstream (FakeServer *self, const FakeRequest *request)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = htons (self->upstream),
                                 .sin_addr = { htonl (INADDR_LOOPBACK) } };
  g_autofree char *head
    = g_strdup_printf ("%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n",
                       request->line, g_bytes_get_size (request->body));
  g_autoptr (GBytes) head_bytes = g_bytes_new_static (head, strlen (head));
  GByteArray *answer = g_byte_array_new ();
  int peer = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  guint8 buffer[4096];
  gssize n;

  if (connect (peer, (struct sockaddr *) &address, sizeof address) == 0
      && fake_server_write (peer, head_bytes) && fake_server_write (peer, request->body))
    while ((n = recv (peer, buffer, sizeof buffer, 0)) > 0)
      g_byte_array_append (answer, buffer, n);
  close (peer);

  return g_byte_array_free_to_bytes (answer);
}

/* Hands the newest request on, or loses it */
static inline void
fake_server_forward (FakeServer *self, int peer)
{
  FakeRequest *request;
  g_autoptr (GBytes) answer = NULL;
  gboolean is_unheard;
  gboolean is_untold;
  gboolean writes;

  g_mutex_lock (&self->mutex);
  request = g_ptr_array_index (self->requests, self->requests->len - 1);
  writes = g_bytes_get_size (request->body) > 0
           && memmem (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body),
                      "\0\0\0\1=", 5) != NULL;
  is_unheard = writes && self->n_unheard > 0;
  is_untold = writes && !is_unheard && self->n_untold > 0;
  self->n_unheard -= is_unheard;
  self->n_untold -= is_untold;
  while (self->is_deaf && !self->is_stopping)
    {
      self->is_holding = TRUE;
      g_cond_broadcast (&self->cond);
      g_cond_wait (&self->cond, &self->mutex);
    }
  self->is_holding = FALSE;
  if (writes && self->n_until_deaf > 0 && --self->n_until_deaf == 0)
    self->is_deaf = TRUE;
  g_mutex_unlock (&self->mutex);

  if (is_unheard)
    return;
  answer = fake_server_ask_upstream (self, request);
  if (!is_untold)
    fake_server_write (peer, answer);
}

/* FALSE: hang up */
static inline gboolean
fake_server_answer (FakeServer *self, int peer)
{
  FakeAnswer *answer = fake_server_await_answer (self);
  gboolean is_open = answer != NULL && answer->way == FAKE_SAY && !answer->is_last;
  char byte;

  if (answer != NULL && answer->way == FAKE_SAY && !fake_server_write (peer, answer->bytes))
    is_open = FALSE;
  while (answer != NULL && answer->way == FAKE_IGNORE && recv (peer, &byte, 1, 0) > 0)
    continue;
  g_clear_pointer (&answer, fake_answer_free);

  return is_open;
}

/* Takes the first request out of what has come in, if it is all there */
static inline gboolean
fake_server_take_request (FakeServer *self, GString *input)
{
  const char *end = strstr (input->str, "\r\n\r\n");
  const char *length_text = end != NULL ? strstr (input->str, "Content-Length: ") : NULL;
  gsize length = length_text != NULL && length_text < end
                   ? strtoul (length_text + strlen ("Content-Length: "), NULL, 10) : 0;
  gsize head = end != NULL ? end + 4 - input->str : 0;
  FakeRequest *request;

  if (end == NULL || input->len < head + length)
    return FALSE;

  request = g_new (FakeRequest, 1);
  request->line = g_strndup (input->str, strstr (input->str, " HTTP/1.1\r\n") - input->str);
  request->body = g_bytes_new (input->str + head, length);
  g_string_erase (input, 0, head + length);

  g_mutex_lock (&self->mutex);
  g_ptr_array_add (self->requests, request);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

static inline void
fake_server_serve (FakeServer *self, int peer)
{
  g_autoptr (GString) input = g_string_new (NULL);
  gboolean is_open = TRUE;
  static char buffer[64 * 1024];

  while (is_open)
    {
      gssize n = recv (peer, buffer, sizeof buffer, 0);

      if (n <= 0)
        return;
      g_string_append_len (input, buffer, n);
      while (is_open && fake_server_take_request (self, input))
        {
          is_open = self->upstream == 0 && fake_server_answer (self, peer);
          if (self->upstream != 0)
            fake_server_forward (self, peer);
        }
    }
}

static inline void
fake_server_set_peer (FakeServer *self, int peer)
{
  g_mutex_lock (&self->mutex);
  if (peer >= 0)
    self->n_connections++;
  else
    self->n_closed++;
  self->peer = peer;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static inline gpointer
fake_server_thread (gpointer data)
{
  FakeServer *self = data;
  int peer;

  while ((peer = accept (self->listener, NULL, NULL)) >= 0)
    {
      fake_server_set_peer (self, peer);
      fake_server_serve (self, peer);
      shutdown (peer, SHUT_RDWR);
      fake_server_set_peer (self, -1);
      close (peer);
    }

  return NULL;
}

static inline void
fake_server_start (FakeServer *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;

  *self = (FakeServer) { .peer = -1 };
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->answers);
  self->requests = g_ptr_array_new_with_free_func (fake_request_free);
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (self->listener, (struct sockaddr *) &address, length), ==, 0);
  g_assert_cmpint (listen (self->listener, 16), ==, 0);
  g_assert_cmpint (getsockname (self->listener, (struct sockaddr *) &address, &length), ==, 0);
  self->port = ntohs (address.sin_port);
  self->thread = g_thread_new ("server", fake_server_thread, self);
}

/* All that was to be said has to have been */
static inline void
fake_server_stop (FakeServer *self)
{
  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (self->answers.length, ==, 0);
  self->is_stopping = TRUE;
  if (self->peer >= 0)
    shutdown (self->peer, SHUT_RDWR);
  shutdown (self->listener, SHUT_RDWR);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  g_thread_join (self->thread);
  close (self->listener);
  g_ptr_array_unref (self->requests);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
}

static inline void
fake_server_push (FakeServer *self, FakeWay way, GBytes *bytes, gboolean is_last)
{
  FakeAnswer *answer = g_new (FakeAnswer, 1);

  *answer = (FakeAnswer) { .way = way, .bytes = bytes, .is_last = is_last };
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->answers, answer);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* These bytes, whatever they are */
static inline void
fake_server_will_say (FakeServer *self, const char *text)
{
  fake_server_push (self, FAKE_SAY, g_bytes_new (text, strlen (text)), FALSE);
}

/* These bytes, and then it hangs up */
static inline void
fake_server_will_say_last (FakeServer *self, const char *text)
{
  fake_server_push (self, FAKE_SAY, g_bytes_new (text, strlen (text)), TRUE);
}

/* A whole answer with this body */
static inline void
fake_server_will_answer (FakeServer *self, guint status, const void *body, gsize length)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "HTTP/1.1 %u x\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", status,
                   length);
  g_string_append_len (text, body, length);
  fake_server_push (self, FAKE_SAY, g_string_free_to_bytes (text), FALSE);
}

/* To a request it says nothing, and hangs up */
static inline void
fake_server_will_hang_up (FakeServer *self)
{
  fake_server_push (self, FAKE_HANG_UP, NULL, FALSE);
}

/* To a request it says nothing */
static inline void
fake_server_will_ignore (FakeServer *self)
{
  fake_server_push (self, FAKE_IGNORE, NULL, FALSE);
}

/* Waits until so many requests have come in all */
static inline void
fake_server_await_requests (FakeServer *self, guint n)
{
  g_mutex_lock (&self->mutex);
  while (self->requests->len < n)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

/* Waits until so many connections have ended in all */
static inline void
fake_server_await_closed (FakeServer *self, guint n)
{
  g_mutex_lock (&self->mutex);
  while (self->n_closed < n)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

/* What it was asked, a line each: methods and paths */
static inline char *
fake_server_get_log (FakeServer *self)
{
  GString *log = g_string_new (NULL);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->requests->len; i++)
    {
      FakeRequest *request = g_ptr_array_index (self->requests, i);

      g_string_append_printf (log, "%s\n", request->line);
    }
  g_mutex_unlock (&self->mutex);

  return g_string_free (log, FALSE);
}

static inline void
fake_server_assert_log (FakeServer *self, const char *expected)
{
  g_autofree char *log = fake_server_get_log (self);

  g_assert_cmpstr (log, ==, expected);
}

static inline void
fake_server_assert_connections (FakeServer *self, guint n)
{
  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (self->n_connections, ==, n);
  g_mutex_unlock (&self->mutex);
}

/* The arguments of a request, with commas between them; what is not printable is a dot */
static inline char *
fake_server_get_arguments (FakeServer *self, guint index)
{
  GString *text = g_string_new (NULL);
  const guint8 *at;
  gsize left;

  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (index, <, self->requests->len);
  at = g_bytes_get_data (((FakeRequest *) g_ptr_array_index (self->requests, index))->body, &left);
  while (left >= 4)
    {
      gsize length = (guint) at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];

      g_assert_cmpuint (length, <=, left - 4);
      g_string_append (text, text->len > 0 ? "," : "");
      for (gsize i = 4; i < 4 + length; i++)
        g_string_append_c (text, g_ascii_isprint (at[i]) ? at[i] : '.');
      at += 4 + length;
      left -= 4 + length;
    }
  g_assert_cmpuint (left, ==, 0);
  g_mutex_unlock (&self->mutex);

  return g_string_free (text, FALSE);
}

static inline void
fake_server_assert_arguments (FakeServer *self, guint index, const char *expected)
{
  g_autofree char *arguments = fake_server_get_arguments (self, index);

  g_assert_cmpstr (arguments, ==, expected);
}

/* It stands in front of another server from now on */
static inline void
fake_server_stand_before (FakeServer *self, guint16 port)
{
  self->upstream = port;
}

/* Of the transactions that write, the next ones are lost: before the server has them, and then behind it */
static inline void
fake_server_lose (FakeServer *self, guint n_unheard, guint n_untold)
{
  g_mutex_lock (&self->mutex);
  self->n_unheard = n_unheard;
  self->n_untold = n_untold;
  g_mutex_unlock (&self->mutex);
}

/* While it is deaf nothing is handed on. Returns how many requests there were */
static inline guint
fake_server_set_deaf (FakeServer *self, gboolean is_deaf)
{
  guint n;

  g_mutex_lock (&self->mutex);
  self->is_deaf = is_deaf;
  self->is_holding = FALSE;
  n = self->requests->len;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return n;
}

/* It becomes deaf behind so many transactions that write */
static inline void
fake_server_be_deaf_after (FakeServer *self, guint n)
{
  g_mutex_lock (&self->mutex);
  self->n_until_deaf = n;
  g_mutex_unlock (&self->mutex);
}

/* Waits until it is deaf and has something that it does not hand on */
static inline void
fake_server_await_deaf (FakeServer *self)
{
  g_mutex_lock (&self->mutex);
  while (!self->is_holding)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

/* All that was to be lost has been */
static inline void
fake_server_assert_lost (FakeServer *self)
{
  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (self->n_unheard + self->n_untold, ==, 0);
  g_mutex_unlock (&self->mutex);
}
