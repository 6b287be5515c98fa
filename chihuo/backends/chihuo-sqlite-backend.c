/* chihuo-sqlite-backend.c - queues in an SQLite file, for many processes of one host
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-fork.h"
#include "chihuo-sqlite-backend.h"
#include "chihuo-sqlite-client.h"
#include "chihuo-sqlite-exchange.h"
#include "chihuo-sqlite-file.h"
#include "chihuo-sqlite-notify.h"
#include "chihuo-sqlite-page.h"
#include "chihuo-sqlite-reap.h"
#include "chihuo-sqlite-sweep.h"

/* The glue between the contract and the files beside this one:
 *
 *   file, statements, schema, path, error   a database, its transactions and what goes wrong
 *   lock, turnstile                         one process at a time
 *   queues, task, workers, client           the rows of a transaction
 *   exchange, claim, page, sweep, reap      what the vfuncs do in it
 *   notify                                  waking others
 *
 * Each vfunc is one transaction. Nothing is known from one to the next but what the file says, so a
 * transaction that fails has not happened. */

struct _ChihuoSqliteBackend
{
  GObject              parent_instance;
  ChihuoSqliteFile    *file;    /* (owned) (nullable): while open */
  ChihuoSqliteQueues   queues;  /* while open */
  ChihuoSqliteWorkers  workers; /* while open */
  ChihuoSqliteNotify  *notify;  /* (owned) */
};

static void chihuo_sqlite_backend_iface_init (ChihuoBackendInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ChihuoSqliteBackend, chihuo_sqlite_backend, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND,
                                                      chihuo_sqlite_backend_iface_init))

/* SQLite keeps count of the locks of its process in memory, and a child inherits the count without
 * the locks: not even a connection of its own would be safe in there */
static gboolean
check_process (GError **error)
{
  if (!chihuo_fork_is_child ())
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED,
                       "sqlite: this process was forked off while a store was open: it can use "
                       "none before it executes a program of its own");
  return FALSE;
}

static gboolean
check_open (ChihuoSqliteBackend *self, GError **error)
{
  if (self->file != NULL)
    return check_process (error);

  g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CLOSED, "sqlite: the store is closed");
  return FALSE;
}

static void
forget (ChihuoSqliteBackend *self)
{
  chihuo_sqlite_queues_forget (&self->queues);
  chihuo_sqlite_workers_forget (&self->workers);
}

static gboolean
begin (ChihuoSqliteBackend *self, GError **error)
{
  if (!check_open (self, error) || !chihuo_sqlite_file_begin (self->file, error))
    return FALSE;

  forget (self);
  return TRUE;
}

static gboolean
begin_reading (ChihuoSqliteBackend *self, GError **error)
{
  if (!check_open (self, error) || !chihuo_sqlite_file_begin_reading (self->file, error))
    return FALSE;

  forget (self);
  return TRUE;
}

/* Others hear of it before they can come in: see notify */
static gboolean
commit (ChihuoSqliteBackend *self, GError **error)
{
  gboolean ok;

  chihuo_sqlite_queues_save (&self->queues);
  chihuo_sqlite_workers_save (&self->workers);
  ok = chihuo_sqlite_file_commit (self->file, error);
  chihuo_sqlite_workers_end (&self->workers, ok);
  if (ok && self->queues.news != CHIHUO_SQLITE_NEWS_NONE)
    chihuo_sqlite_notify_touch (self->notify, self->queues.news == CHIHUO_SQLITE_NEWS_WAKE);
  chihuo_sqlite_file_leave (self->file);

  return ok;
}

static gboolean
carry_out (ChihuoSqliteBackend *self, ChihuoBatch *batch, GError **error)
{
  ChihuoSqliteStatements *db = &self->file->statements;
  g_autoptr (GBytes) answers = NULL;

  if (batch->client != NULL)
    answers = chihuo_sqlite_client_find_answers (db, batch);
  if (answers != NULL)
    return chihuo_sqlite_exchange_again (&self->queues, &self->workers, batch, answers, error);

  chihuo_sqlite_exchange_items (&self->queues, &self->workers, batch);
  if (batch->client != NULL && chihuo_sqlite_file_has_changed (self->file))
    chihuo_sqlite_client_save_answers (db, batch);

  return TRUE;
}

static gboolean
chihuo_sqlite_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);
  g_autoptr (GError) refusal = NULL;
  gboolean ok;

  if (!begin (self, error))
    return FALSE;

  if (!carry_out (self, batch, &refusal))
    chihuo_sqlite_statements_fail (&self->file->statements, SQLITE_ABORT);
  ok = commit (self, refusal == NULL ? error : NULL);
  if (ok)
    return TRUE;

  if (refusal != NULL)
    g_propagate_error (error, g_steal_pointer (&refusal));
  chihuo_batch_clear_answers (batch);
  return FALSE;
}

static gboolean
chihuo_sqlite_backend_page (ChihuoBackend *backend, ChihuoPage *page, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);
  guint n_before = page->records->len;
  gboolean ok;

  if (!begin_reading (self, error))
    return FALSE;

  ok = chihuo_sqlite_page (&self->queues, page, error);
  ok = chihuo_sqlite_file_end_reading (self->file, ok ? error : NULL) && ok;
  if (!ok)
    g_ptr_array_set_size (page->records, n_before);

  return ok;
}

static gboolean
chihuo_sqlite_backend_stats (ChihuoBackend *backend, const char *queue, gint64 now,
                             ChihuoStats *stats, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);

  if (!begin_reading (self, error))
    return FALSE;

  chihuo_sqlite_page_stats (&self->queues, queue, now, stats);
  return chihuo_sqlite_file_end_reading (self->file, error);
}

