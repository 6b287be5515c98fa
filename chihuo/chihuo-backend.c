/* chihuo-backend.c - what a store has to be able to do
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backend.h"
#include "chihuo-error.h"

/**
 * ChihuoBackend:
 *
 * A store of queues: memory, an SQLite file, a server.
 *
 * It is only ever called by the store that owns it, one call at a time, so it
 * needs no lock. `exchange` is the one vfunc it cannot do without. See
 * doc/backends.md for the contract, and [class@Chihuo.SimpleBackend] for a
 * shorter way.
 *
 * Since: 1.0
 */

/**
 * ChihuoSweep:
 *
 * Work on all of a queue, done in steps: a plain struct.
 *
 * Since: 1.0
 */

/**
 * ChihuoPage:
 *
 * A look at one id, or a page of a list: a plain struct.
 *
 * Since: 1.0
 */

G_DEFINE_INTERFACE (ChihuoBackend, chihuo_backend, G_TYPE_OBJECT)

G_DEFINE_ENUM_TYPE (ChihuoSweepWhat, chihuo_sweep_what,
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_CLEAR_WAITING, "clear-waiting"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_CLEAR_DELAYED, "clear-delayed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_CLEAR_RUNNING, "clear-running"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_CLEAR_DEAD, "clear-dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_CLEAR_FINISHED, "clear-finished"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_RETRY_DEAD, "retry-dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SWEEP_WHAT_IMPORT, "import"))

static void
chihuo_backend_default_init (ChihuoBackendInterface *iface)
{
}

static gboolean
refuse (ChihuoBackend *self, const char *vfunc, GError **error)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED, "%s has no %s()",
               G_OBJECT_TYPE_NAME (self), vfunc);
  return FALSE;
}

/* A vfunc written in another language may fail without saying why */
static gboolean
checked (ChihuoBackend *self, const char *vfunc, gboolean ok, GError *local, GError **error)
{
  if (ok && local == NULL)
    return TRUE;

  if (local == NULL)
    local = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s() of %s failed without an error",
                         vfunc, G_OBJECT_TYPE_NAME (self));
  g_propagate_error (error, local);
  return FALSE;
}

/**
 * chihuo_backend_open: (skip)
 * @self: a backend
 * @config: its configuration
 * @error: return location for an error
 *
 * Connects. A backend without this vfunc needs no connection.
 *
 * Returns: whether it is open
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_open (ChihuoBackend *self, ChihuoConfig *config, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->open == NULL)
    return TRUE;

  ok = iface->open (self, config, &local);
  return checked (self, "open", ok, local, error);
}

/**
 * chihuo_backend_close: (skip)
 * @self: a backend
 * @error: return location for an error
 *
 * Disconnects.
 *
 * Returns: whether all went well; it is closed in any case
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_close (ChihuoBackend *self, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->close == NULL)
    return TRUE;

  ok = iface->close (self, &local);
  return checked (self, "close", ok, local, error);
}

/**
 * chihuo_backend_exchange: (skip)
 * @self: a backend
 * @batch: what to do
 * @error: return location for an error
 *
 * Does what a batch asks.
 *
 * Returns: whether each item was answered
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_exchange (ChihuoBackend *self, ChihuoBatch *batch, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->exchange == NULL)
    return refuse (self, "exchange", error);

  ok = iface->exchange (self, batch, &local);
  return checked (self, "exchange", ok, local, error);
}

/**
 * chihuo_backend_page: (skip)
 * @self: a backend
 * @page: what to look at
 * @error: return location for an error
 *
 * Looks at an id, or lists.
 *
 * Returns: whether the page was filled in
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_page (ChihuoBackend *self, ChihuoPage *page, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->page == NULL)
    return refuse (self, "page", error);

  ok = iface->page (self, page, &local);
  return checked (self, "page", ok, local, error);
}

/**
 * chihuo_backend_stats: (skip)
 * @self: a backend
 * @queue: a queue's name, interned
 * @now: µs since the epoch
 * @stats: (out caller-allocates): the figures, zeroed before
 * @error: return location for an error
 *
 * Gets the figures of a queue.
 *
 * Returns: whether they were filled in
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_stats (ChihuoBackend *self, const char *queue, gint64 now, ChihuoStats *stats,
                      GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->stats == NULL)
    return refuse (self, "stats", error);

  ok = iface->stats (self, queue, now, stats, &local);
  return checked (self, "stats", ok, local, error);
}

/**
 * chihuo_backend_sweep: (skip)
 * @self: a backend
 * @sweep: the work, and how far it has come
 * @error: return location for an error
 *
 * Does one step of work on all of a queue.
 *
 * Returns: whether the step was done
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_sweep (ChihuoBackend *self, ChihuoSweep *sweep, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  if (iface->sweep == NULL)
    return refuse (self, "sweep", error);
  if (sweep->what == CHIHUO_SWEEP_WHAT_IMPORT && !iface->can_import)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED,
                   "%s has nothing to import: no other program stores tasks there",
                   G_OBJECT_TYPE_NAME (self));
      return FALSE;
    }

  ok = iface->sweep (self, sweep, &local);
  return checked (self, "sweep", ok, local, error);
}

/**
 * chihuo_backend_reap: (skip)
 * @self: a backend
 * @moment: the time
 * @n_reaped: (out): how many tasks went back to their places
 * @more: (out): whether there is more to do now
 * @error: return location for an error
 *
 * Sends the tasks of dead workers back, and trims what is kept too long. A
 * backend without this vfunc has nothing to reap.
 *
 * Returns: whether it worked
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_reap (ChihuoBackend *self, const ChihuoMoment *moment, guint *n_reaped,
                     gboolean *more, GError **error)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);
  GError *local = NULL;
  gboolean ok;

  *n_reaped = 0;
  *more = FALSE;
  if (iface->reap == NULL)
    return TRUE;

  ok = iface->reap (self, moment, n_reaped, more, &local);
  return checked (self, "reap", ok, local, error);
}

/**
 * chihuo_backend_create_source: (skip)
 * @self: a backend
 *
 * Creates the source that tells of work from elsewhere.
 *
 * Returns: (transfer full) (nullable): a source that is attached to no context,
 *   or %NULL where no work comes from elsewhere
 *
 * Since: 1.0
 */
GSource *
chihuo_backend_create_source (ChihuoBackend *self)
{
  ChihuoBackendInterface *iface = CHIHUO_BACKEND_GET_IFACE (self);

  return iface->create_source != NULL ? iface->create_source (self) : NULL;
}

/**
 * chihuo_backend_can_carry: (skip)
 * @self: a backend
 *
 * Gets whether nothing in it ever blocks.
 *
 * Returns: whether a caller may make a call himself
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_can_carry (ChihuoBackend *self)
{
  return CHIHUO_BACKEND_GET_IFACE (self)->can_carry;
}

/**
 * chihuo_backend_can_notify: (skip)
 * @self: a backend
 *
 * Gets whether its source fires for all that others add.
 *
 * Returns: whether it is enough to look for work now and then
 *
 * Since: 1.0
 */
gboolean
chihuo_backend_can_notify (ChihuoBackend *self)
{
  return CHIHUO_BACKEND_GET_IFACE (self)->can_notify;
}
