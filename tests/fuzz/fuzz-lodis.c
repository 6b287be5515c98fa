/* fuzz-lodis.c - any bytes as a request to the queue server: its head, its body, its arguments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-target.h"
#include "lodis-body.h"
#include "lodis-command.h"
#include "lodis-error.h"
#include "lodis-head.h"

/* The first byte chooses what the rest is. A database in memory takes the commands; it lives as long as the
 * process, so each input finds what others have left. */

static const char *const commands[] = {
  "lpush", "rpush",   "lpop",   "rpop",   "randpop", "lrange",  "rrange", "lindex",   "lrand",    "llen",
  "ldel",  "lrm",     "hget",   "hset",   "hsetnx",  "hgetall", "hmget",  "hmset",    "hincrby",  "hkeys",
  "hvals", "hexists", "hdel",   "hlen",   "hrm",     "alpush",  "arpush", "alpushnx", "arpushnx", "aincrby",
  "alpop", "arpop",   "arandpop", "aget", "arand",   "alrange", "arrange", "akeys",   "avals",    "aall",
  "aexists", "alen",  "adel",   "arm",    "txn",     "range",   "nothing",
};

static char *folder;
static LodisData data;

static void
close_all (void)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  lodis_store_close (data.store);
  lodis_gaps_free (data.gaps);
  lodis_waits_free (data.waits);
  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (folder);
  g_free (folder);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;

  fuzz_init ();
  folder = g_strdup ("/dev/shm/chihuo-fuzz-XXXXXX");
  if (g_mkdtemp (folder) == NULL)
    {
      g_free (folder);
      folder = g_dir_make_tmp ("chihuo-fuzz-XXXXXX", &error);
      g_assert_no_error (error);
    }
  data.store = lodis_store_open (folder, LODIS_SYNC_NONE, &error);
  g_assert_no_error (error);
  data.gaps = lodis_gaps_new ();
  data.waits = lodis_waits_new ();
  atexit (close_all);

  return 0;
}

/* Arguments that were read are, written again, the same bytes */
static void
try_frame (LodisSpan body)
{
  g_autoptr (GArray) arguments = g_array_new (FALSE, FALSE, sizeof (LodisSpan));
  g_autoptr (GByteArray) again = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  if (!lodis_frame_parse (body, arguments, &error))
    {
      g_assert_error (error, LODIS_ERROR, LODIS_ERROR_FRAME);
      return;
    }

  for (guint i = 0; i < arguments->len; i++)
    g_assert_true (lodis_reply_add_item (again, g_array_index (arguments, LodisSpan, i), NULL));
  g_assert_cmpmem (again->data, again->len, body.data, body.length);
}

static void
try_command (const char *command, LodisSpan body)
{
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  /* a database that fails is no answer to any request */
  if (!lodis_command_run (&data, command, (LodisSpan) { (const guint8 *) "n", 1 }, body, reply, &error))
    g_assert_false (g_error_matches (error, LODIS_ERROR, LODIS_ERROR_DATABASE));
}

static void
try_wait (LodisSpan body)
{
  g_autoptr (GError) error = NULL;
  LodisWaitTerms terms;

  if (lodis_waits_parse (body, &terms, &error))
    g_assert_cmpuint (terms.ms, <=, LODIS_WAIT_MAX);
  else
    g_assert_nonnull (error);
}

/* Feeds a body in parts of so many bytes; returns how it ended */
static LodisBodyState
feed (LodisBody *body, LodisSpan bytes, gsize part)
{
  LodisBodyState state = LODIS_BODY_MORE;
  gsize done = 0;

  lodis_body_begin (body, NULL, TRUE, 0);
  for (gsize end = MIN (part, bytes.length); state == LODIS_BODY_MORE; end = MIN (end + part, bytes.length))
    {
      gsize used;

      state = lodis_body_feed (body, (LodisSpan) { bytes.data + done, end - done }, &used);
      done += used;
      g_assert_cmpuint (done, <=, end);
      if (end == bytes.length)
        break;
    }

  return state;
}

/* How it is cut into packets makes no difference */
static void
try_chunks (LodisSpan bytes)
{
  LodisBody whole = { NULL };
  LodisBody parts = { NULL };
  LodisBodyState state = feed (&whole, bytes, MAX (bytes.length, 1));

  g_assert_cmpint (feed (&parts, bytes, 1), ==, state);
  if (state == LODIS_BODY_DONE)
    g_assert_cmpmem (whole.bytes->data, whole.bytes->len, parts.bytes->data, parts.bytes->len);
  lodis_body_clear (&whole);
  lodis_body_clear (&parts);
}

static void
try_head (LodisSpan bytes)
{
  LodisHead head = { NULL };
  gsize length = lodis_head_find (bytes);

  g_assert_cmpuint (length, <=, bytes.length);
  if (length > 0 && lodis_head_parse (&head, (LodisSpan) { bytes.data, length }) == 200)
    {
      g_assert_nonnull (head.method);
      g_assert_nonnull (head.path);
      g_assert_null (strchr (head.path, '?'));
    }
  lodis_head_clear (&head);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  LodisSpan rest;

  if (size == 0)
    return 0;

  rest = (LodisSpan) { bytes + 1, size - 1 };
  if (bytes[0] == 'H')
    try_head (rest);
  else if (bytes[0] == 'C')
    try_chunks (rest);
  else if (bytes[0] == 'W')
    try_wait (rest);
  else
    try_command (commands[bytes[0] % G_N_ELEMENTS (commands)], rest);
  try_frame (rest);

  return 0;
}
