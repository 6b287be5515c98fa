/* chihuo-lodis-backend.c - queues in a Lodis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-lodis-backend.h"
#include "chihuo-lodis-bell.h"
#include "chihuo-lodis-plain.h"
#include "chihuo-lodis-safe.h"

/* The glue between the contract and the files beside this one:
 *
 *   http, response, frame, server   a server, and how to talk to it
 *   safe, txn, space, patrol        tasks as the library knows them, by transactions
 *   plain, shelf                    tasks as the first version stored them
 *   bell                            being woken by others
 *
 * What is stored differs between the two modes, so a queue has tasks in the one or in the other. Safe
 * mode needs a server that knows transactions; where nobody has asked for a mode, the server decides. */

#define DEFAULT_HOST    "127.0.0.1"
#define DEFAULT_PORT    8311
#define DEFAULT_TIMEOUT 2.0 /* s */
#define MAX_TIMEOUT     3600.0

typedef enum
{
  MODE_BEST,
  MODE_PLAIN,
  MODE_SAFE,
} Mode;

/* What a configuration says */
typedef struct
{
  char     *host;            /* (owned) */
  gint64    port;
  gint64    timeout;         /* µs */
  Mode      mode;
  gboolean  has_batch_clock; /* the times of the batches count, not the server's: for tests */
} Options;

struct _ChihuoLodisBackend
{
  GObject            parent_instance;
  ChihuoLodisServer *server; /* (owned) (nullable): while open, as the next two */
  ChihuoBackend     *tasks;  /* (owned) (nullable): safe or plain */
  ChihuoLodisBell   *bell;   /* (owned) (nullable) */
};

static void chihuo_lodis_backend_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoLodisBackend, chihuo_lodis_backend, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_lodis_backend_iface_init))

static void
options_clear (Options *self)
{
  g_free (self->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
take_address (Options *self, ChihuoConfig *config, GError **error)
{
  double timeout = DEFAULT_TIMEOUT;

  self->port = DEFAULT_PORT;
  if (!chihuo_config_take_string (config, "ip", &self->host, error)
      || !chihuo_config_take_int (config, "port", 1, 65535, &self->port, error)
      || !chihuo_config_take_double (config, "timeout", 0.01, MAX_TIMEOUT, &timeout, error))
    return FALSE;

  if (self->host == NULL)
    self->host = g_strdup (DEFAULT_HOST);
  self->timeout = timeout * G_USEC_PER_SEC;
  return TRUE;
}

/* The mode is a word, and it may be missing: so the choices know no word for “either” */
static gboolean
take_mode (Options *self, ChihuoConfig *config, GError **error)
{
  static const char *const modes[] = { "plain", "safe", NULL };
  static const char *const clocks[] = { "server", "batch", NULL };
  guint mode = G_MAXUINT;
  guint clock = 0;

  if (!chihuo_config_take_choice (config, "mode", modes, &mode, error)
      || !chihuo_config_take_choice (config, "clock", clocks, &clock, error))
    return FALSE;

  self->mode = mode == G_MAXUINT ? MODE_BEST : mode == 0 ? MODE_PLAIN : MODE_SAFE;
  self->has_batch_clock = clock == 1;
  return TRUE;
}

/* In a forked child the connections are the parent's: a byte from here would be taken for his */
static gboolean
check_process (GError **error)
{
  if (!chihuo_fork_is_child ())
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED,
                       "lodis: this process was forked off while a store was open: it can use "
                       "none before it executes a program of its own");
  return FALSE;
}

static gboolean
check_open (ChihuoLodisBackend *self, GError **error)
{
  if (self->tasks != NULL)
    return check_process (error);

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED, "lodis: the store is closed");
  return FALSE;
}

/* Before the claim, so that no news that it asks for are missed */
static void
listen_for_claims (ChihuoLodisBackend *self, const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_CLAIM)
      chihuo_lodis_bell_listen (self->bell, batch->items[i]->queue);
}

static void
note_claims (ChihuoLodisBackend *self, const ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_CLAIM && batch->items[i]->claim.n_claimed > 0)
      {
        chihuo_lodis_bell_note_work (self->bell);
        return;
      }
}

static gboolean
chihuo_lodis_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  if (!check_open (self, error))
    return FALSE;

  listen_for_claims (self, batch);
  if (!chihuo_backend_exchange (self->tasks, batch, error))
    return FALSE;

  note_claims (self, batch);
  return TRUE;
}

static gboolean
chihuo_lodis_backend_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  return check_open (self, error) && chihuo_backend_page (self->tasks, page, error);
}

