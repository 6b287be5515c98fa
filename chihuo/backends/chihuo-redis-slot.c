/* chihuo-redis-slot.c - where a key is in a cluster
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-redis-slot.h"

/* CRC-16/XMODEM: polynomial 0x1021, from 0, the highest bit first */
static guint16
compute_crc (const char *data, gsize length)
{
  guint16 crc = 0;

  for (gsize i = 0; i < length; i++)
    {
      crc ^= (guint16) ((guint8) data[i] << 8);
      for (guint bit = 0; bit < 8; bit++)
        crc = crc & 0x8000 ? (guint16) (crc << 1) ^ 0x1021 : (guint16) (crc << 1);
    }

  return crc;
}

/*
 * chihuo_redis_slot_from_key:
 * @key: a key
 *
 * Computes in which slot a key is: by what stands between its first “{” and
 * the “}” behind it, if that is something; else by all of it.
 *
 * Returns: 0…16,383
 */
guint
chihuo_redis_slot_from_key (const char *key)
{
  const char *open = strchr (key, '{');
  const char *close = open != NULL ? strchr (open, '}') : NULL;

  if (close != NULL && close > open + 1)
    return compute_crc (open + 1, close - open - 1) % CHIHUO_REDIS_N_SLOTS;

  return compute_crc (key, strlen (key)) % CHIHUO_REDIS_N_SLOTS;
}

/*
 * chihuo_redis_slot_parse_redirect:
 * @text: an error reply, without the “-”
 * @redirect: (out): what it says
 *
 * Reads “MOVED 3999 127.0.0.1:6381” and “ASK 3999 127.0.0.1:6381”. The host may
 * be missing, or “?”: the same as before.
 *
 * Returns: whether it is one of them
 */
gboolean
chihuo_redis_slot_parse_redirect (const char *text, ChihuoRedisRedirect *redirect)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 4);
  guint64 slot, port;
  char *colon;

  if (g_strv_length (words) < 3
      || !(g_str_equal (words[0], "MOVED") || g_str_equal (words[0], "ASK"))
      || !g_ascii_string_to_unsigned (words[1], 10, 0, CHIHUO_REDIS_N_SLOTS - 1, &slot, NULL))
    return FALSE;

  /* An address of IPv6 has colons, too, and no brackets */
  colon = strrchr (words[2], ':');
  if (colon == NULL
      || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &port, NULL))
    return FALSE;

  *colon = '\0';
  redirect->ask = *words[0] == 'A';
  redirect->slot = slot;
  redirect->host = g_strdup (g_str_equal (words[2], "?") ? "" : words[2]);
  redirect->port = port;

  return TRUE;
}
