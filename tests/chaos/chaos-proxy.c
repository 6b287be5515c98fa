/* chaos-proxy.c - stands between a client and its server, and does what it is told to both
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * chaos-proxy LISTEN TARGET [SEED]     an address is “unix:PATH” or “127.0.0.1:PORT”, port 0: any
 *
 * Its first line is “listening ADDRESS”. Each line of its standard input is a command, and is answered with
 * a line that begins with “ok” or “error”. It ends with its standard input.
 *
 *   delay UP DOWN [JITTER]   µs that each byte is on its way, more of them by up to JITTER
 *   slice BYTES [PAUSE]      so many bytes at a time, µs between them; 0: as they come
 *   least BYTES              what a client sends at once and is smaller is no request
 *   drop N close|silent      the next N requests reach the server, their replies never come
 *   cut N up|down            the next N requests, or their replies, end in the middle
 *   random CHANCE            each request may meet any of these fates
 *   close                    all links, now
 *   half-open                the servers of all links see them end, the clients do not
 *   freeze                   nothing passes, and nobody is told; what was sent passes later
 *   refuse                   closes all links, and takes no new ones
 *   target ADDRESS           new links lead there
 *   heal                     as in the beginning, but for what was sent
 *   stats                    ok links=N requests=N drop-close=N drop-silent=N cut-up=N cut-down=N
 */

#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "chaos-address.h"
#include "chaos-link.h"

typedef struct
{
  ChaosAddress address;
  ChaosAddress target;
  int          listener; /* −1: refuses */
  GPtrArray   *links;    /* (owned): of ChaosLink */
  ChaosRules   rules;
  gboolean     frozen;
  GString     *input;    /* (owned): commands, as far as they have come */
  guint64      n_links;
} Proxy;

/* --- commands --- */

static gboolean
open_door (Proxy *self)
{
  if (self->listener < 0)
    self->listener = chaos_address_listen (&self->address);

  return self->listener >= 0;
}

static gboolean
do_close (Proxy *self, char **words)
{
  g_ptr_array_set_size (self->links, 0);

  return TRUE;
}

static gboolean
do_refuse (Proxy *self, char **words)
{
  if (self->listener >= 0)
    close (self->listener);
  self->listener = -1;

  return do_close (self, words);
}

static gboolean
do_half_open (Proxy *self, char **words)
{
  for (guint i = 0; i < self->links->len; i++)
    chaos_link_halve (g_ptr_array_index (self->links, i));

  return TRUE;
}

static gboolean
do_freeze (Proxy *self, char **words)
{
  self->frozen = TRUE;

  return TRUE;
}

static gboolean
do_heal (Proxy *self, char **words)
{
  ChaosRules *rules = &self->rules;

  self->frozen = FALSE;
  memset (rules->delay, 0, sizeof rules->delay);
  memset (rules->n_armed, 0, sizeof rules->n_armed);
  rules->jitter = 0;
  rules->slice = 0;
  rules->chance = 0;

  return open_door (self);
}

static gboolean
do_delay (Proxy *self, char **words)
{
  self->rules.delay[CHAOS_UP] = atoll (words[1]);
  self->rules.delay[CHAOS_DOWN] = atoll (words[2]);
  self->rules.jitter = words[3] != NULL ? atoll (words[3]) : 0;

  return TRUE;
}

static gboolean
do_slice (Proxy *self, char **words)
{
  self->rules.slice = atoll (words[1]);
  self->rules.pause = words[2] != NULL ? atoll (words[2]) : 0;

  return TRUE;
}

static gboolean
do_least (Proxy *self, char **words)
{
  self->rules.least = atoll (words[1]);

  return TRUE;
}

static gboolean
arm (Proxy *self, char **words, const char *first, ChaosFate fate)
{
  self->rules.n_armed[g_str_equal (words[2], first) ? fate : fate + 1] += atoi (words[1]);

  return TRUE;
}

