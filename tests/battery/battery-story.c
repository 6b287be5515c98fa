/* battery-story.c - what one process of a battery tells of itself, line by line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "battery-story.h"
#include "chihuo-clock.h"

/* A line is one write(), so that kill -9 tears none, and whatever happens after it is told later */

static int story_fd = -1;
static const char *process;
static const char *worker;

void
battery_story_open (const char *path, const char *name)
{
  g_autofree char *own = g_strconcat (name, "/0", NULL);

  story_fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (story_fd < 0)
    g_error ("cannot open %s", path);
  process = g_intern_string (name);
  worker = g_intern_string (own);
}

const char *
battery_story_process (void)
{
  return process;
}

/* Which call of this process: 1, 2, … */
guint64
battery_story_next_op (void)
{
  static int last;

  return g_atomic_int_add (&last, 1) + 1;
}

HistoryLine
battery_story_line (HistoryEvent event, HistoryPhase phase)
{
  HistoryLine line = { .event = event, .phase = phase, .process = process };

  if (event >= HISTORY_EVENT_CLAIM && event <= HISTORY_EVENT_EXIT)
    line.worker = worker;

  return line;
}

static void
write_text (const GString *text)
{
  if (write (story_fd, text->str, text->len) != (gssize) text->len)
    g_error ("cannot write the history");
}

void
battery_story_tell (HistoryLine *line)
{
  g_autoptr (GString) text = g_string_sized_new (160);

  line->time = chihuo_clock_get_boot ();
  history_line_print (line, text);
  write_text (text);
}

void
battery_story_note (const char *format, ...)
{
  g_autoptr (GString) text = g_string_new ("# ");
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (text, format, args);
  va_end (args);
  g_string_append_c (text, '\n');
  write_text (text);
}
