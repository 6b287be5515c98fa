/* lodis-txn.c - conditions, reads and writes that happen together or not at all
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo/chihuo-mutant.h"
#include "lodis-array.h"
#include "lodis-error.h"
#include "lodis-map.h"
#include "lodis-txn.h"

/* The arguments are operations, one after the other: a letter, and what that letter needs. Three rounds
 * go over them: the conditions, and if one does not hold, nothing else is done; the reads, which see what
 * was there before; the writes. */

typedef enum
{
  ROUND_CONDITIONS,
  ROUND_READS,
  ROUND_WRITES,
} Round;

typedef struct
{
  guint index;    /* of the operation */
  gboolean holds; /* all conditions so far */
} Progress;

typedef gboolean (* Operation) (LodisCall *call, LodisSpan *operands, Progress *progress);

static LodisStructure *
get_map (LodisCall *call, LodisSpan *operands)
{
  return lodis_call_get_structure (call, LODIS_KIND_MAP, operands[0]);
}

static LodisStructure *
get_array (LodisCall *call, LodisSpan *operands)
{
  return lodis_call_get_structure (call, LODIS_KIND_ARRAY, operands[0]);
}

static gboolean
get_field (LodisCall *call, LodisSpan *operands, LodisValue *value)
{
  LodisStructure *map = get_map (call, operands);

  return map != NULL && lodis_map_get (map, operands[1], value, call->error);
}

/* ? map field value */
static gboolean
require_equal (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  g_auto (LodisValue) value = { NULL };

  if (!get_field (call, operands, &value))
    return FALSE;

  progress->holds = value.data != NULL && lodis_span_compare (lodis_value_span (&value), operands[2]) == 0;
  return TRUE;
}

/* ! map field */
static gboolean
require_absent (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  g_auto (LodisValue) value = { NULL };

  if (!get_field (call, operands, &value))
    return FALSE;

  progress->holds = value.data == NULL;
  return TRUE;
}

/* @ map field */
static gboolean
read_field (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  g_auto (LodisValue) value = { NULL };
  LodisSpan span;

  if (!get_field (call, operands, &value))
    return FALSE;

  span = lodis_value_span (&value);
  return lodis_reply_add_option (call->reply, value.data != NULL ? &span : NULL, call->error);
}

/* # map after before limit; the count stands in front of the pairs */
static gboolean
read_range (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *map = get_map (call, operands);
  guint at = call->reply->len;
  guint32 n = 0;

  lodis_reply_add_u32 (call->reply, 0);
  if (map == NULL || !lodis_map_read (call, map, operands + 1, &n))
    return FALSE;

  for (guint i = 0; i < 4; i++)
    call->reply->data[at + i] = n >> (24 - 8 * i);
  return TRUE;
}

/* = map field value */
static gboolean
set_field (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *map = get_map (call, operands);

  return map != NULL && lodis_map_set (call, map, operands[1], operands[2]);
}

/* ~ map field bytes keep: what is there loses all but its last `keep` bytes, and gets these in front */
static gboolean
change_head (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *map = get_map (call, operands);
  g_auto (LodisValue) old = { NULL };
  g_autoptr (GByteArray) value = NULL;
  guint32 keep;

  if (map == NULL || !lodis_frame_get_u32 (&operands[3], &keep, call->error)
      || !lodis_map_get (map, operands[1], &old, call->error))
    return FALSE;
  if (keep > old.length)
    {
      g_set_error (call->error, LODIS_ERROR, LODIS_ERROR_TYPE,
                   "%u bytes are to be kept, there are %" G_GSIZE_FORMAT, keep, old.length);
      return FALSE;
    }

  value = g_byte_array_sized_new (operands[2].length + keep);
  lodis_reply_add_bytes (value, operands[2]);
  if (keep > 0)
    g_byte_array_append (value, (const guint8 *) old.data + old.length - keep, keep);
  return lodis_map_set (call, map, operands[1], lodis_span_of (value));
}

