/* history.c - what happened to the tasks of a queue, as lines of text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "history.h"

static const char *const event_names[] = {
  "add",    "finish", "unfinish", "remove", "cancel", "retry", "sweep", "keep",
  "claim",  "start",  "end",      "renew",  "settle", "stop",  "exit",  "kill",
  "pause",  "resume", "cut",      "jump",   "heal",   "drained", "final",
};

static const char *const phase_names[] = { "-", "invoke", "ok", "fail", "info" };

static const char *const how_names[] = {
  "none", "done", "failed", "rejected", "postponed", "returned", "abandoned",
};

static const char *const answer_names[] = {
  "none",     "added", "exists", "again",     "running", "dead",
  "finished", "ok",    "stale",  "cancelled", "dropped", "absent",
  "refused",
};

static const char *const state_names[] = { "absent", "waiting", "delayed", "running", "dead" };

G_STATIC_ASSERT (G_N_ELEMENTS (event_names) == HISTORY_N_EVENTS);
G_STATIC_ASSERT (G_N_ELEMENTS (phase_names) == HISTORY_N_PHASES);
G_STATIC_ASSERT (G_N_ELEMENTS (how_names) == CHIHUO_SETTLE_ABANDONED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (answer_names) == CHIHUO_ANSWER_REFUSED + 1);
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == CHIHUO_TASK_STATE_DEAD + 1);

typedef enum
{
  KIND_WORD,
  KIND_NUMBER,
  KIND_INT,
  KIND_NAME,
} Kind;

/* A key of a line: where its value stands, and what it is made of */
typedef struct
{
  const char *key;
  Kind kind;
  gsize offset;
  const char *const *names;
  guint n_names;
} Key;

#define OFFSET(field) G_STRUCT_OFFSET (HistoryLine, field)

static const Key keys[] = {
  { "id", KIND_WORD, OFFSET (id) },
  { "token", KIND_NUMBER, OFFSET (token) },
  { "op", KIND_NUMBER, OFFSET (op) },
  { "info", KIND_WORD, OFFSET (info) },
  { "since", KIND_NUMBER, OFFSET (since) },
  { "lease", KIND_NUMBER, OFFSET (lease) },
  { "delay", KIND_NUMBER, OFFSET (delay) },
  { "priority", KIND_INT, OFFSET (priority) },
  { "flags", KIND_INT, OFFSET (flags) },
  { "how", KIND_NAME, OFFSET (how), how_names, G_N_ELEMENTS (how_names) },
  { "answer", KIND_NAME, OFFSET (answer), answer_names, G_N_ELEMENTS (answer_names) },
  { "state", KIND_NAME, OFFSET (state), state_names, G_N_ELEMENTS (state_names) },
  { "finish", KIND_INT, OFFSET (finish) },
};

/* --- printing --- */

static void
print_key (const HistoryLine *self, const Key *key, GString *text)
{
  gconstpointer field = G_STRUCT_MEMBER_P (self, key->offset);

  switch (key->kind)
    {
    case KIND_WORD:
      if (*(const char *const *) field != NULL)
        g_string_append_printf (text, " %s=%s", key->key, *(const char *const *) field);
      break;
    case KIND_NUMBER:
      if (*(const gint64 *) field != 0)
        g_string_append_printf (text, " %s=%" G_GINT64_FORMAT, key->key, *(const gint64 *) field);
      break;
    case KIND_NAME:
      if (*(const int *) field != 0)
        g_string_append_printf (text, " %s=%s", key->key, key->names[*(const int *) field]);
      break;
    case KIND_INT:
    default:
      if (*(const int *) field != 0)
        g_string_append_printf (text, " %s=%d", key->key, *(const int *) field);
      break;
    }
}

/* Appends the line, with its end */
void
history_line_print (const HistoryLine *self, GString *text)
{
  g_string_append_printf (text, "%" G_GINT64_FORMAT " %s %s %s %s", self->time,
                          self->process != NULL ? self->process : "-",
                          self->worker != NULL ? self->worker : "-", event_names[self->event],
                          phase_names[self->phase]);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    print_key (self, &keys[i], text);
  g_string_append_c (text, '\n');
}

