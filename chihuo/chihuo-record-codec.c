/* chihuo-record-codec.c - records as bytes, for stores that know nothing of tasks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-record-codec.h"

/* A value is a serialised GVariant, little-endian, whose first member is the format's version.
 * GVariant reads any bytes without harm, so junk is found here and nowhere else. The id is not
 * part of it: it is the key. An index is text that sorts bytewise as the tasks are ordered. */

#define VERSION 1

#define RECORD_TYPE "(y(msmsms)(xxt)(uuuuuuu)(nyybb)m(msxxuun))"

/* Numbers are shifted so that the negative ones come first */
#define UNSIGNED(number) ((guint64) (number) ^ ((guint64) 1 << 63))

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

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "%" G_GSIZE_FORMAT " bytes of format %u are no value of format %d",
               g_bytes_get_size (bytes), version, VERSION);
  return NULL;
}

static GVariant *
encode_pending (const ChihuoPending *pending)
{
  if (pending == NULL)
    return g_variant_new_maybe (G_VARIANT_TYPE ("(msxxuun)"), NULL);

  return g_variant_new_maybe (NULL, g_variant_new ("(msxxuun)",
                                                   chihuo_payload_get_json (pending->payload),
                                                   pending->delay, pending->timeout,
                                                   (guint32) pending->flags, pending->max_tries,
                                                   (gint16) pending->priority));
}

/* Records as bytes; the mark and the id are kept elsewhere */
GBytes *
chihuo_record_encode (const ChihuoRecord *self)
{
  const char *json = self->payload != NULL ? chihuo_payload_get_json (self->payload) : NULL;
  GVariant *members[] = {
    g_variant_new_byte (VERSION),
    g_variant_new ("(msmsms)", json, self->error, self->claimant),
    g_variant_new ("(xxt)", self->place, self->when, self->token),
    g_variant_new ("(uuuuuuu)", self->request, self->timeout, self->failures, self->crashes,
                   self->own_tries, self->max_tries, self->max_crashes),
    g_variant_new ("(nyybb)", (gint16) self->priority, self->state, self->fate,
                   (gboolean) self->cancelled, (gboolean) self->abandoned),
    encode_pending (self->pending),
  };

  return chihuo_record_codec_pack (g_variant_new_tuple (members, G_N_ELEMENTS (members)));
}

static ChihuoPending *
decode_pending (GVariant *value, ChihuoPayload *id)
{
  g_autoptr (GVariant) maybe = g_variant_get_child_value (value, 5);
  g_autoptr (GVariant) child = g_variant_get_maybe (maybe);
  ChihuoPending *pending;
  const char *json;
  guint32 flags;
  gint16 priority;

  if (child == NULL)
    return NULL;

  pending = g_new0 (ChihuoPending, 1);
  g_variant_get (child, "(m&sxxuun)", &json, &pending->delay, &pending->timeout, &flags,
                 &pending->max_tries, &priority);
  pending->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, json, -1);
  pending->flags = flags;
  pending->priority = priority;

  return pending;
}

static gboolean
is_sane (const ChihuoRecord *self, gint16 priority)
{
  return self->state > CHIHUO_TASK_STATE_ABSENT && self->state <= CHIHUO_TASK_STATE_DEAD
         && self->fate <= CHIHUO_FATE_DROP && priority >= G_MININT8 && priority <= G_MAXINT8
         && (self->claimant != NULL) == (self->state == CHIHUO_TASK_STATE_RUNNING)
         && (self->pending != NULL) == (self->fate == CHIHUO_FATE_AGAIN);
}

static void
decode_members (ChihuoRecord *self, ChihuoPayload *id, GVariant *value, gint16 *priority)
{
  const char *json;
  const char *text;
  const char *claimant;
  gboolean cancelled;
  gboolean abandoned;

  g_variant_get_child (value, 1, "(m&sm&sm&s)", &json, &text, &claimant);
  g_variant_get_child (value, 2, "(xxt)", &self->place, &self->when, &self->token);
  g_variant_get_child (value, 3, "(uuuuuuu)", &self->request, &self->timeout, &self->failures,
                       &self->crashes, &self->own_tries, &self->max_tries, &self->max_crashes);
  g_variant_get_child (value, 4, "(nyybb)", priority, &self->state, &self->fate, &cancelled,
                       &abandoned);
  self->payload = chihuo_payload_new (chihuo_payload_get_id (id), -1, json, -1);
  self->error = g_strdup (text);
  self->claimant = g_intern_string (claimant);
  self->priority = *priority;
  self->cancelled = cancelled;
  self->abandoned = abandoned;
  self->pending = decode_pending (value, id);
}

/* Fills in a zeroed record; it stays zeroed if the bytes are none */
gboolean
chihuo_record_decode (ChihuoRecord *self, ChihuoPayload *id, GBytes *bytes, GError **error)
{
  g_autoptr (GVariant) value = chihuo_record_codec_unpack (bytes, RECORD_TYPE, error);
  gint16 priority;

  if (value == NULL)
    return FALSE;

  decode_members (self, id, value, &priority);
  if (is_sane (self, priority))
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
