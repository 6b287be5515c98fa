/* chihuo-record-codec.c - records as bytes, for stores that know nothing of tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-record-codec.h"

/* A value is a serialised GVariant, little-endian, whose first member is the format's version.
 * GVariant reads any bytes without harm, so junk is found here and nowhere else. An index is text
 * that sorts bytewise as the tasks are ordered.
 *
 * A record is read and written at each step of a task, so it has a form of its own, ten times as quick:
 * numbers one after the other, little-endian, and then texts, each with its length in front and a NUL
 * behind. The id is not part of it: it is the key. */

#define VERSION        1
#define RECORD_VERSION 2

/* In place of a length: there is no text */
#define NO_TEXT G_MAXUINT32

#define IS_CANCELLED 1
#define IS_ABANDONED 2
#define HAS_PENDING  4
#define ALL_FLAGS    (IS_CANCELLED | IS_ABANDONED | HAS_PENDING)

/* What has not been read yet */
typedef struct
{
  const guint8 *at;
  gsize         left;
  gboolean      is_broken;
} Reader;

/* Numbers are shifted so that the negative ones come first */
#define UNSIGNED(number) ((guint64) (number) ^ ((guint64) 1 << 63))

/* FALSE */
static gboolean
set_format_error (GBytes *bytes, guint version, guint expected, GError **error)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "%" G_GSIZE_FORMAT " bytes of format %u are no value of format %u",
               g_bytes_get_size (bytes), version, expected);
  return FALSE;
}

GBytes *
chihuo_record_codec_pack (GVariant *value)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (value);

  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    {
      g_autoptr (GVariant) swapped = g_variant_byteswap (taken);

      return g_variant_get_data_as_bytes (swapped);
    }

  return g_variant_get_data_as_bytes (taken);
}

/* A value of the type and of this version, or an error */
GVariant *
chihuo_record_codec_unpack (GBytes *bytes, const char *type, GError **error)
{
  g_autoptr (GVariant) value = NULL;
  guint8 version = 0;

  value = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (type), bytes, FALSE));
  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    {
      GVariant *swapped = g_variant_byteswap (value);

      g_variant_unref (value);
      value = swapped;
    }

  g_variant_get_child (value, 0, "y", &version);
  if (g_variant_is_normal_form (value) && version == VERSION)
    return g_steal_pointer (&value);

  set_format_error (bytes, version, VERSION, error);
  return NULL;
}

/* --- records --- */

static void
add_number (GByteArray *bytes, guint64 number, guint n)
{
  guint64 little = GUINT64_TO_LE (number);

  g_byte_array_append (bytes, (const guint8 *) &little, n);
}

/* text: (nullable) */
static void
add_text (GByteArray *bytes, const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;

  add_number (bytes, text != NULL ? length : NO_TEXT, 4);
  if (text != NULL)
    g_byte_array_append (bytes, (const guint8 *) text, length + 1);
}

static void
add_pending (GByteArray *bytes, const ChihuoPending *pending)
{
  add_number (bytes, pending->delay, 8);
  add_number (bytes, pending->timeout, 8);
  add_number (bytes, pending->flags, 4);
  add_number (bytes, pending->max_tries, 4);
  add_number (bytes, (guint8) pending->priority, 1);
  add_text (bytes, chihuo_payload_get_json (pending->payload));
}

/* Records as bytes; the mark and the id are kept elsewhere */
GBytes *
chihuo_record_encode (const ChihuoRecord *self)
{
  const char *json = self->payload != NULL ? chihuo_payload_get_json (self->payload) : NULL;
  const guint32 counts[] = { self->request,   self->timeout,   self->failures,   self->crashes,
                             self->own_tries, self->max_tries, self->max_crashes };
  GByteArray *bytes = g_byte_array_sized_new (256 + (json != NULL ? strlen (json) : 0));

  add_number (bytes, RECORD_VERSION, 1);
  add_number (bytes, (guint8) self->priority, 1);
  add_number (bytes, self->state, 1);
  add_number (bytes, self->fate, 1);
  add_number (bytes, (self->cancelled ? IS_CANCELLED : 0) | (self->abandoned ? IS_ABANDONED : 0)
                     | (self->pending != NULL ? HAS_PENDING : 0), 1);
  add_number (bytes, self->place, 8);
  add_number (bytes, self->when, 8);
  add_number (bytes, self->token, 8);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    add_number (bytes, counts[i], 4);
  add_text (bytes, self->error);
  add_text (bytes, self->claimant);
  add_text (bytes, json);
  if (self->pending != NULL)
    add_pending (bytes, self->pending);

  return g_byte_array_free_to_bytes (bytes);
}

/* What is not there is 0, and said at the end */
static guint64
take_number (Reader *reader, guint n)
{
  guint64 little = 0;

  if (reader->left < n)
    {
      reader->is_broken = TRUE;
      return 0;
    }

  memcpy (&little, reader->at, n);
  reader->at += n;
  reader->left -= n;
  return GUINT64_FROM_LE (little);
}

/* Ends with a NUL, and has no other one; length: (out) */
static const char *
take_text (Reader *reader, gsize *length)
{
  const char *text;

  *length = take_number (reader, 4);
  text = (const char *) reader->at;
  if (*length == NO_TEXT)
    return NULL;
  if (reader->is_broken || *length >= reader->left || text[*length] != '\0'
      || !g_utf8_validate_len (text, *length, NULL))
    {
      reader->is_broken = TRUE;
      return NULL;
    }

  reader->at += *length + 1;
  reader->left -= *length + 1;
  return text;
}

