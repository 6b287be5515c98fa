/* store-fixture.h - a store on a backend that does what the test's script says
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-clock.h"
#include "chihuo-error.h"
#include "chihuo-store-private.h"

typedef struct _ScriptBackend ScriptBackend;

/* A letter of the script for each exchange, or each opening. At its end all goes well */
#define GOES_WELL '.'
#define IS_REFUSED 'r'     /* CHIHUO_ERROR_BACKEND: nothing was done */
#define IS_AWAY 'a'        /* CHIHUO_ERROR_TIMED_OUT: it cannot be reached, nothing was done */
#define IS_UNKNOWN 'u'     /* CHIHUO_ERROR_UNKNOWN_OUTCOME */
#define IS_AWAY_FOR_EVER 'A'
#define IS_FULL 'f'        /* all is done, except that there is no room for what is added */

struct _ScriptBackend
{
  GObject   parent_instance;

  GMutex    mutex;
  GCond     cond;
  /* under the mutex */
  char     *script;   /* (owned) (nullable): of exchanges */
  char     *opening;  /* (owned) (nullable): of openings */
  GString  *log;      /* (owned): each exchange: request number, R if repeated, and the ids */
  guint     n_exchanges;
  guint     n_opened;
  guint     n_closed;
  guint     n_renewals;
  guint     max_touched;
  gboolean  shut;     /* exchanges wait at the gate */
  gboolean  inside;   /* one of them does */
  GQueue    waiting;  /* of ids, owned: what can be claimed */
  guint64   token;
};

typedef struct
{
  GObjectClass parent_class;
} ScriptBackendClass;

GType script_backend_get_type (void);

static char
next_letter (char **script)
{
  char letter = *script != NULL && **script != '\0' ? **script : GOES_WELL;
  g_autofree char *old = NULL;

  if (letter != IS_AWAY_FOR_EVER && *script != NULL && **script != '\0')
    {
      old = *script;
      *script = g_strdup (old + 1);
    }

  return letter;
}

static gboolean
follow (char letter, GError **error)
{
  if (letter == GOES_WELL || letter == IS_FULL)
    return TRUE;

  g_set_error_literal (error, CHIHUO_ERROR,
                       letter == IS_REFUSED   ? CHIHUO_ERROR_BACKEND
                       : letter == IS_UNKNOWN ? CHIHUO_ERROR_UNKNOWN_OUTCOME
                                              : CHIHUO_ERROR_TIMED_OUT,
                       letter == IS_REFUSED ? "no" : "gone");
  return FALSE;
}

static gboolean
script_backend_open (ChihuoBackend *backend, ChihuoConfig *config, GError **error)
{
  ScriptBackend *self = (ScriptBackend *) backend;
  g_autofree char *name = NULL;
  char letter;

  if (!chihuo_config_take_string (config, "path", &name, error))
    return FALSE;

  g_mutex_lock (&self->mutex);
  letter = next_letter (&self->opening);
  self->n_opened++;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return follow (letter, error);
}

static gboolean
script_backend_close (ChihuoBackend *backend, GError **error)
{
  ScriptBackend *self = (ScriptBackend *) backend;

  self->n_closed++;

  return TRUE;
}

static void
answer_claim (ScriptBackend *self, ChihuoItem *item)
{
  item->claim.claimed = g_new0 (ChihuoClaimed, item->claim.n);
  while (item->claim.n_claimed < item->claim.n && self->waiting.length > 0)
    {
      g_autofree char *id = g_queue_pop_head (&self->waiting);
      ChihuoClaimed *claimed = &item->claim.claimed[item->claim.n_claimed++];

      claimed->payload = chihuo_payload_new (id, -1, "null", -1);
      claimed->token = ++self->token;
      claimed->max_tries = item->claim.max_tries;
    }
  item->claim.n_waiting = self->waiting.length;
}

static void
answer_item (ScriptBackend *self, ChihuoItem *item)
{
  if (item->op == CHIHUO_OP_CLAIM)
    answer_claim (self, item);
  else if (item->op == CHIHUO_OP_RENEW)
    self->n_renewals++;
  item->answer = item->op == CHIHUO_OP_ADD ? CHIHUO_ANSWER_ADDED : CHIHUO_ANSWER_OK;
}