static gboolean
chihuo_lodis_backend_stats (ChihuoBackend *backend, const char *queue, gint64 now,
                            ChihuoStats *stats, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  return check_open (self, error) && chihuo_backend_stats (self->tasks, queue, now, stats, error);
}

static gboolean
chihuo_lodis_backend_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  return check_open (self, error) && chihuo_backend_sweep (self->tasks, sweep, error);
}

static gboolean
chihuo_lodis_backend_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                           gboolean *more, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  *n_reaped = 0;
  *more = FALSE;

  return check_open (self, error)
         && chihuo_backend_reap (self->tasks, moment, n_reaped, more, error);
}

static GSource *
chihuo_lodis_backend_create_source (ChihuoBackend *backend)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);

  return self->bell != NULL ? chihuo_lodis_bell_create_source (self->bell) : NULL;
}

/* What is claimed in safe mode stays so: its lease runs out, as that of a worker that has died */
static void
shut (ChihuoLodisBackend *self)
{
  g_clear_pointer (&self->bell, chihuo_lodis_bell_free);
  g_clear_object (&self->tasks);
  g_clear_pointer (&self->server, chihuo_lodis_server_free);
}

/* In a forked child all of it is the parent's: it is left as it is */
static gboolean
chihuo_lodis_backend_close (ChihuoBackend *backend, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);
  gboolean ok;

  if (self->tasks == NULL || chihuo_fork_is_child ())
    return TRUE;

  ok = chihuo_backend_close (self->tasks, error);
  shut (self);
  return ok;
}

static gboolean
choose_mode (ChihuoLodisBackend *self, Mode *mode, const ChihuoLodisSkills *skills,
             GError **error)
{
  const char *name = chihuo_lodis_server_get_name (self->server);

  if (*mode == MODE_SAFE && !skills->has_txn)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                   "lodis at %s: key “mode”: safe needs a server with the command txn, which this "
                   "one does not have: expected mode=plain, or another server", name);
      return FALSE;
    }

  if (*mode == MODE_BEST)
    *mode = skills->has_txn ? MODE_SAFE : MODE_PLAIN;
  if (*mode == MODE_PLAIN)
    g_message ("lodis at %s: plain mode: a task runs at most once, and is lost with a worker that "
               "dies", name);
  return TRUE;
}

/* Plain mode asks the server nothing that the original one does not know, so it polls */
static void
build (ChihuoLodisBackend *self, const Options *options, Mode mode,
       const ChihuoLodisSkills *skills)
{
  gboolean is_safe = mode == MODE_SAFE;

  self->tasks = is_safe ? chihuo_lodis_safe_new (self->server, options->has_batch_clock)
                        : chihuo_lodis_plain_new (self->server);
  self->bell = chihuo_lodis_bell_new (options->host, options->port,
                                      is_safe && skills->has_wait);
}

static gboolean
chihuo_lodis_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (backend);
  g_auto (Options) options = { NULL };
  ChihuoLodisSkills skills;

  g_return_val_if_fail (self->tasks == NULL, FALSE);

  if (!check_process (error) || !take_address (&options, config, error)
      || !take_mode (&options, config, error))
    return FALSE;

  self->server = chihuo_lodis_server_new (options.host, options.port, options.timeout);
  if (!chihuo_lodis_server_get_skills (self->server, &skills, error)
      || !choose_mode (self, &options.mode, &skills, error))
    {
      shut (self);
      return FALSE;
    }

  build (self, &options, options.mode, &skills);
  return TRUE;
}

static void
chihuo_lodis_backend_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_import = TRUE;
  iface->can_notify = TRUE;
  iface->open = chihuo_lodis_backend_open;
  iface->close = chihuo_lodis_backend_close;
  iface->exchange = chihuo_lodis_backend_exchange;
  iface->page = chihuo_lodis_backend_page;
  iface->stats = chihuo_lodis_backend_stats;
  iface->sweep = chihuo_lodis_backend_sweep;
  iface->reap = chihuo_lodis_backend_reap;
  iface->create_source = chihuo_lodis_backend_create_source;
}

static void
chihuo_lodis_backend_finalize (GObject *object)
{
  ChihuoLodisBackend *self = CHIHUO_LODIS_BACKEND (object);

  if (!chihuo_fork_is_child ())
    shut (self);

  G_OBJECT_CLASS (chihuo_lodis_backend_parent_class)->finalize (object);
}

static void
chihuo_lodis_backend_class_init (ChihuoLodisBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_lodis_backend_finalize;
}

static void
chihuo_lodis_backend_init (ChihuoLodisBackend *self)
{
}
