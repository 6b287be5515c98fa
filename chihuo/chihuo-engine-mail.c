/* chihuo-engine-mail.c - what an engine sends to its store, and what it does with the answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-engine-private.h"
#include "chihuo-mutant.h"

/* The wall clock may have been set: what is due is looked for at least so often */
#define DUE_RECHECK (60 * G_USEC_PER_SEC)

/* Something waits that we cannot have (the queue is paused, it is a suspect): look again then */
#define WAITING_RECHECK (1 * G_USEC_PER_SEC)

static void
add_claimed (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoClaimed *claimed)
{
  ChihuoRun *run = g_slice_new0 (ChihuoRun);

  run->claimed = *claimed;
  claimed->payload = NULL;
  run->link.data = run;
  run->todo_link.data = run;
  run->claimed_at = moment->lease;
  run->renew_at = moment->lease + self->options.lease / 3;
  run->deadline = G_MAXINT64;
  run->overdue_at = G_MAXINT64;
  run->state = CHIHUO_RUN_STATE_READY;
  g_queue_push_tail_link (&self->ready, &run->link);

  self->next_renewal = MIN (self->next_renewal, run->renew_at);
  if (run->claimed.crashes > 0)
    self->n_suspects++;
  if (self->index != NULL)
    g_hash_table_replace (self->index, run->claimed.payload, run); /* the key is the run's own */
}

/* --- to the store --- */

static void
init_item (ChihuoEngine *self, ChihuoMail *mail, ChihuoOp op, ChihuoRun *run)
{
  *mail = (ChihuoMail) { .run = run };
  mail->item.op = op;
  mail->item.queue = self->options.queue;
  mail->item.claimant = self->options.claimant;
  if (run != NULL)
    {
      mail->item.payload = chihuo_payload_ref (run->claimed.payload);
      mail->item.token = run->claimed.token;
      mail->item.handle = run->claimed.handle;
    }
}

static guint
collect_renewals_of (ChihuoEngine *self, const ChihuoMoment *moment, GQueue *list, ChihuoMail *mails,
                     guint max)
{
  gint64 soon = moment->lease + self->options.lease / 12;
  guint n = 0;

  for (GList *l = list->head; l != NULL; l = l->next)
    {
      ChihuoRun *run = l->data;

      if (run->cancel == CHIHUO_CANCEL_LOST)
        continue;
      if (run->renew_at <= soon && n < max)
        {
          init_item (self, &mails[n], CHIHUO_OP_RENEW, run);
          mails[n++].item.renew.lease = self->options.lease;
          run->renew_at = moment->lease + self->options.lease / 3;
        }
      self->next_renewal = MIN (self->next_renewal, run->renew_at);
    }

  return n;
}

static guint
collect_renewals (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoMail *mails, guint max)
{
  guint n;

  if (moment->lease < self->next_renewal
      || (CHIHUO_MUTANT ("heartbeat-main-context") && self->running.length > 0))
    return 0;

  self->next_renewal = G_MAXINT64;
  n = collect_renewals_of (self, moment, &self->running, mails, max);

  return n + collect_renewals_of (self, moment, &self->ready, mails + n, max - n);
}

static guint
collect_settles (ChihuoEngine *self, ChihuoMail *mails, guint max)
{
  guint n = 0;

  max = MIN (max, CHIHUO_BATCH_MAX_ITEMS);
  while (n < max && self->ended.length > 0)
    {
      ChihuoRun *run = self->ended.head->data;
      ChihuoItem *item = &mails[n].item;

      init_item (self, &mails[n++], CHIHUO_OP_SETTLE, run);
      item->settle.how = run->how;
      item->settle.finish = run->finish;
      item->settle.delay = run->delay;
      if (run->error != NULL)
        item->settle.error = g_strdup (run->error);
      chihuo_engine_move_run (self, run, CHIHUO_RUN_STATE_SENT);
    }

  return n;
}

/* Whether it is worth asking now: at once when a slot is idle, else in big steps */
gboolean
chihuo_engine_wants_claim (ChihuoEngine *self)
{
  guint want = chihuo_engine_get_want (self);

  return self->state == ENGINE_STATE_RUNNING && !self->claiming && want > 0
         && (self->ready.length == 0 || want >= chihuo_engine_get_prefetch (self) / 2);
}

static guint
collect_claim (ChihuoEngine *self, const ChihuoMoment *moment, gboolean may_claim_suspect,
               ChihuoMail *mail, guint max)
{
  ChihuoItem *item = &mail->item;

  if (max == 0 || !self->hungry || !chihuo_engine_wants_claim (self))
    return 0;

  init_item (self, mail, CHIHUO_OP_CLAIM, NULL);
  item->claim.n = MIN (chihuo_engine_get_want (self), MIN (max, CHIHUO_BATCH_MAX_ITEMS));
  item->claim.suspects = may_claim_suspect && chihuo_engine_get_n_free (self) > 0 ? 1 : 0;
  item->claim.request = ++self->request;
  item->claim.lease = self->options.lease;
  item->claim.max_tries = self->options.max_tries;
  item->claim.max_crashes = self->options.max_crashes;
  self->claiming = TRUE;

  return 1;
}

/* What is to be sent now: renewals first, then settles, then a claim, which so finds what the settles
 * have sent back */