static void
log_batch (ScriptBackend *self, ChihuoBatch *batch)
{
  guint touched = 0;

  g_string_append_printf (self->log, "%s%u%s:", self->log->len > 0 ? " " : "", batch->request,
                          batch->repeated ? "R" : "");
  for (guint i = 0; i < batch->n_items; i++)
    {
      ChihuoItem *item = batch->items[i];

      touched += item->op == CHIHUO_OP_CLAIM ? item->claim.n : 1;
      if (item->payload != NULL)
        g_string_append_printf (self->log, "%s%s", i > 0 ? "," : "",
                                chihuo_payload_get_id (item->payload));
    }
  self->max_touched = MAX (self->max_touched, touched);
}

static void
refuse_adds (ChihuoBatch *batch)
{
  for (guint i = 0; i < batch->n_items; i++)
    if (batch->items[i]->op == CHIHUO_OP_ADD)
      batch->items[i]->answer = CHIHUO_ANSWER_REFUSED;
  g_set_error_literal (&batch->refusal, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "full");
}

static gboolean
script_backend_exchange (ChihuoBackend *backend, ChihuoBatch *batch, GError **error)
{
  ScriptBackend *self = (ScriptBackend *) backend;
  char letter;

  g_mutex_lock (&self->mutex);
  g_assert_false (self->inside); /* one call at a time */
  self->n_exchanges++;
  log_batch (self, batch);
  self->inside = TRUE;
  g_cond_broadcast (&self->cond);
  while (self->shut)
    g_cond_wait (&self->cond, &self->mutex);
  self->inside = FALSE;
  letter = next_letter (&self->script);
  batch->moment = (ChihuoMoment) { 1, 1 }; /* a backend may go by clocks of its own */
  if (letter == GOES_WELL || letter == IS_FULL)
    for (guint i = 0; i < batch->n_items; i++)
      answer_item (self, batch->items[i]);
  if (letter == IS_FULL)
    refuse_adds (batch);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return follow (letter, error);
}

static void
script_backend_iface_init (ChihuoBackendInterface *iface)
{
  iface->open = script_backend_open;
  iface->close = script_backend_close;
  iface->exchange = script_backend_exchange;
}

G_DEFINE_TYPE_WITH_CODE (ScriptBackend, script_backend, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND, script_backend_iface_init))

static void
script_backend_finalize (GObject *object)
{
  ScriptBackend *self = (ScriptBackend *) object;

  g_free (self->script);
  g_free (self->opening);
  g_string_free (self->log, TRUE);
  g_queue_clear_full (&self->waiting, g_free);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (script_backend_parent_class)->finalize (object);
}

static void
script_backend_class_init (ScriptBackendClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = script_backend_finalize;
}

static void
script_backend_init (ScriptBackend *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  self->log = g_string_new (NULL);
}

typedef struct
{
  ChihuoStore   *store;   /* (owned) (nullable): the test may have dropped it */
  ScriptBackend *backend; /* (owned) */
} Fixture;

static inline void
fixture_set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoConfig) config = chihuo_config_new ("memory:script", &error);

  g_assert_no_error (error);
  f->backend = g_object_new (script_backend_get_type (), NULL);
  f->store = chihuo_store_new (g_object_ref (CHIHUO_BACKEND (f->backend)), config);
}

static inline void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->store, chihuo_store_unref);
  while (g_atomic_int_get (&G_OBJECT (f->backend)->ref_count) > 1)
    g_usleep (100);
  chihuo_store_wait_closed ();
  g_assert_cmpuint (f->backend->n_closed, <=, 1);
  g_assert_finalize_object (f->backend);
}

static inline void
add_store_test (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down);
}

static inline void
assert_log (Fixture *f, const char *expected)
{
  g_mutex_lock (&f->backend->mutex);
  g_assert_cmpstr (f->backend->log->str, ==, expected);
  g_mutex_unlock (&f->backend->mutex);
}

static inline void
set_script (Fixture *f, const char *script)
{
  g_mutex_lock (&f->backend->mutex);
  g_free (f->backend->script);
  f->backend->script = g_strdup (script);
  g_mutex_unlock (&f->backend->mutex);
}

