/* chihuo-sqlite-client.c - what a client was answered last
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-sqlite-client.h"

/* A batch whose answers were lost comes again under the same number. So the answers to each
 * client's last batch are kept, in the transaction that carried it out: a byte an item, and for a
 * claim how many tasks it got, in four more bytes. */

/*
 * chihuo_sqlite_client_find_answers:
 * @db: the connection's statements
 * @batch: a batch
 *
 * Looks whether a batch was carried out before.
 *
 * Returns: (transfer full) (nullable): its answers, if it was
 */
GBytes *
chihuo_sqlite_client_find_answers (ChihuoSqliteStatements *db, ChihuoBatch *batch)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_CLIENT_LOAD);
  GBytes *answers = NULL;

  sqlite3_bind_text (row, 1, batch->client, -1, SQLITE_STATIC);
  if (!chihuo_sqlite_statements_next (db, row))
    return NULL;

  if (sqlite3_column_int64 (row, 0) == batch->request)
    answers = g_bytes_new (sqlite3_column_blob (row, 1), sqlite3_column_bytes (row, 1));
  sqlite3_reset (row);

  return answers;
}

/*
 * chihuo_sqlite_client_save_answers:
 * @db: the connection's statements
 * @batch: a batch that was carried out
 *
 * Keeps the answers, in place of those to the client's batch before.
 */
void
chihuo_sqlite_client_save_answers (ChihuoSqliteStatements *db, ChihuoBatch *batch)
{
  sqlite3_stmt *row = chihuo_sqlite_statements_use (db, CHIHUO_SQLITE_CLIENT_SAVE);
  g_autoptr (GByteArray) answers = g_byte_array_sized_new (batch->n_items + sizeof (guint32));

  for (guint i = 0; i < batch->n_items; i++)
    {
      const ChihuoItem *item = batch->items[i];
      guint8 answer = item->answer;

      g_byte_array_append (answers, &answer, 1);
      if (item->op == CHIHUO_OP_CLAIM)
        {
          guint32 given = GUINT32_TO_LE (item->claim.n_claimed);

          g_byte_array_append (answers, (const guint8 *) &given, sizeof given);
        }
    }

  sqlite3_bind_text (row, 1, batch->client, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (row, 2, batch->request);
  sqlite3_bind_int64 (row, 3, batch->moment.now);
  sqlite3_bind_blob (row, 4, answers->data, answers->len, SQLITE_STATIC);
  chihuo_sqlite_statements_run (db, row);
}

/*
 * chihuo_sqlite_client_read_answer:
 * @answers: what chihuo_sqlite_client_find_answers() gave
 * @at: (inout): how far it was read
 * @item: the next item
 * @given: (out): how many tasks it got, if it is a claim
 *
 * Answers an item as it was answered before.
 *
 * Returns: %FALSE if these are not the answers to such a batch
 */
gboolean
chihuo_sqlite_client_read_answer (GBytes *answers, gsize *at, ChihuoItem *item, guint *given)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (answers, &size);
  gsize length = item->op == CHIHUO_OP_CLAIM ? 1 + sizeof (guint32) : 1;
  guint32 number = 0;

  if (*at + length > size || data[*at] > CHIHUO_ANSWER_ABSENT)
    return FALSE;

  item->answer = data[*at];
  if (item->op == CHIHUO_OP_CLAIM)
    memcpy (&number, data + *at + 1, sizeof number);
  *given = GUINT32_FROM_LE (number);
  *at += length;

  return TRUE;
}
