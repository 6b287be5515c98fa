/* chihuo-batch.c - what one exchange with a backend carries
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-batch.h"

/**
 * ChihuoBatch:
 *
 * What one exchange with a backend carries: items of any queues, in order, each
 * with room for its answer.
 *
 * In C it is a plain struct; the accessors are for other languages. It belongs
 * to the store and is only good during the exchange.
 *
 * Since: 1.0
 */

G_DEFINE_BOXED_TYPE (ChihuoBatch, chihuo_batch, chihuo_batch_ref, chihuo_batch_unref)

/**
 * chihuo_batch_ref:
 * @self: a batch
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @self
 *
 * Since: 1.0
 */
ChihuoBatch *
chihuo_batch_ref (ChihuoBatch *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/**
 * chihuo_batch_unref:
 * @self: (transfer full): a batch
 *
 * Gives a reference back.
 *
 * Since: 1.0
 */
void
chihuo_batch_unref (ChihuoBatch *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;

  g_clear_error (&self->refusal);
  g_free (self->items);
  g_free (self);
}

/**
 * chihuo_batch_get_n_items:
 * @self: a batch
 *
 * Gets the number of items.
 *
 * Returns: how many there are
 *
 * Since: 1.0
 */
guint
chihuo_batch_get_n_items (ChihuoBatch *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_items;
}

/**
 * chihuo_batch_get_op:
 * @self: a batch
 * @index: an item's number, from 0
 *
 * Gets what an item asks for.
 *
 * Returns: the operation
 *
 * Since: 1.0
 */
ChihuoOp
chihuo_batch_get_op (ChihuoBatch *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->n_items, CHIHUO_OP_ADD);

  return self->items[index]->op;
}

/**
 * chihuo_batch_get_queue:
 * @self: a batch
 * @index: an item's number, from 0
 *
 * Gets the queue that an item is for.
 *
 * Returns: (transfer none): the queue's name
 *
 * Since: 1.0
 */
const char *
chihuo_batch_get_queue (ChihuoBatch *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->n_items, NULL);

  return self->items[index]->queue;
}

/**
 * chihuo_batch_get_payload:
 * @self: a batch
 * @index: an item's number, from 0
 *
 * Gets the id, and the info of an add.
 *
 * Returns: (transfer none) (nullable): the payload; %NULL where an item is for
 *   no single task
 *
 * Since: 1.0
 */
ChihuoPayload *
chihuo_batch_get_payload (ChihuoBatch *self, guint index)
{
  g_return_val_if_fail (self != NULL && index < self->n_items, NULL);

  return self->items[index]->payload;
}

/**
 * chihuo_batch_answer:
 * @self: a batch
 * @index: an item's number, from 0
 * @answer: the answer
 *
 * Answers an item.
 *
 * Since: 1.0
 */
void
chihuo_batch_answer (ChihuoBatch *self, guint index, ChihuoAnswer answer)
{
  g_return_if_fail (self != NULL && index < self->n_items);

  self->items[index]->answer = answer;
}

/**
 * chihuo_batch_clear_answers: (skip)
 * @self: a batch
 *
 * Takes all answers back, for a backend whose exchange fails after some items
 * were answered.
 *
 * Since: 1.0
 */
void
chihuo_batch_clear_answers (ChihuoBatch *self)
{
  for (guint i = 0; i < self->n_items; i++)
    chihuo_item_clear_answer (self->items[i]);
  g_clear_error (&self->refusal);
}