/* Holds the next exchange up */
static inline void
shut_gate (Fixture *f)
{
  g_mutex_lock (&f->backend->mutex);
  f->backend->shut = TRUE;
  g_mutex_unlock (&f->backend->mutex);
}

static inline void
wait_inside (Fixture *f)
{
  g_mutex_lock (&f->backend->mutex);
  while (!f->backend->inside)
    g_cond_wait (&f->backend->cond, &f->backend->mutex);
  g_mutex_unlock (&f->backend->mutex);
}

static inline void
open_gate (Fixture *f)
{
  g_mutex_lock (&f->backend->mutex);
  f->backend->shut = FALSE;
  g_cond_broadcast (&f->backend->cond);
  g_mutex_unlock (&f->backend->mutex);
}

static inline void
wait_for_exchanges (Fixture *f, guint n)
{
  g_mutex_lock (&f->backend->mutex);
  while (f->backend->n_exchanges < n)
    g_cond_wait (&f->backend->cond, &f->backend->mutex);
  g_mutex_unlock (&f->backend->mutex);
}

/* --- calls --- */

/* Adds of the words of `ids` */
static inline ChihuoCall *
new_adds (const char *ids)
{
  g_auto (GStrv) words = g_strsplit (ids, " ", -1);
  ChihuoCall *call = chihuo_call_new_items (g_strv_length (words));

  for (guint i = 0; words[i] != NULL; i++)
    {
      call->items[i].op = CHIHUO_OP_ADD;
      call->items[i].queue = g_intern_static_string ("q");
      call->items[i].payload = chihuo_payload_new (words[i], -1, "null", -1);
    }

  return call;
}

/* An asynchronous call whose end can be waited for */
typedef struct
{
  GMutex      mutex;
  GCond       cond;
  ChihuoCall *call; /* (owned) */
  gboolean    done;
} Sent;

static inline void
sent_cb (ChihuoCall *call, gpointer data)
{
  Sent *sent = data;

  g_mutex_lock (&sent->mutex);
  g_assert_false (sent->done);
  sent->done = TRUE;
  g_cond_broadcast (&sent->cond);
  g_mutex_unlock (&sent->mutex);
}

/* Takes the call over */
static inline void
send (Fixture *f, Sent *sent, ChihuoCall *call)
{
  *sent = (Sent) { .call = call };
  g_mutex_init (&sent->mutex);
  g_cond_init (&sent->cond);
  chihuo_store_send (f->store, call, NULL, sent_cb, sent);
}

/* Waits for the answer: `code` −1 = all went well */
static inline void
assert_answer (Sent *sent, int code)
{
  g_mutex_lock (&sent->mutex);
  while (!sent->done)
    g_cond_wait (&sent->cond, &sent->mutex);
  g_mutex_unlock (&sent->mutex);

  if (code < 0)
    g_assert_no_error (sent->call->error);
  else
    g_assert_error (sent->call->error, CHIHUO_ERROR, code);
  chihuo_call_unref (sent->call);
  g_cond_clear (&sent->cond);
  g_mutex_clear (&sent->mutex);
}

/* --- an engine as the store sees it --- */

typedef struct
{
  ChihuoStoreClient client;
  GMutex            mutex;
  GCond             cond;
  /* under the mutex */
  GString          *log;      /* (owned): what the store has said */
  guint             n_settles; /* how many it has to send */
  guint             n_claim;  /* how many it wants to claim */
  gboolean          insatiable; /* it wants to send all that fits in, always */
  guint             n_served; /* how often it was answered */
  ChihuoMoment      collected; /* when it was last asked for what it has to say */
  gint64            next;
  gboolean          once_more; /* a millisecond after the first answer there is another settle */
} ScriptClient;