guint
chihuo_engine_collect (ChihuoEngine *self, const ChihuoMoment *moment, gboolean may_claim_suspect,
                       ChihuoMail *mails, guint max)
{
  guint n;
  guint n_settles;

  chihuo_engine_advance (self, moment);
  n = collect_renewals (self, moment, mails, max);
  n_settles = collect_settles (self, mails + n, max - n);
  n += n_settles;
  if (n_settles > 0)
    self->hungry = TRUE;

  return n + collect_claim (self, moment, may_claim_suspect, mails + n, max - n);
}

static void
deliver_renewal (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoRun *run,
                 ChihuoAnswer answer)
{
  gboolean is_stale = answer == CHIHUO_ANSWER_STALE;

  if (answer == CHIHUO_ANSWER_OK)
    return;

  if (run->state == CHIHUO_RUN_STATE_RUNNING)
    chihuo_engine_cancel_run (self, moment->lease, run,
                is_stale ? CHIHUO_CANCEL_LOST : CHIHUO_CANCEL_BY_HAND);
  else if (run->state == CHIHUO_RUN_STATE_READY && is_stale)
    chihuo_engine_run_is_over (self, run, CHIHUO_OUTCOME_LOST);
  else if (run->state == CHIHUO_RUN_STATE_READY)
    chihuo_engine_end_unstarted (self, run);
}

static ChihuoOutcome
outcome_of (const ChihuoRun *run, ChihuoAnswer answer)
{
  if (answer == CHIHUO_ANSWER_STALE)
    return CHIHUO_OUTCOME_LOST;
  if (answer == CHIHUO_ANSWER_DEAD)
    return CHIHUO_OUTCOME_DEAD;
  if (run->finish)
    return CHIHUO_OUTCOME_FINISHED;

  switch (run->how)
    {
    case CHIHUO_SETTLE_DONE:
      return CHIHUO_OUTCOME_DONE;
    case CHIHUO_SETTLE_POSTPONED:
      return CHIHUO_OUTCOME_POSTPONED;
    case CHIHUO_SETTLE_RETURNED:
    case CHIHUO_SETTLE_ABANDONED:
      return CHIHUO_OUTCOME_RETURNED;
    case CHIHUO_SETTLE_FAILED:
    case CHIHUO_SETTLE_REJECTED:
    default:
      return CHIHUO_OUTCOME_FAILED;
    }
}

static gint64
lease_time_of (const ChihuoMoment *moment, gint64 wall)
{
  return moment->lease + MAX (wall - moment->now, 0);
}

static void
deliver_claim (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoItem *item)
{
  gint64 due = item->claim.next_due;

  self->claiming = FALSE;
  self->drained = FALSE;
  for (guint i = 0; i < item->claim.n_claimed; i++)
    add_claimed (self, moment, &item->claim.claimed[i]);

  /* less than was asked for, and more is there: large tasks come in several claims */
  self->hungry = item->claim.n_claimed == item->claim.n
                 || (item->claim.n_claimed > 0 && item->claim.n_waiting > 0);
  self->claim_at = self->options.poll > 0 ? moment->lease + self->options.poll : G_MAXINT64;
  if (due > 0 && !CHIHUO_MUTANT ("due-forgotten"))
    self->claim_at = MIN (self->claim_at,
                          MIN (lease_time_of (moment, due), moment->lease + DUE_RECHECK));

  if (!self->hungry && item->claim.n_waiting > 0)
    self->claim_at = MIN (self->claim_at, moment->lease + WAITING_RECHECK);

  if (item->claim.n_claimed == 0 && item->claim.n_waiting == 0 && self->ready.length == 0
      && self->running.length == 0 && self->ended.length == 0)
    self->drained = TRUE;
  if (self->drained && !self->options.run_forever && !self->held
      && (due == 0 || due > moment->now + self->options.linger))
    self->state = ENGINE_STATE_OVER;
}

/* The store has answered */
void
chihuo_engine_deliver (ChihuoEngine *self, const ChihuoMoment *moment, ChihuoMail *mails,
                       guint n_mails)
{
  for (guint i = 0; i < n_mails; i++)
    {
      ChihuoItem *item = &mails[i].item;
      ChihuoRun *run = mails[i].run;

      if (item->op == CHIHUO_OP_RENEW)
        deliver_renewal (self, moment, run, item->answer);
      else if (item->op == CHIHUO_OP_SETTLE)
        chihuo_engine_run_is_over (self, run, outcome_of (run, item->answer));
      else
        deliver_claim (self, moment, item);
    }
}

/* Certainly nothing was done: it is offered again */
void
chihuo_engine_undone (ChihuoEngine *self, ChihuoMail *mails, guint n_mails)
{
  for (guint i = n_mails; i > 0; i--)
    {
      ChihuoItem *item = &mails[i - 1].item;
      ChihuoRun *run = mails[i - 1].run;

      if (item->op == CHIHUO_OP_CLAIM)
        {
          self->claiming = FALSE;
          self->hungry = TRUE;
        }
      else if (item->op == CHIHUO_OP_SETTLE)
        {
          g_queue_unlink (&self->sent, &run->link);
          run->state = CHIHUO_RUN_STATE_ENDED;
          g_queue_push_head_link (&self->ended, &run->link);
        }
      else if (run->state <= CHIHUO_RUN_STATE_RUNNING)
        {
          run->renew_at = 0;
          self->next_renewal = 0;
        }
    }
}
