/* chihuo-life-table.c - tests/task-life.csv in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-life-table.h"

/* A file that is not as it should be is a programmer's mistake, so reading it asserts: g_error()
 * names the line. */

enum
{
  COLUMN_EVENT,
  COLUMN_STATE,
  COLUMN_MARK,
  COLUMN_FATE,
  COLUMN_WHEN,
  COLUMN_ANSWER,
  COLUMN_NEXT_STATE,
  COLUMN_NEXT_MARK,
  COLUMN_NEXT_FATE,
  COLUMN_NEXT_FLAGS,
  COLUMN_FAILURES,
  COLUMN_CRASHES,
  COLUMN_PLACE,
  COLUMN_INFO,
  COLUMN_ERROR,
  N_COLUMNS
};

static const char * const states[] = { "absent", "waiting", "delayed", "running", "dead", NULL };
static const char * const marks[] = { "no", "finished", NULL };
static const char * const fates[] = { "plain", "again", "drop", NULL };
static const char * const places[] = { "keep", "tail", "head", NULL };
static const char * const sources[] = { "=", "-", "new", "pending", "given", "cancelled", "crashed",
                                        NULL };
static const char * const answers[] = { "none", "added", "exists", "again", "running", "dead",
                                        "finished", "ok", "stale", "cancelled", "dropped", "absent",
                                        NULL };
static const char * const whens[] = { "at-head", "even-finished", "even-dead", "skip-running",
                                      "replace", "delay", "stale", "finish", "last-try", "in-place",
                                      "last-crash", "uncounted", "cancelled", "abandoned",
                                      "pending-even-finished", "pending-at-head", "pending-delay",
                                      NULL };

static int
find_word (const char * const *words, const char *word, guint line)
{
  for (int i = 0; words[i] != NULL; i++)
    {
      if (strcmp (words[i], word) == 0)
        return i;
    }

  g_error ("task-life.csv:%u: “%s” is none of “%s”…", line, word, words[0]);
}

static int
find_change (const char * const *words, const char *word, guint line)
{
  return strcmp (word, "=") == 0 ? -1 : find_word (words, word, line);
}

static guint
parse_set (const char * const *words, const char *text, guint line)
{
  g_auto (GStrv) parts = g_strsplit (text, "|", -1);
  guint set = 0;

  if (strcmp (text, "*") == 0)
    return G_MAXUINT;

  for (guint i = 0; parts[i] != NULL; i++)
    set |= 1u << find_word (words, parts[i], line);

  return set;
}

static void
parse_when (ChihuoLifeRow *row, const char *text)
{
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      if (parts[i][0] == '!')
        row->unwanted |= 1u << find_word (whens, parts[i] + 1, row->line);
      else if (parts[i][0] != '\0')
        row->wanted |= 1u << find_word (whens, parts[i], row->line);
    }
}

static void
parse_flags (ChihuoLifeRow *row, const char *text)
{
  row->clears = strcmp (text, "-") == 0;
  if (text[0] == '+')
    row->sets = 1u << find_word (whens, text + 1, row->line);
}

static int
parse_counter (const char *text, guint line)
{
  static const char * const words[] = { "0", "=", "+1", NULL };

  return find_word (words, text, line) - 1;
}

static ChihuoLifeRow *
parse_row (const char *text, guint line)
{
  g_auto (GStrv) columns = g_strsplit (text, ",", -1);
  ChihuoLifeRow *row = g_new0 (ChihuoLifeRow, 1);

  if (g_strv_length (columns) != N_COLUMNS)
    g_error ("task-life.csv:%u: %u columns, expected %d", line, g_strv_length (columns), N_COLUMNS);

  row->line = line;
  row->events = g_strsplit (columns[COLUMN_EVENT], "|", -1);
  row->states = parse_set (states, columns[COLUMN_STATE], line);
  row->marks = parse_set (marks, columns[COLUMN_MARK], line);
  row->fates = parse_set (fates, columns[COLUMN_FATE], line);
  parse_when (row, columns[COLUMN_WHEN]);
  row->answer = find_word (answers, columns[COLUMN_ANSWER], line);
  row->state = find_change (states, columns[COLUMN_NEXT_STATE], line);
  row->finished = find_change (marks, columns[COLUMN_NEXT_MARK], line);
  row->fate = find_change (fates, columns[COLUMN_NEXT_FATE], line);
  parse_flags (row, columns[COLUMN_NEXT_FLAGS]);
  row->failures = parse_counter (columns[COLUMN_FAILURES], line);
  row->crashes = parse_counter (columns[COLUMN_CRASHES], line);
  row->place = find_word (places, columns[COLUMN_PLACE], line);
  row->info = find_word (sources, columns[COLUMN_INFO], line);
  row->error = find_word (sources, columns[COLUMN_ERROR], line);

  return row;
}

static void
row_free (gpointer data)
{
  ChihuoLifeRow *row = data;

  g_strfreev (row->events);
  g_free (row);
}

static gboolean
row_fits (const ChihuoLifeRow *row, const ChihuoSituation *situation)
{
  return g_strv_contains ((const char * const *) row->events, situation->event)
         && (row->states & (1u << situation->state)) != 0
         && (row->marks & (1u << (situation->finished ? 1 : 0))) != 0
         && (row->fates & (1u << situation->fate)) != 0
         && (row->wanted & ~situation->when) == 0
         && (row->unwanted & situation->when) == 0;
}

/* Reads the file; the first line that is no comment holds the columns' names */
ChihuoLifeTable *
chihuo_life_table_new (const char *path)
{
  ChihuoLifeTable *self = g_new0 (ChihuoLifeTable, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean named = FALSE;

  if (!g_file_get_contents (path, &text, NULL, &error))
    g_error ("%s", error->message);

  self->rows = g_ptr_array_new_with_free_func (row_free);
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (lines[i][0] == '#' || lines[i][0] == '\0')
        continue;
      if (named)
        g_ptr_array_add (self->rows, parse_row (lines[i], i + 1));
      named = TRUE;
    }

  return self;
}

void
chihuo_life_table_free (ChihuoLifeTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

/* The one row that fits; none or two are a mistake in the file */
ChihuoLifeRow *
chihuo_life_table_find (ChihuoLifeTable *self, const ChihuoSituation *situation)
{
  ChihuoLifeRow *found = NULL;

  for (guint i = 0; i < self->rows->len; i++)
    {
      ChihuoLifeRow *row = g_ptr_array_index (self->rows, i);

      if (!row_fits (row, situation))
        continue;
      if (found != NULL)
        g_error ("task-life.csv: lines %u and %u both fit %s", found->line, row->line,
                 chihuo_situation_describe (situation));
      found = row;
    }

  if (found == NULL)
    g_error ("task-life.csv: no row fits %s", chihuo_situation_describe (situation));
  found->n_used++;

  return found;
}

char *
chihuo_situation_describe (const ChihuoSituation *self)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%s: %s, mark %s, fate %s,", self->event, states[self->state],
                   marks[self->finished ? 1 : 0], fates[self->fate]);
  for (guint i = 0; whens[i] != NULL; i++)
    {
      if (self->when & (1u << i))
        g_string_append_printf (text, " %s", whens[i]);
    }

  return g_string_free (text, FALSE);
}
