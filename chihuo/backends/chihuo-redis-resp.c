/* chihuo-redis-resp.c - commands to bytes, bytes to replies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-redis-resp.h"

/* Commands are written here rather than by hiredis, which wants an array of pointers and lengths for
 * each command and makes a text of its own of it; replies are parsed by hiredis. */

/* A buffer that has grown larger than that is not kept for the next commands, in bytes */
#define MAX_KEPT (1024 * 1024)

/* More than “$” or “*”, a number and a line's end take */
#define MAX_HEAD 24

#if HIREDIS_MAJOR < 1
typedef int ArrayLength;
#else
typedef size_t ArrayLength;
#endif

struct _ChihuoRedisResp
{
  GByteArray                 *output; /* (owned): what is to be sent */
  redisReader                *reader; /* (owned) */
  redisReplyObjectFunctions   functions; /* hiredis' own, but for arrays */
  guint64                     n_fed;  /* bytes since the last whole reply */
};

/* hiredis' own, that all readers have */
static void *(* create_any_array) (const redisReadTask *task, ArrayLength n);

/* hiredis allocates whatever a server claims to be about to send */
static void *
create_array (const redisReadTask *task, ArrayLength n)
{
  if (n > CHIHUO_REDIS_MAX_ELEMENTS)
    return NULL;

  return create_any_array (task, n);
}

/*
 * chihuo_redis_resp_new:
 *
 * Creates both ends: nothing to send, nothing received.
 *
 * Returns: (transfer full): them
 */
ChihuoRedisResp *
chihuo_redis_resp_new (void)
{
  static gsize initialized;
  ChihuoRedisResp *self = g_new0 (ChihuoRedisResp, 1);

  self->output = g_byte_array_new ();
  self->reader = redisReaderCreate ();
  if (self->reader == NULL)
    g_error ("redis: out of memory");

  if (g_once_init_enter (&initialized))
    {
      create_any_array = self->reader->fn->createArray;
      g_once_init_leave (&initialized, 1);
    }
  self->functions = *self->reader->fn;
  self->functions.createArray = create_array;
  self->reader->fn = &self->functions;

  return self;
}

/*
 * chihuo_redis_resp_free:
 * @self: (transfer full): both ends
 *
 * Frees them.
 */
void
chihuo_redis_resp_free (ChihuoRedisResp *self)
{
  redisReaderFree (self->reader);
  g_byte_array_unref (self->output);
  g_free (self);
}

/* Room for @length bytes more, which the caller fills */
static guint8 *
grow (ChihuoRedisResp *self, gsize length)
{
  gsize old = self->output->len;

  if (length > G_MAXUINT - old)
    g_error ("redis: more than %u bytes at once", G_MAXUINT);

  g_byte_array_set_size (self->output, old + length);
  return self->output->data + old;
}

static guint8 *
write_digits (guint8 *to, guint64 number)
{
  char digits[MAX_HEAD];
  guint n = 0;

  do
    digits[n++] = '0' + number % 10;
  while ((number /= 10) > 0);

  while (n > 0)
    *to++ = digits[--n];

  return to;
}

static guint8 *
write_head (guint8 *to, char kind, guint64 number)
{
  *to++ = kind;
  to = write_digits (to, number);
  *to++ = '\r';
  *to++ = '\n';

  return to;
}

/*
 * chihuo_redis_resp_begin:
 * @self: both ends
 * @n_arguments: how many arguments follow, the command's name among them
 *
 * Begins a command.
 */
void
chihuo_redis_resp_begin (ChihuoRedisResp *self, guint n_arguments)
{
  guint old = self->output->len;
  guint8 *to = grow (self, MAX_HEAD);

  g_byte_array_set_size (self->output, old + (write_head (to, '*', n_arguments) - to));
}

/*
 * chihuo_redis_resp_add:
 * @self: both ends
 * @data: an argument's bytes
 * @length: how many
 *
 * Adds an argument to the command that was begun last.
 */
void
chihuo_redis_resp_add (ChihuoRedisResp *self, const void *data, gsize length)
{
  guint old = self->output->len;
  guint8 *start = grow (self, length + MAX_HEAD + 2);
  guint8 *to = write_head (start, '$', length);

  if (length > 0)
    memcpy (to, data, length);
  to += length;
  *to++ = '\r';
  *to++ = '\n';
  g_byte_array_set_size (self->output, old + (to - start));
}

/*
 * chihuo_redis_resp_add_string:
 * @self: both ends
 * @text: an argument
 *
 * Adds a text as an argument.
 */
void
chihuo_redis_resp_add_string (ChihuoRedisResp *self, const char *text)
{
  chihuo_redis_resp_add (self, text, strlen (text));
}

/*
 * chihuo_redis_resp_add_int:
 * @self: both ends
 * @number: an argument
 *
 * Adds a number as an argument, in decimal digits.
 */