/* - map field */
static gboolean
delete_field (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *map = get_map (call, operands);

  return map != NULL && lodis_map_delete (call, map, operands[1]);
}

/* p array-map key value */
static gboolean
push_new (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *array = get_array (call, operands);

  return array != NULL && lodis_array_push_new (call, array, operands[1], operands[2]);
}

/* d array-map key */
static gboolean
delete_key (LodisCall *call, LodisSpan *operands, Progress *progress)
{
  LodisStructure *array = get_array (call, operands);

  return array != NULL && lodis_array_delete (call, array, operands[1]);
}

static const struct
{
  char      letter;
  guint     n_operands;
  Round     round;
  Operation run;
} operations[] = {
  { '?', 3, ROUND_CONDITIONS, require_equal }, { '!', 2, ROUND_CONDITIONS, require_absent },
  { '@', 2, ROUND_READS, read_field },         { '#', 4, ROUND_READS, read_range },
  { '=', 3, ROUND_WRITES, set_field },         { '-', 2, ROUND_WRITES, delete_field },
  { 'p', 3, ROUND_WRITES, push_new },          { 'd', 2, ROUND_WRITES, delete_key },
  { '~', 4, ROUND_WRITES, change_head },
};

/* The number of the operation in the table, or −1 */
static int
find_operation (LodisSpan letter)
{
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    if (letter.length == 1 && letter.data[0] == operations[i].letter)
      return i;

  return -1;
}

/* Before anything is done all operations have to be whole */
static gboolean
check (LodisCall *call)
{
  guint index = 0;

  for (guint at = 0; at < call->n_arguments; index++)
    {
      int operation = find_operation (call->arguments[at]);

      if (operation < 0)
        {
          g_set_error (call->error, LODIS_ERROR, LODIS_ERROR_TYPE,
                       "txn: operation %u: one of ? ! @ # = ~ - p d was expected", index);
          return FALSE;
        }
      if (call->n_arguments - at - 1 < operations[operation].n_operands)
        {
          g_set_error (call->error, LODIS_ERROR, LODIS_ERROR_ARGUMENTS,
                       "txn: operation %u (%c): %u operands were expected, not %u", index,
                       operations[operation].letter, operations[operation].n_operands,
                       call->n_arguments - at - 1);
          return FALSE;
        }
      at += 1 + operations[operation].n_operands;
    }

  return TRUE;
}

/* All operations of a round; stops at the first condition that does not hold */
static gboolean
run_round (LodisCall *call, Round round, Progress *progress)
{
  progress->index = 0;
  for (guint at = 0; at < call->n_arguments; progress->index++)
    {
      int operation = find_operation (call->arguments[at]);

      if (operations[operation].round == round
          && !operations[operation].run (call, &call->arguments[at + 1], progress))
        {
          g_prefix_error (call->error, "txn: operation %u: ", progress->index);
          return FALSE;
        }
      if (!progress->holds && !CHIHUO_MUTANT ("lodis-txn-anyway"))
        return TRUE;
      at += 1 + operations[operation].n_operands;
    }

  return TRUE;
}

gboolean
lodis_txn_run (LodisCall *call)
{
  Progress progress = { .holds = TRUE };

  if (!check (call) || !run_round (call, ROUND_CONDITIONS, &progress))
    return FALSE;

  progress.holds = progress.holds || CHIHUO_MUTANT ("lodis-txn-anyway");
  lodis_reply_add_byte (call->reply, progress.holds);
  lodis_reply_add_u64 (call->reply, g_get_real_time ());
  lodis_reply_add_u64 (call->reply, lodis_store_get_clock (call->store));
  if (!progress.holds)
    {
      lodis_reply_add_u32 (call->reply, progress.index);
      return TRUE;
    }

  if (!run_round (call, ROUND_READS, &progress) || !run_round (call, ROUND_WRITES, &progress))
    return FALSE;
  if (lodis_store_is_writing (call->store))
    lodis_store_put_clock (call->store);

  return TRUE;
}