static gboolean
chihuo_sqlite_backend_sweep (ChihuoBackend *backend, ChihuoSweep *sweep, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);
  ChihuoSweep step = *sweep;

  if (!begin (self, error))
    return FALSE;

  chihuo_sqlite_sweep (&self->queues, &step);
  if (!commit (self, error))
    return FALSE;

  *sweep = step;
  return TRUE;
}

static gboolean
chihuo_sqlite_backend_reap (ChihuoBackend *backend, const ChihuoMoment *moment, guint *n_reaped,
                            gboolean *more, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);
  gboolean is_needed;
  guint n_back;

  *n_reaped = 0;
  *more = FALSE;

  if (!begin_reading (self, error))
    return FALSE;
  is_needed = chihuo_sqlite_reap_is_needed (self->file, &self->queues, &self->workers, moment);
  if (!chihuo_sqlite_file_end_reading (self->file, error))
    return FALSE;
  if (!is_needed)
    return TRUE;

  if (!begin (self, error))
    return FALSE;
  n_back = chihuo_sqlite_reap (&self->queues, &self->workers, moment, more);
  if (!commit (self, error))
    {
      *more = FALSE;
      return FALSE;
    }

  *n_reaped = n_back;
  return TRUE;
}

static GSource *
chihuo_sqlite_backend_create_source (ChihuoBackend *backend)
{
  return chihuo_sqlite_notify_create_source (CHIHUO_SQLITE_BACKEND (backend)->notify);
}

static void
shut (ChihuoSqliteBackend *self)
{
  chihuo_sqlite_notify_close (self->notify);
  chihuo_sqlite_workers_close (&self->workers);
  chihuo_sqlite_queues_clear (&self->queues);
  g_clear_pointer (&self->file, chihuo_sqlite_file_close);
}

/* Whoever holds nothing need not be reaped */
static gboolean
sign_off (ChihuoSqliteBackend *self, GError **error)
{
  if (self->workers.number == 0)
    return TRUE;
  if (!begin (self, error))
    return FALSE;

  chihuo_sqlite_workers_remove (&self->workers, self->workers.number);
  return commit (self, error);
}

/* In a forked child all of it is the parent's: it is left as it is */
static gboolean
chihuo_sqlite_backend_close (ChihuoBackend *backend, GError **error)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (backend);
  gboolean ok;

  if (self->file == NULL || chihuo_fork_is_child ())
    return TRUE;

  ok = sign_off (self, error);
  shut (self);

  return ok;
}

static gboolean
chihuo_sqlite_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  static const char *const choices[] = { "full", "normal", NULL };
  g_autofree char *path = NULL;
  guint choice = 0;

  if (!chihuo_config_take_string (config, "path", &path, error)
      || !chihuo_config_take_choice (config, "synchronous", choices, &choice, error))
    return FALSE;

  if (path == NULL || *path == '\0')
    {
      g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
                           "sqlite: the key path is missing: expected that of the database");
      return FALSE;
    }

  return chihuo_sqlite_backend_open_path (CHIHUO_SQLITE_BACKEND (backend), path, choice == 0,
                                          error);
}

static void
chihuo_sqlite_backend_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_carry = FALSE;
  iface->open = chihuo_sqlite_backend_open;
  iface->close = chihuo_sqlite_backend_close;
  iface->exchange = chihuo_sqlite_backend_exchange;
  iface->page = chihuo_sqlite_backend_page;
  iface->stats = chihuo_sqlite_backend_stats;
  iface->sweep = chihuo_sqlite_backend_sweep;
  iface->reap = chihuo_sqlite_backend_reap;
  iface->create_source = chihuo_sqlite_backend_create_source;
}

static void
chihuo_sqlite_backend_finalize (GObject *object)
{
  ChihuoSqliteBackend *self = CHIHUO_SQLITE_BACKEND (object);

  if (self->file != NULL && !chihuo_fork_is_child ())
    shut (self);
  chihuo_sqlite_notify_unref (self->notify);

  G_OBJECT_CLASS (chihuo_sqlite_backend_parent_class)->finalize (object);
}

static void
chihuo_sqlite_backend_class_init (ChihuoSqliteBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chihuo_sqlite_backend_finalize;
}

static void
chihuo_sqlite_backend_init (ChihuoSqliteBackend *self)
{
  self->notify = chihuo_sqlite_notify_new ();
}

/*
 * chihuo_sqlite_backend_open_path:
 * @self: a backend that is not open
 * @path: where the database is, or is to be
 * @synchronous_full: whether each commit waits for the disk
 * @error: return location for an error
 *
 * Opens a database; its lock file and its touch file stand beside it.
 *
 * Returns: whether it is open
 */
gboolean
chihuo_sqlite_backend_open_path (ChihuoSqliteBackend *self, const char *path,
                                 gboolean synchronous_full, GError **error)
{
  g_autofree char *lock_path = NULL;
  g_autofree char *touch_path = NULL;

  g_return_val_if_fail (self->file == NULL, FALSE);

  if (!check_process (error))
    return FALSE;

  self->file = chihuo_sqlite_file_open (path, synchronous_full, error);
  if (self->file == NULL)
    return FALSE;

  lock_path = g_strconcat (self->file->path, "-lock", NULL);
  touch_path = g_strconcat (self->file->path, "-touch", NULL);
  chihuo_sqlite_queues_init (&self->queues, &self->file->statements);
  if (chihuo_sqlite_workers_open (&self->workers, &self->file->statements, lock_path, error)
      && chihuo_sqlite_notify_open (self->notify, touch_path, error))
    return TRUE;

  shut (self);
  return FALSE;
}
