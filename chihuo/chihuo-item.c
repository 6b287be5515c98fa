/* chihuo-item.c - one request to a backend, with room for its answer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-item.h"

/**
 * ChihuoItem:
 *
 * One request to a backend, with room for its answer: a plain struct.
 *
 * Which member of the union counts follows from its [enum@Chihuo.Op]. It is
 * also the event that the pure function of a task's life is given.
 *
 * Since: 1.0
 */

/**
 * ChihuoClaimed:
 *
 * A task as a claim hands it out: a plain struct.
 *
 * Since: 1.0
 */

G_DEFINE_ENUM_TYPE (ChihuoOp, chihuo_op,
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_ADD, "add"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_FINISH, "finish"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_UNFINISH, "unfinish"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_REMOVE, "remove"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_CANCEL, "cancel"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_RETRY_DEAD, "retry-dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_SETTLE, "settle"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_RENEW, "renew"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_CLAIM, "claim"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_SET_PAUSED, "set-paused"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_SET_RETENTION, "set-retention"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_DUE, "due"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_REAP, "reap"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_OP_JUNK, "junk"))

G_DEFINE_ENUM_TYPE (ChihuoAnswer, chihuo_answer,
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_NONE, "none"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_ADDED, "added"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_EXISTS, "exists"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_AGAIN, "again"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_RUNNING, "running"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_DEAD, "dead"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_FINISHED, "finished"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_OK, "ok"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_STALE, "stale"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_CANCELLED, "cancelled"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_DROPPED, "dropped"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_ABSENT, "absent"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_ANSWER_REFUSED, "refused"))

G_DEFINE_ENUM_TYPE (ChihuoSettle, chihuo_settle,
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_DONE, "done"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_FAILED, "failed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_REJECTED, "rejected"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_POSTPONED, "postponed"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_RETURNED, "returned"),
                    G_DEFINE_ENUM_VALUE (CHIHUO_SETTLE_ABANDONED, "abandoned"))

static void
clear_claim (ChihuoItem *self)
{
  for (guint i = 0; i < self->claim.n_claimed; i++)
    g_clear_pointer (&self->claim.claimed[i].payload, chihuo_payload_unref);
  g_clear_pointer (&self->claim.claimed, g_free);
  self->claim.n_claimed = 0;
  self->claim.n_lost = 0;
  self->claim.next_due = 0;
  self->claim.n_waiting = 0;
  self->claim.paused = FALSE;
}

/**
 * chihuo_item_clear_answer: (skip)
 * @self: an item
 *
 * Takes its answer back: the exchange failed, so that nobody has got a task.
 *
 * Since: 1.0
 */
void
chihuo_item_clear_answer (ChihuoItem *self)
{
  self->answer = CHIHUO_ANSWER_NONE;
  if (self->op == CHIHUO_OP_CLAIM)
    clear_claim (self);
}

/**
 * chihuo_item_clear: (skip)
 * @self: an item
 *
 * Frees what the item owns; the item itself belongs to its caller.
 *
 * Since: 1.0
 */
void
chihuo_item_clear (ChihuoItem *self)
{
  g_clear_pointer (&self->payload, chihuo_payload_unref);

  switch (self->op)
    {
    case CHIHUO_OP_SETTLE:
      g_clear_pointer (&self->settle.error, g_free);
      break;

    case CHIHUO_OP_CLAIM:
      clear_claim (self);
      break;

    case CHIHUO_OP_JUNK:
      g_clear_pointer (&self->junk.reason, g_free);
      break;

    case CHIHUO_OP_ADD:
    case CHIHUO_OP_FINISH:
    case CHIHUO_OP_UNFINISH:
    case CHIHUO_OP_REMOVE:
    case CHIHUO_OP_CANCEL:
    case CHIHUO_OP_RETRY_DEAD:
    case CHIHUO_OP_RENEW:
    case CHIHUO_OP_SET_PAUSED:
    case CHIHUO_OP_SET_RETENTION:
    case CHIHUO_OP_DUE:
    case CHIHUO_OP_REAP:
    default:
      break;
    }
}

/**
 * chihuo_item_get_claimed_size: (skip)
 * @self: a claim
 *
 * Adds up the infos of what was claimed so far. A claim is at an end when they
 * have %CHIHUO_BATCH_MAX_BYTES, however many tasks it wants.
 *
 * Returns: their size in bytes
 *
 * Since: 1.0
 */
gsize
chihuo_item_get_claimed_size (const ChihuoItem *self)
{
  gsize size = 0;

  g_return_val_if_fail (self->op == CHIHUO_OP_CLAIM, 0);

  for (guint i = 0; i < self->claim.n_claimed; i++)
    size += chihuo_payload_get_json_length (self->claim.claimed[i].payload);

  return size;
}