/* --- reading --- */

static gboolean
find_name (const char *const *names, guint n_names, const char *word, int *value)
{
  for (guint i = 0; i < n_names; i++)
    if (strcmp (names[i], word) == 0)
      {
        *value = i;
        return TRUE;
      }

  return FALSE;
}

static gboolean
read_value (HistoryLine *self, const Key *key, const char *word, GStringChunk *words)
{
  gpointer field = G_STRUCT_MEMBER_P (self, key->offset);
  gint64 number;

  if (key->kind == KIND_WORD)
    {
      *(const char **) field = g_string_chunk_insert_const (words, word);
      return TRUE;
    }
  if (key->kind == KIND_NAME)
    return find_name (key->names, key->n_names, word, field);
  if (!g_ascii_string_to_signed (word, 10, G_MININT64, G_MAXINT64, &number, NULL))
    return FALSE;
  if (key->kind == KIND_NUMBER)
    *(gint64 *) field = number;
  else
    *(int *) field = number;

  return TRUE;
}

static gboolean
read_pair (HistoryLine *self, char *pair, GStringChunk *words)
{
  char *equals = strchr (pair, '=');

  if (equals == NULL)
    return FALSE;

  *equals = '\0';
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].key, pair) == 0)
      return read_value (self, &keys[i], equals + 1, words);

  return FALSE;
}

static const char *
read_word (const char *word, GStringChunk *words)
{
  return strcmp (word, "-") == 0 ? NULL : g_string_chunk_insert_const (words, word);
}

/* Reads a line without its end. Its words live in `chunk` */
gboolean
history_line_parse (HistoryLine *self, const char *text, GStringChunk *chunk, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint n_words = g_strv_length (words);
  int event = 0;
  int phase = 0;

  *self = (HistoryLine) { 0 };
  if (n_words < 5 || !g_ascii_string_to_signed (words[0], 10, 0, G_MAXINT64, &self->time, NULL)
      || !find_name (event_names, HISTORY_N_EVENTS, words[3], &event)
      || !find_name (phase_names, HISTORY_N_PHASES, words[4], &phase))
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID,
                   "“%s”: expected TIME PROCESS WORKER EVENT PHASE", text);
      return FALSE;
    }

  self->process = read_word (words[1], chunk);
  self->worker = read_word (words[2], chunk);
  self->event = event;
  self->phase = phase;
  for (guint i = 5; i < n_words; i++)
    if (!read_pair (self, words[i], chunk))
      {
        g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID, "“%s”: bad key or value “%s”", text,
                     words[i]);
        return FALSE;
      }

  return TRUE;
}

/* The end of a line is looked for by memchr(): strchr() is told to read all that follows by AddressSanitizer's strict
 * checks, for each line again */
static gboolean
load_file (GArray *lines, const char *name, GStringChunk *words, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;
  char *end;
  guint number = 1;

  if (!g_file_get_contents (name, &text, &length, error))
    return FALSE;

  for (char *start = text; (end = memchr (start, '\n', text + length - start)) != NULL;
       start = end + 1, number++)
    {
      HistoryLine line;

      *end = '\0';
      if (*start == '\0' || *start == '#')
        continue;
      if (!history_line_parse (&line, start, words, error))
        {
          g_prefix_error (error, "%s:%u: ", name, number);
          return FALSE;
        }
      g_array_append_val (lines, line);
    }

  return TRUE;
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  gint64 difference = ((const HistoryLine *) a)->time - ((const HistoryLine *) b)->time;

  return (difference > 0) - (difference < 0);
}

/* All lines of some files, whose words live in `words`, in the order of their times; of one time,
 * as they stand. Empty lines and those that begin with # are left out, and so is a last one without
 * an end: it was never written
 */
GArray *
history_load (const char *const *names, GStringChunk *words, GError **error)
{
  g_autoptr (GArray) lines = g_array_new (FALSE, FALSE, sizeof (HistoryLine));

  for (guint i = 0; names[i] != NULL; i++)
    if (!load_file (lines, names[i], words, error))
      return NULL;
  g_array_sort (lines, compare_lines);

  return g_steal_pointer (&lines);
}