void
chihuo_redis_resp_add_int (ChihuoRedisResp *self, gint64 number)
{
  guint8 text[MAX_HEAD];
  guint8 *to = text;

  if (number < 0)
    *to++ = '-';
  to = write_digits (to, number < 0 ? -(guint64) number : (guint64) number);
  chihuo_redis_resp_add (self, text, to - text);
}

/*
 * chihuo_redis_resp_add_raw:
 * @self: both ends
 * @resp: arguments as they are sent
 *
 * Adds arguments that are RESP already.
 */
void
chihuo_redis_resp_add_raw (ChihuoRedisResp *self, GBytes *resp)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (resp, &length);

  if (length > 0)
    memcpy (grow (self, length), data, length);
}

/*
 * chihuo_redis_resp_add_list:
 * @self: both ends
 * @arguments: texts, and %NULL behind
 *
 * Adds a whole command.
 */
void
chihuo_redis_resp_add_list (ChihuoRedisResp *self, va_list arguments)
{
  const char *argument;
  va_list again;
  guint n = 0;

  va_copy (again, arguments);
  while (va_arg (again, const char *) != NULL)
    n++;
  va_end (again);

  chihuo_redis_resp_begin (self, n);
  while ((argument = va_arg (arguments, const char *)) != NULL)
    chihuo_redis_resp_add_string (self, argument);
}

/*
 * chihuo_redis_resp_add_command:
 * @self: both ends
 * @...: texts, and %NULL behind
 *
 * Adds a whole command.
 */
void
chihuo_redis_resp_add_command (ChihuoRedisResp *self, ...)
{
  va_list arguments;

  va_start (arguments, self);
  chihuo_redis_resp_add_list (self, arguments);
  va_end (arguments);
}

/*
 * chihuo_redis_resp_get_output:
 * @self: both ends
 * @length: (out): how many bytes
 *
 * Gives what is to be sent.
 *
 * Returns: (transfer none): bytes, good until the next command is added
 */
const guint8 *
chihuo_redis_resp_get_output (ChihuoRedisResp *self, gsize *length)
{
  *length = self->output->len;
  return self->output->data;
}

/*
 * chihuo_redis_resp_drop:
 * @self: both ends
 * @length: how many bytes
 *
 * Drops the first bytes of what is to be sent: they are sent.
 */
void
chihuo_redis_resp_drop (ChihuoRedisResp *self, gsize length)
{
  if (length == self->output->len)
    chihuo_redis_resp_forget (self);
  else
    g_byte_array_remove_range (self->output, 0, length);
}

/*
 * chihuo_redis_resp_forget:
 * @self: both ends
 *
 * Drops what is to be sent: it is sent, or it is not wanted.
 */
void
chihuo_redis_resp_forget (ChihuoRedisResp *self)
{
  if (self->output->len <= MAX_KEPT)
    {
      g_byte_array_set_size (self->output, 0);
      return;
    }

  g_byte_array_unref (self->output);
  self->output = g_byte_array_new ();
}

/*
 * chihuo_redis_resp_feed:
 * @self: both ends
 * @data: bytes that came in
 * @length: how many
 *
 * Takes what came in.
 */
void
chihuo_redis_resp_feed (ChihuoRedisResp *self, const void *data, gsize length)
{
  self->n_fed += length;

  /* It fails only where the next call will say so */
  redisReaderFeed (self->reader, data, length);
}

/*
 * chihuo_redis_resp_next:
 * @self: both ends
 * @reply: (out) (transfer full) (nullable): the next reply; %NULL if it is not
 *   whole yet
 * @error: return location for %CHIHUO_ERROR_PROTOCOL
 *
 * Takes a reply from what came in.
 *
 * Returns: whether what came in is RESP, and not too large. If not, nothing
 *   that follows can be understood
 */
gboolean
chihuo_redis_resp_next (ChihuoRedisResp *self, ChihuoRedisReply **reply, GError **error)
{
  void *found = NULL;

  *reply = NULL;
  if (redisReaderGetReply (self->reader, &found) != REDIS_OK)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                   "what came in is no reply of a Redis (%s)", self->reader->errstr);
      return FALSE;
    }

  if (found != NULL)
    {
      self->n_fed = self->reader->len - self->reader->pos;
      *reply = found;
      return TRUE;
    }

  if (self->n_fed <= CHIHUO_REDIS_MAX_REPLY)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "expected a reply of at most %d bytes",
               CHIHUO_REDIS_MAX_REPLY);
  return FALSE;
}

/*
 * chihuo_redis_resp_has_input:
 * @self: both ends
 *
 * Whether something came in that nobody has taken yet.
 *
 * Returns: %TRUE if there is a reply or the beginning of one
 */
gboolean
chihuo_redis_resp_has_input (ChihuoRedisResp *self)
{
  return self->n_fed > 0;
}