static ChihuoPending *
take_pending (Reader *reader, ChihuoPayload *id)
{
  ChihuoPending *pending = g_new0 (ChihuoPending, 1);
  const char *json;
  gsize length;

  pending->delay = take_number (reader, 8);
  pending->timeout = take_number (reader, 8);
  pending->flags = take_number (reader, 4);
  pending->max_tries = take_number (reader, 4);
  pending->priority = take_number (reader, 1);
  json = take_text (reader, &length);
  pending->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, json, length);

  return pending;
}

static void
take_counts (Reader *reader, ChihuoRecord *self)
{
  self->request = take_number (reader, 4);
  self->timeout = take_number (reader, 4);
  self->failures = take_number (reader, 4);
  self->crashes = take_number (reader, 4);
  self->own_tries = take_number (reader, 4);
  self->max_tries = take_number (reader, 4);
  self->max_crashes = take_number (reader, 4);
}

static void
take_texts (Reader *reader, ChihuoRecord *self, ChihuoPayload *id)
{
  gsize length;
  const char *json;

  self->error = g_strdup (take_text (reader, &length));
  self->claimant = g_intern_string (take_text (reader, &length));
  json = take_text (reader, &length);
  self->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, json, length);
}

static void
take_record (Reader *reader, ChihuoRecord *self, ChihuoPayload *id)
{
  guint8 flags;

  self->priority = take_number (reader, 1);
  self->state = take_number (reader, 1);
  self->fate = take_number (reader, 1);
  flags = take_number (reader, 1);
  self->cancelled = (flags & IS_CANCELLED) != 0;
  self->abandoned = (flags & IS_ABANDONED) != 0;
  self->place = take_number (reader, 8);
  self->when = take_number (reader, 8);
  self->token = take_number (reader, 8);
  take_counts (reader, self);
  take_texts (reader, self, id);
  if (flags & HAS_PENDING)
    self->pending = take_pending (reader, id);
  reader->is_broken = reader->is_broken || reader->left > 0 || flags > ALL_FLAGS;
}

static gboolean
is_sane (const ChihuoRecord *self)
{
  return self->state > CHIHUO_TASK_STATE_ABSENT && self->state <= CHIHUO_TASK_STATE_DEAD
         && self->fate <= CHIHUO_FATE_DROP
         && (self->claimant != NULL) == (self->state == CHIHUO_TASK_STATE_RUNNING)
         && (self->pending != NULL) == (self->fate == CHIHUO_FATE_AGAIN);
}

/* Fills in a zeroed record; it stays zeroed if the bytes are none */
gboolean
chihuo_record_decode (ChihuoRecord *self, ChihuoPayload *id, GBytes *bytes, GError **error)
{
  Reader reader = { .at = g_bytes_get_data (bytes, NULL), .left = g_bytes_get_size (bytes) };
  guint8 version = take_number (&reader, 1);

  if (version == RECORD_VERSION)
    take_record (&reader, self, id);
  if (version != RECORD_VERSION || reader.is_broken)
    {
      chihuo_record_clear (self);
      return set_format_error (bytes, version, RECORD_VERSION, error);
    }
  if (is_sane (self))
    return TRUE;

  chihuo_record_clear (self);
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "a record that contradicts itself: state, fate, claimant and priority must agree");
  return FALSE;
}

/* Kinds: w waiting, s waiting and a suspect, d delayed, r running, x dead */
char *
chihuo_record_codec_index (char kind, gint64 major, gint64 minor)
{
  if (kind == 'w' || kind == 's')
    return g_strdup_printf ("%c%02x%016" G_GINT64_MODIFIER "x", kind, (guint) (major + 128),
                            UNSIGNED (minor));
  if (kind == 'd')
    return g_strdup_printf ("d%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                            UNSIGNED (major), UNSIGNED (minor));

  return g_strdup_printf ("%c%016" G_GINT64_MODIFIER "x", kind, UNSIGNED (minor));
}

/* For what is kept in the order of a number: a time, a sequence */
char *
chihuo_record_codec_index_order (char kind, gint64 order, const char *text)
{
  return g_strdup_printf ("%c%016" G_GINT64_MODIFIER "x%s", kind, UNSIGNED (order), text);
}

char *
chihuo_record_dup_index (const ChihuoRecord *self)
{
  gint64 major;
  gint64 minor;

  chihuo_record_get_key (self, &major, &minor);

  switch ((ChihuoTaskState) self->state)
    {
    case CHIHUO_TASK_STATE_WAITING:
      return chihuo_record_codec_index (self->crashes > 0 ? 's' : 'w', major, minor);
    case CHIHUO_TASK_STATE_DELAYED:
      return chihuo_record_codec_index ('d', major, minor);
    case CHIHUO_TASK_STATE_RUNNING:
      return chihuo_record_codec_index ('r', major, minor);
    case CHIHUO_TASK_STATE_DEAD:
      return chihuo_record_codec_index ('x', major, minor);
    case CHIHUO_TASK_STATE_ABSENT:
    default:
      return NULL;
    }
}

/* The number that stands in an index from this character on */
gint64
chihuo_record_codec_number (const char *index, guint offset)
{
  char digits[17];

  g_strlcpy (digits, index + offset, sizeof digits);
  return (gint64) (g_ascii_strtoull (digits, NULL, 16) ^ ((guint64) 1 << 63));
}