static gboolean
do_drop (Proxy *self, char **words)
{
  return arm (self, words, "close", CHAOS_FATE_DROP_CLOSE);
}

static gboolean
do_cut (Proxy *self, char **words)
{
  return arm (self, words, "up", CHAOS_FATE_CUT_UP);
}

static gboolean
do_random (Proxy *self, char **words)
{
  self->rules.chance = g_ascii_strtod (words[1], NULL);

  return TRUE;
}

static gboolean
do_target (Proxy *self, char **words)
{
  ChaosAddress target;

  if (!chaos_address_parse (&target, words[1]))
    return FALSE;

  self->target = target;
  return TRUE;
}

static gboolean
do_stats (Proxy *self, char **words)
{
  const guint64 *n_done = self->rules.n_done;

  printf ("ok links=%" G_GUINT64_FORMAT " requests=%" G_GUINT64_FORMAT
          " drop-close=%" G_GUINT64_FORMAT " drop-silent=%" G_GUINT64_FORMAT
          " cut-up=%" G_GUINT64_FORMAT " cut-down=%" G_GUINT64_FORMAT "\n",
          self->n_links, self->rules.n_requests, n_done[CHAOS_FATE_DROP_CLOSE],
          n_done[CHAOS_FATE_DROP_SILENT], n_done[CHAOS_FATE_CUT_UP],
          n_done[CHAOS_FATE_CUT_DOWN]);

  return TRUE;
}

static const struct
{
  const char *name;
  guint       n_words; /* at least, with its name */
  gboolean (* func) (Proxy *self, char **words);
} commands[] = {
  { "delay", 3, do_delay },   { "slice", 2, do_slice },   { "least", 2, do_least },
  { "drop", 3, do_drop },     { "cut", 3, do_cut },       { "random", 2, do_random },
  { "close", 1, do_close },   { "freeze", 1, do_freeze }, { "refuse", 1, do_refuse },
  { "target", 2, do_target }, { "heal", 1, do_heal },     { "stats", 1, do_stats },
  { "half-open", 1, do_half_open },
};

static gboolean
obey (Proxy *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (words[0], commands[i].name) == 0
        && g_strv_length (words) >= commands[i].n_words)
      {
        gboolean answered = commands[i].func == do_stats;
        gboolean ok = commands[i].func (self, words);

        if (!answered)
          printf ("%s %s\n", ok ? "ok" : "error", line);
        return ok;
      }

  printf ("error %s: expected one of the commands at the top of chaos-proxy.c\n", line);
  return FALSE;
}

/* FALSE: there is nobody left who could tell it anything */
static gboolean
read_commands (Proxy *self)
{
  char data[4096];
  gssize n = read (STDIN_FILENO, data, sizeof data);
  char *end;

  if (n <= 0)
    return FALSE;

  g_string_append_len (self->input, data, n);
  while ((end = strchr (self->input->str, '\n')) != NULL)
    {
      *end = '\0';
      obey (self, self->input->str);
      g_string_erase (self->input, 0, end + 1 - self->input->str);
    }
  fflush (stdout);

  return TRUE;
}

/* --- links --- */

static void
take_link (Proxy *self)
{
  int client = chaos_address_accept (self->listener);
  int server = client >= 0 ? chaos_address_connect (&self->target) : -1;

  if (server >= 0)
    {
      g_ptr_array_add (self->links, chaos_link_new (client, server));
      self->n_links++;
    }
  else if (client >= 0)
    close (client);
}

/* Two entries for each link, in their order */
static void
append_polls (Proxy *self, GArray *polls, gint64 now)
{
  for (guint i = 0; i < self->links->len; i++)
    for (guint way = 0; way < CHAOS_N_WAYS; way++)
      {
        ChaosLink *link = g_ptr_array_index (self->links, i);
        struct pollfd entry = { .fd = link->fds[way] };

        entry.events = chaos_link_get_events (link, way, now);
        /* else a side that has hung up would wake us without end */
        if (entry.events == 0 || self->frozen)
          entry.fd = -1;
        g_array_append_val (polls, entry);
      }
}