static inline guint
script_client_collect (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
                       guint max)
{
  ScriptClient *self = (ScriptClient *) client;
  guint n = 0;

  g_mutex_lock (&self->mutex);
  if (self->next != G_MAXINT64 && chihuo_clock_get_boot () < self->next)
    max = 0;
  else
    self->next = G_MAXINT64;
  while (n < max && (self->n_settles > 0 || self->insatiable))
    {
      mails[n] = (ChihuoMail) { .run = self };
      mails[n].item.op = CHIHUO_OP_SETTLE;
      mails[n].item.queue = client->queue;
      mails[n].item.payload = chihuo_payload_new ("s", -1, NULL, 0);
      mails[n].item.settle.how = CHIHUO_SETTLE_DONE;
      n++;
      if (!self->insatiable)
        self->n_settles--;
    }
  if (n < max && self->n_claim > 0)
    {
      mails[n] = (ChihuoMail) { .run = self };
      mails[n].item.op = CHIHUO_OP_CLAIM;
      mails[n].item.queue = client->queue;
      mails[n].item.claim.n = MIN (self->n_claim, max - n);
      self->n_claim = 0;
      n++;
    }
  if (n > 0)
    self->collected = *moment;
  g_mutex_unlock (&self->mutex);

  return n;
}

static inline void
script_client_note (ScriptClient *self, const char *word, guint n)
{
  g_mutex_lock (&self->mutex);
  g_string_append_printf (self->log, "%s%s", self->log->len > 0 ? " " : "", word);
  if (n > 0)
    g_string_append_printf (self->log, "-%u", n);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static inline void
script_client_deliver (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
                       guint n_mails)
{
  ScriptClient *self = (ScriptClient *) client;

  for (guint i = 0; i < n_mails; i++)
    g_assert_cmpint (mails[i].item.answer, ==, CHIHUO_ANSWER_OK);
  g_mutex_lock (&self->mutex);
  g_assert_cmpint (moment->now, ==, self->collected.now);
  g_assert_cmpint (moment->lease, ==, self->collected.lease);
  self->n_served++;
  if (self->once_more)
    {
      self->n_settles = 1;
      self->next = chihuo_clock_get_boot () + 1000;
    }
  self->once_more = FALSE;
  g_mutex_unlock (&self->mutex);
  script_client_note (self, "delivered", n_mails);
}

static inline void
script_client_undone (ChihuoStoreClient *client, const ChihuoMoment *moment, ChihuoMail *mails,
                      guint n_mails, const GError *error)
{
  ScriptClient *self = (ScriptClient *) client;

  g_mutex_lock (&self->mutex);
  self->n_settles += n_mails;
  g_mutex_unlock (&self->mutex);
  script_client_note (self, "undone", n_mails);
}

static inline void
script_client_news (ChihuoStoreClient *client, ChihuoStoreNews news)
{
  script_client_note ((ScriptClient *) client, news == CHIHUO_STORE_NEWS_WORK ? "work" : "notice", 0);
}

static inline gint64
script_client_next (ChihuoStoreClient *client)
{
  ScriptClient *self = (ScriptClient *) client;
  gint64 next;

  g_mutex_lock (&self->mutex);
  next = self->next;
  g_mutex_unlock (&self->mutex);

  return next;
}

static const ChihuoStoreClientFuncs script_client_funcs = {
  .collect = script_client_collect,
  .deliver = script_client_deliver,
  .undone = script_client_undone,
  .news = script_client_news,
  .next = script_client_next,
};

static inline void
script_client_free (ChihuoStoreClient *client)
{
  ScriptClient *self = (ScriptClient *) client;

  g_string_free (self->log, TRUE);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

static inline ScriptClient *
script_client_new (const char *queue)
{
  ScriptClient *self = g_new0 (ScriptClient, 1);

  self->client.funcs = &script_client_funcs;
  self->client.queue = g_intern_string (queue);
  self->client.free_func = script_client_free;
  g_atomic_ref_count_init (&self->client.ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->log = g_string_new (NULL);
  self->next = G_MAXINT64;

  return self;
}

/* Waits until the store has said this much */
static inline void
script_client_wait (ScriptClient *self, const char *log)
{
  g_mutex_lock (&self->mutex);
  while (!g_str_equal (self->log->str, log))
    {
      g_assert_true (g_str_has_prefix (log, self->log->str));
      g_cond_wait (&self->cond, &self->mutex);
    }
  g_mutex_unlock (&self->mutex);
}
