/* battery-ghost.c - settles what the dead had claimed, long after somebody else has it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "battery-story.h"
#include "chihuo-backend.h"
#include "chihuo-clock.h"
#include "chihuo-sqlite-backend.h"

/* battery-ghost DATABASE HISTORY QUEUE
 *
 * A worker whose lock is gone is dead, so none comes back by itself to settle what was taken from it.
 * This one speaks for it: it offers the settle of a run that was killed, under its own token, as a
 * process restored from an image would. Read from the standard input, one a line:
 *
 *     PROCESS WORKER ID TOKEN HANDLE CLAIMANT
 *
 * PROCESS and WORKER are the dead ones; CLAIMANT theirs, or whoever holds the task today: then only
 * the token is left to tell them apart. The answer is a word on the standard output. */

static ChihuoAnswer
offer (ChihuoBackend *backend, const char *queue, char **words)
{
  ChihuoItem item = { .op = CHIHUO_OP_SETTLE, .queue = queue };
  ChihuoItem *items[] = { &item };
  ChihuoBatch batch = { .items = items, .n_items = 1 };
  g_autoptr (GError) error = NULL;

  item.payload = chihuo_payload_new (words[2], -1, NULL, 0);
  item.token = g_ascii_strtoull (words[3], NULL, 10);
  item.handle = g_ascii_strtoull (words[4], NULL, 10);
  item.claimant = g_intern_string (words[5]);
  item.settle.how = CHIHUO_SETTLE_DONE;
  batch.moment.now = chihuo_clock_get_wall ();
  batch.moment.lease = chihuo_clock_get_boot ();
  if (!chihuo_backend_exchange (backend, &batch, &error))
    g_printerr ("ghost: %s\n", error->message);
  chihuo_item_clear (&item);

  return item.answer;
}

static void
haunt (ChihuoBackend *backend, const char *queue, char **words)
{
  HistoryLine line = { .event = HISTORY_EVENT_SETTLE, .phase = HISTORY_PHASE_INVOKE };

  line.process = words[0];
  line.worker = words[1];
  line.id = words[2];
  line.token = g_ascii_strtoull (words[3], NULL, 10);
  line.how = CHIHUO_SETTLE_DONE;
  battery_story_tell (&line);
  line.answer = offer (backend, queue, words);
  line.phase = HISTORY_PHASE_OK;
  if (line.answer != CHIHUO_ANSWER_NONE)
    battery_story_tell (&line);

  g_print ("%s\n", line.answer == CHIHUO_ANSWER_STALE ? "stale" : "other");
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autoptr (ChihuoBackend) backend = g_object_new (CHIHUO_TYPE_SQLITE_BACKEND, NULL);
  g_autoptr (GError) error = NULL;
  char text[1024];

  if (argc != 4)
    {
      g_printerr ("usage: battery-ghost DATABASE HISTORY QUEUE\n");
      return 64;
    }
  if (!chihuo_sqlite_backend_open_path (CHIHUO_SQLITE_BACKEND (backend), argv[1], TRUE, &error))
    {
      g_printerr ("ghost: %s\n", error->message);
      return 69;
    }

  battery_story_open (argv[2], "ghost");
  while (fgets (text, sizeof text, stdin) != NULL)
    {
      g_auto (GStrv) words = g_strsplit (g_strchomp (text), " ", -1);

      if (g_strv_length (words) == 6)
        haunt (backend, g_intern_string (argv[3]), words);
    }

  return chihuo_backend_close (backend, &error) ? 0 : 69;
}