static gint64
get_due (Proxy *self, gint64 now)
{
  gint64 due = G_MAXINT64;

  for (guint i = 0; i < self->links->len && !self->frozen; i++)
    due = MIN (due, chaos_link_get_due (g_ptr_array_index (self->links, i), now));

  return due;
}

static gboolean
serve_link (Proxy *self, ChaosLink *link, const struct pollfd *polls)
{
  for (guint way = 0; way < CHAOS_N_WAYS; way++)
    if ((polls[way].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !link->ended[way]
        && !chaos_link_read (link, way, &self->rules))
      return FALSE;

  return chaos_link_write (link, &self->rules);
}

/* From the last to the first: those that are over are taken out */
static void
serve_links (Proxy *self, const struct pollfd *polls)
{
  for (guint i = self->links->len; i > 0 && !self->frozen; i--)
    if (!serve_link (self, g_ptr_array_index (self->links, i - 1), polls + 2 * (i - 1)))
      g_ptr_array_remove_index (self->links, i - 1);
}

static void
wait_for (GArray *polls, gint64 due)
{
  gint64 left = MAX (due - g_get_monotonic_time (), 0);
  struct timespec timeout = { .tv_sec = left / G_USEC_PER_SEC,
                              .tv_nsec = left % G_USEC_PER_SEC * 1000 };

  if (ppoll ((struct pollfd *) polls->data, polls->len, due < G_MAXINT64 ? &timeout : NULL, NULL) < 0)
    g_array_set_size (polls, 0);
}

static gboolean
turn (Proxy *self, GArray *polls)
{
  struct pollfd doors[] = { { .fd = STDIN_FILENO, .events = POLLIN },
                            { .fd = self->listener, .events = POLLIN } };
  gint64 now = g_get_monotonic_time ();
  const struct pollfd *entries;

  g_array_set_size (polls, 0);
  g_array_append_vals (polls, doors, G_N_ELEMENTS (doors));
  append_polls (self, polls, now);
  wait_for (polls, get_due (self, now));
  if (polls->len == 0)
    return TRUE;

  entries = (const struct pollfd *) polls->data;
  serve_links (self, entries + G_N_ELEMENTS (doors));
  if (entries[1].revents != 0)
    take_link (self);

  return entries[0].revents == 0 || read_commands (self);
}

static gboolean
set_up (Proxy *self, int argc, char **argv)
{
  g_autofree char *text = NULL;

  self->listener = -1;
  self->links = g_ptr_array_new_with_free_func ((GDestroyNotify) chaos_link_free);
  self->input = g_string_new (NULL);
  self->rules.rand = g_rand_new_with_seed (argc > 3 ? atoi (argv[3]) : 1);
  if (argc < 3 || !chaos_address_parse (&self->address, argv[1])
      || !chaos_address_parse (&self->target, argv[2]) || !open_door (self))
    return FALSE;

  /* the kernel may round up a sleep by 50 µs else */
  prctl (PR_SET_TIMERSLACK, 1);
  text = chaos_address_format (&self->address);
  printf ("listening %s\n", text);
  fflush (stdout);

  return TRUE;
}

static void
tear_down (Proxy *self)
{
  g_ptr_array_unref (self->links);
  g_string_free (self->input, TRUE);
  g_rand_free (self->rules.rand);
  if (self->listener >= 0)
    close (self->listener);
}

int
main (int argc, char **argv)
{
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));
  Proxy self = { 0 };
  gboolean ok = set_up (&self, argc, argv);

  if (!ok)
    fprintf (stderr, "usage: chaos-proxy LISTEN TARGET [SEED]\n");
  while (ok && turn (&self, polls))
    ;
  tear_down (&self);

  return ok ? 0 : 64;
}
