/* lodis-command.c - the commands by their names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lodis-array.h"
#include "lodis-command.h"
#include "lodis-error.h"
#include "lodis-list.h"
#include "lodis-map.h"
#include "lodis-txn.h"

#define ANY G_MAXUINT

typedef struct
{
  const char   *name;
  guint         least; /* arguments */
  guint         most;
  guint         group; /* they come in groups of so many */
  LodisFunction run;
} Command;

/* In the order of their names, for the search */
static const Command commands[] = {
  { "aall", 0, 0, 1, lodis_array_aall },
  { "adel", 1, 1, 1, lodis_array_adel },
  { "aexists", 1, 1, 1, lodis_array_aexists },
  { "aget", 1, 1, 1, lodis_array_aget },
  { "aincrby", 2, 2, 1, lodis_array_aincrby },
  { "akeys", 0, 0, 1, lodis_array_akeys },
  { "alen", 0, 0, 1, lodis_array_alen },
  { "alpop", 0, 0, 1, lodis_array_alpop },
  { "alpush", 2, ANY, 2, lodis_array_alpush },
  { "alpushnx", 2, ANY, 2, lodis_array_alpushnx },
  { "alrange", 2, 2, 1, lodis_array_alrange },
  { "arand", 0, 0, 1, lodis_array_arand },
  { "arandpop", 0, 0, 1, lodis_array_arandpop },
  { "arm", 0, 0, 1, lodis_array_arm },
  { "arpop", 0, 0, 1, lodis_array_arpop },
  { "arpush", 2, ANY, 2, lodis_array_arpush },
  { "arpushnx", 2, ANY, 2, lodis_array_arpushnx },
  { "arrange", 2, 2, 1, lodis_array_arrange },
  { "avals", 0, 0, 1, lodis_array_avals },
  { "hdel", 1, 1, 1, lodis_map_hdel },
  { "hexists", 1, 1, 1, lodis_map_hexists },
  { "hget", 1, 1, 1, lodis_map_hget },
  { "hgetall", 0, 0, 1, lodis_map_hgetall },
  { "hincrby", 2, 2, 1, lodis_map_hincrby },
  { "hkeys", 0, 0, 1, lodis_map_hkeys },
  { "hlen", 0, 0, 1, lodis_map_hlen },
  { "hmget", 1, ANY, 1, lodis_map_hmget },
  { "hmset", 2, ANY, 2, lodis_map_hmset },
  { "hrm", 0, 0, 1, lodis_map_hrm },
  { "hset", 2, 2, 1, lodis_map_hset },
  { "hsetnx", 2, 2, 1, lodis_map_hsetnx },
  { "hvals", 0, 0, 1, lodis_map_hvals },
  { "ldel", 1, 1, 1, lodis_list_ldel },
  { "lindex", 1, 1, 1, lodis_list_lindex },
  { "llen", 0, 0, 1, lodis_list_llen },
  { "lpop", 0, 0, 1, lodis_list_lpop },
  { "lpush", 1, ANY, 1, lodis_list_lpush },
  { "lrand", 0, 0, 1, lodis_list_lrand },
  { "lrange", 2, 2, 1, lodis_list_lrange },
  { "lrm", 0, 0, 1, lodis_list_lrm },
  { "randpop", 0, 0, 1, lodis_list_randpop },
  { "range", 3, 3, 1, lodis_map_range },
  { "rpop", 0, 0, 1, lodis_list_rpop },
  { "rpush", 1, ANY, 1, lodis_list_rpush },
  { "rrange", 2, 2, 1, lodis_list_rrange },
  { "txn", 1, ANY, 1, lodis_txn_run },
};

static int
compare (gconstpointer name, gconstpointer command)
{
  return strcmp (name, ((const Command *) command)->name);
}

static const Command *
find (const char *name, GError **error)
{
  const Command *command = bsearch (name, commands, G_N_ELEMENTS (commands), sizeof *commands, compare);

  if (command == NULL)
    g_set_error_literal (error, LODIS_ERROR, LODIS_ERROR_FAILED, "no such command");

  return command;
}

static gboolean
check_arguments (const Command *command, guint n, GError **error)
{
  if (n >= command->least && n <= command->most && n % command->group == 0)
    return TRUE;

  g_set_error (error, LODIS_ERROR, LODIS_ERROR_ARGUMENTS, "%s: %s%u arguments%s were expected, not %u",
               command->name, command->most == ANY ? "at least " : "", command->least,
               command->group > 1 ? ", in pairs," : "", n);
  return FALSE;
}

/* What has changed goes into the batch with the rest; then all of it is there, or nothing */
static gboolean
commit (const LodisData *data, LodisCall *call)
{
  for (guint i = 0; i < call->structures->len; i++)
    lodis_structure_save (g_ptr_array_index (call->structures, i));
  if (!lodis_store_commit (data->store, call->error))
    {
      lodis_gaps_clear (data->gaps);
      return FALSE;
    }

  for (guint i = 0; i < call->structures->len; i++)
    {
      LodisStructure *structure = g_ptr_array_index (call->structures, i);

      if (structure->changed)
        lodis_waits_ring (data->waits, structure->kind, structure->name);
    }
  return TRUE;
}

static gboolean
run (const LodisData *data, const Command *command, LodisCall *call)
{
  gboolean done = command->run (call) && commit (data, call);

  if (!done)
    lodis_store_discard (data->store);

  return done;
}

/* Carries a command out as a whole, or not at all, and appends its answer to reply. What it wrote is not
 * synced yet */
gboolean
lodis_command_run (const LodisData *data, const char *name, LodisSpan structure, LodisSpan body,
                   GByteArray *reply, GError **error)
{
  const Command *command = find (name, error);
  g_autoptr (GArray) arguments = g_array_new (FALSE, FALSE, sizeof (LodisSpan));
  g_autoptr (GPtrArray) structures = NULL;
  LodisCall call = { data->store, data->gaps, .name = structure, .reply = reply, .error = error };

  if (command == NULL || !lodis_frame_parse (body, arguments, error)
      || !check_arguments (command, arguments->len, error))
    return FALSE;

  structures = g_ptr_array_new_with_free_func ((GDestroyNotify) lodis_structure_free);
  call.structures = structures;
  call.arguments = (LodisSpan *) (gpointer) arguments->data;
  call.n_arguments = arguments->len;

  return run (data, command, &call);
}
