/* chihuo-lodis-txn.c - one transaction on a Lodis: reads first, then all writes at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-operations.h"
#include "chihuo-lodis-txn.h"
#include "chihuo-mutant.h"
#include "chihuo-record-codec.h"

/* What is needed is read in as few requests as possible, and kept. Each queue has a version, which is
 * read with the first of its keys and a condition of all further reads and of the writes: so nobody
 * ever sees half of what somebody else does, and two who change one queue at once cannot both succeed.
 * Whoever comes second has a conflict, and does all of it again.
 *
 * Keys that belong to no queue have no version; there the values that were read are the conditions. */

/* So many keys in one request: a record has 1 MiB at the most by default, a body 64 */
#define MAX_KEYS 96

/* A page of the index that nobody has asked for beforehand; later ones are larger */
#define FIRST_PAGE 8
#define MAX_PAGE   256

/* What is to be read: a key, or a page of the index */
typedef struct
{
  ChihuoLodisSpace *space;  /* not owned */
  char             *key;    /* (owned) (nullable) */
  char             *after;  /* (owned) (nullable) */
  guint             limit;  /* of the page */
} Want;

static void
want_free (gpointer data)
{
  Want *self = data;

  g_free (self->key);
  g_free (self->after);
  g_free (self);
}

void
chihuo_lodis_txn_init (ChihuoLodisTxn *self, ChihuoLodisServer *server)
{
  self->server = server;
  self->spaces = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify) chihuo_lodis_space_free);
  self->wants = g_ptr_array_new_with_free_func (want_free);
  self->extra = g_byte_array_new ();
  chihuo_lodis_txn_begin (self);
}

void
chihuo_lodis_txn_clear (ChihuoLodisTxn *self)
{
  g_clear_pointer (&self->wants, g_ptr_array_unref);
  g_clear_pointer (&self->spaces, g_hash_table_unref);
  g_clear_pointer (&self->extra, g_byte_array_unref);
}

/* Forgets what it knows */
void
chihuo_lodis_txn_begin (ChihuoLodisTxn *self)
{
  g_ptr_array_set_size (self->wants, 0);
  g_hash_table_remove_all (self->spaces);
  g_byte_array_set_size (self->extra, 0);
  self->moment = (ChihuoMoment) { 0 };
  self->is_conflict = FALSE;
}

ChihuoLodisSpace *
chihuo_lodis_txn_get_space (ChihuoLodisTxn *self, const char *queue)
{
  ChihuoLodisSpace *space = g_hash_table_lookup (self->spaces, queue);

  if (space == NULL)
    {
      queue = g_intern_string (queue);
      space = chihuo_lodis_space_new (queue);
      space->is_known = chihuo_lodis_space_is_store (space);
      g_hash_table_insert (self->spaces, (gpointer) queue, space);
    }

  return space;
}

/* Notes a key to be read, unless it was */
void
chihuo_lodis_txn_want (ChihuoLodisTxn *self, ChihuoLodisSpace *space, const char *key)
{
  Want *want;

  if (chihuo_lodis_space_want (space, key) == NULL)
    return;

  want = g_new0 (Want, 1);
  want->space = space;
  want->key = g_strdup (key);
  g_ptr_array_add (self->wants, want);
}

/* A task's record and its finished mark */
void
chihuo_lodis_txn_want_task (ChihuoLodisTxn *self, ChihuoLodisSpace *space, const char *id)
{
  g_autofree char *task_key = g_strconcat ("t", id, NULL);
  g_autofree char *mark_key = g_strconcat ("f", id, NULL);

  chihuo_lodis_txn_want (self, space, task_key);
  chihuo_lodis_txn_want (self, space, mark_key);
}

/* Notes that the index is to be read behind that text; at most one page of a kind at a time */
void
chihuo_lodis_txn_want_page (ChihuoLodisTxn *self, ChihuoLodisSpace *space, const char *after,
                            guint limit)
{
  ChihuoLodisWindow *window = chihuo_lodis_space_open (space, after);
  Want *want;

  if (window->is_complete)
    return;

  want = g_new0 (Want, 1);
  want->space = space;
  want->after = g_strdup (window->last);
  want->limit = limit;
  g_ptr_array_add (self->wants, want);
}

/* That nothing has changed since it was read; of what has not been read, the version is read */
static void
add_versions (ChihuoLodisTxn *self, GByteArray *arguments)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ChihuoLodisSpace *space = value;

      if (chihuo_lodis_space_is_store (space))
        continue;
      if (space->is_known)
        chihuo_lodis_operations_add_condition (arguments, space->map, CHIHUO_LODIS_VERSION_KEY, space->version);
      else
        chihuo_lodis_operations_add_key (arguments, '@', space->map, CHIHUO_LODIS_VERSION_KEY);
    }
}

/* Where the entries of this kind stand in order */
static const char *
get_index_map (const Want *want)
{
  return chihuo_lodis_space_is_own_index (want->after[0]) ? want->space->map
                                                          : want->space->index_map;
}

static void
add_want (GByteArray *arguments, const Want *want)
{
  char before[2];

  if (want->key != NULL)
    {
      chihuo_lodis_operations_add_key (arguments, '@', want->space->map, want->key);
      return;
    }

  before[0] = want->after[0] + 1;
  before[1] = '\0';
  chihuo_lodis_operations_add_key (arguments, '#', get_index_map (want), want->after);
  chihuo_lodis_frame_add_string (arguments, before);
  chihuo_lodis_frame_add_u32 (arguments, want->limit);
}

/* Requests go out together; then their answers are read. Each carries so many wants */
static gboolean
send_wants (ChihuoLodisTxn *self, GError **error)
{
  guint at = 0;

  do
    {
      g_autoptr (GByteArray) arguments = g_byte_array_new ();
      guint end = MIN (at + MAX_KEYS, self->wants->len);

      add_versions (self, arguments);
      for (; at < end; at++)
        add_want (arguments, g_ptr_array_index (self->wants, at));
      chihuo_lodis_server_ask (self->server, "txn", "-", arguments);
    }
  while (at < self->wants->len);

  return chihuo_lodis_server_send (self->server, error);
}

/* A number that a clock can say */
static gboolean
take_time (ChihuoLodisReader *reader, gint64 *time, GError **error)
{
  guint64 number;

  if (!chihuo_lodis_frame_take_u64 (reader, &number, error))
    return FALSE;
  if (number <= G_MAXINT64 / 2)
    {
      *time = number;
      return TRUE;
    }

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "expected µs since the epoch, not %" G_GUINT64_FORMAT, number);
  return FALSE;
}

/* FALSE without a conflict = an error */
static gboolean
take_outcome (ChihuoLodisTxn *self, ChihuoLodisReader *reader, GError **error)
{
  ChihuoMoment moment;
  guint8 is_done;

  if (!chihuo_lodis_frame_take_u8 (reader, &is_done, error)
      || !take_time (reader, &moment.now, error) || !take_time (reader, &moment.lease, error))
    return FALSE;

  if (self->moment.now == 0)
    self->moment = moment;
  if (is_done == 1)
    return TRUE;
  if (is_done != 0)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                   "expected 0 or 1 at the head of the answer, not %u", is_done);
      return FALSE;
    }

  self->is_conflict = TRUE;
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
               "lodis at %s: somebody else was quicker, again and again",
               chihuo_lodis_server_get_name (self->server));
  return FALSE;
}

/* Requests that went out together may see different versions */
static gboolean
take_version (ChihuoLodisTxn *self, ChihuoLodisSpace *space, GBytes *version, GError **error)
{
  gboolean is_same = (version == NULL) == (space->version == NULL)
                     && (version == NULL || g_bytes_equal (version, space->version));

  if (space->is_asked && !is_same)
    {
      self->is_conflict = TRUE;
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
                   "lodis at %s: somebody else was quicker, again and again",
                   chihuo_lodis_server_get_name (self->server));
      return FALSE;
    }

  space->is_asked = TRUE;
  if (!is_same)
    space->version = g_bytes_ref (version);
  return TRUE;
}

static gboolean
take_versions (ChihuoLodisTxn *self, ChihuoLodisReader *reader, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      ChihuoLodisSpace *space = value;
      g_autoptr (GBytes) version = NULL;

      if (space->is_known)
        continue;
      if (!chihuo_lodis_frame_take_option (reader, &version, error)
          || !take_version (self, space, version, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
take_key (ChihuoLodisReader *reader, const Want *want, GError **error)
{
  g_autoptr (GBytes) stored = NULL;

  if (!chihuo_lodis_frame_take_option (reader, &stored, error))
    return FALSE;

  chihuo_lodis_space_learn (g_hash_table_lookup (want->space->entries, want->key), stored);
  return TRUE;
}

/* Entries have to come in order, and to be of the kind that was asked for */
static gboolean
check_place (const Want *want, const char *after, const ChihuoLodisPlace *place, GError **error)
{
  if (strcmp (place->index, after) > 0 && place->index[0] == want->after[0] && *place->key != '\0')
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
               "map %s: expected fields in order, each with a key", get_index_map (want));
  return FALSE;
}

static gboolean
take_place (ChihuoLodisReader *reader, ChihuoLodisPlace *place, GError **error)
{
  g_autoptr (GBytes) value = NULL;

  if (!chihuo_lodis_frame_take_text (reader, &place->index, error))
    return FALSE;
  if (!chihuo_lodis_space_is_own_index (place->index[0]))
    return chihuo_lodis_frame_take_text (reader, &place->key, error);

  place->key = g_strdup (place->index);
  return chihuo_lodis_frame_take_item (reader, &value, error);
}

static gboolean
take_places (ChihuoLodisReader *reader, const Want *want, guint n, GPtrArray *places,
             GError **error)
{
  const char *after = want->after;

  for (guint i = 0; i < n; i++)
    {
      ChihuoLodisPlace *place = chihuo_lodis_space_new_place (NULL, NULL);

      g_ptr_array_add (places, place);
      if (!take_place (reader, place, error)
          || !check_place (want, after, place, error))
        return FALSE;
      after = place->index;
    }

  return TRUE;
}

static gboolean
take_page (ChihuoLodisReader *reader, const Want *want, GError **error)
{
  g_autoptr (GPtrArray) places
    = g_ptr_array_new_with_free_func (chihuo_lodis_space_free_place);
  guint32 n;

  if (!chihuo_lodis_frame_take_u32 (reader, &n, error))
    return FALSE;
  if (n > want->limit)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL,
                   "map %s: expected at most %u fields, not %u", get_index_map (want),
                   want->limit, n);
      return FALSE;
    }
  if (!take_places (reader, want, n, places, error))
    return FALSE;

  chihuo_lodis_space_extend (want->space, chihuo_lodis_space_open (want->space, want->after), places,
                             n < want->limit);
  return TRUE;
}

/* One answer, to the wants from `at` on */
static gboolean
take_wants (ChihuoLodisTxn *self, guint *at, GError **error)
{
  ChihuoLodisReader reader;
  g_autoptr (GBytes) body
    = chihuo_lodis_server_receive (self->server, CHIHUO_LODIS_READS, &reader, error);
  guint end = MIN (*at + MAX_KEYS, self->wants->len);

  if (body == NULL || !take_outcome (self, &reader, error)
      || !take_versions (self, &reader, error))
    return FALSE;

  for (; *at < end; *at += 1)
    {
      const Want *want = g_ptr_array_index (self->wants, *at);

      if (want->key != NULL ? !take_key (&reader, want, error) : !take_page (&reader, want, error))
        return FALSE;
    }

  return chihuo_lodis_frame_finish (&reader, error);
}

static void
know_versions (ChihuoLodisTxn *self)
{
  GHashTableIter iter;
  gpointer space;

  g_hash_table_iter_init (&iter, self->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &space))
    ((ChihuoLodisSpace *) space)->is_known = TRUE;
}

/*
 * chihuo_lodis_txn_read:
 * @self: a transaction
 * @error: return location for an error
 *
 * Reads what was noted to be read.
 *
 * Returns: whether all of it is known now
 */
gboolean
chihuo_lodis_txn_read (ChihuoLodisTxn *self, GError **error)
{
  guint at = 0;
  gboolean ok;

  if (!send_wants (self, error))
    return FALSE;

  do
    ok = take_wants (self, &at, error);
  while (ok && at < self->wants->len);

  /* answers that nobody waits for any more must not be taken for those of the next request */
  if (ok)
    know_versions (self);
  else if (self->wants->len > MAX_KEYS)
    chihuo_lodis_server_drop (self->server);
  g_ptr_array_set_size (self->wants, 0);

  return ok;
}

/*
 * chihuo_lodis_txn_load:
 * @self: a transaction
 * @queue: a queue's name
 * @key: a key
 * @entry: (out): what is known of it
 * @error: return location for an error
 *
 * Gets a key, and reads it if need be: with a task's record its mark, too.
 *
 * Returns: whether it is known
 */
gboolean
chihuo_lodis_txn_load (ChihuoLodisTxn *self, const char *queue, const char *key,
                       ChihuoLodisEntry **entry, GError **error)
{
  ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (self, queue);

  *entry = chihuo_lodis_space_get (space, key);
  if (*entry != NULL)
    return TRUE;

  if (key[0] == 't' || key[0] == 'f')
    chihuo_lodis_txn_want_task (self, space, key + 1);
  else
    chihuo_lodis_txn_want (self, space, key);
  if (!chihuo_lodis_txn_read (self, error))
    return FALSE;

  *entry = chihuo_lodis_space_get (space, key);
  return TRUE;
}

/* Who finds an entry mostly wants to know its task next */
static void
want_tasks_of_window (ChihuoLodisTxn *self, ChihuoLodisSpace *space, ChihuoLodisWindow *window,
                      guint limit)
{
  for (guint i = 0; i < MIN (window->places->len, limit); i++)
    {
      ChihuoLodisPlace *place = g_ptr_array_index (window->places, i);

      if (place->key[0] == 't')
        chihuo_lodis_txn_want_task (self, space, place->key + 1);
      else if (place->key[0] != 'f')
        chihuo_lodis_txn_want (self, space, place->key);
    }
}

/* What the windows of a queue have shown, and nobody has read yet; at most so many of each */
void
chihuo_lodis_txn_want_found (ChihuoLodisTxn *self, ChihuoLodisSpace *space, guint limit)
{
  for (guint i = 0; i < space->windows->len; i++)
    want_tasks_of_window (self, space, g_ptr_array_index (space->windows, i), limit);
}

/* The key of a mark's number leads to an id */
static void
want_tasks_of_marks (ChihuoLodisTxn *self, ChihuoLodisSpace *space, ChihuoLodisWindow *window)
{
  for (guint i = 0; i < window->places->len; i++)
    {
      ChihuoLodisPlace *place = g_ptr_array_index (window->places, i);
      ChihuoLodisEntry *entry = chihuo_lodis_space_get (space, place->key);
      g_autoptr (GVariant) value = NULL;
      const char *id;

      if (entry == NULL || entry->value == NULL)
        continue;
      value = chihuo_record_codec_unpack (entry->value, "(ys)", NULL);
      if (value == NULL)
        continue;
      g_variant_get_child (value, 1, "&s", &id);
      chihuo_lodis_txn_want_task (self, space, id);
    }
}

/* The next page of a window, and the tasks in it */
static gboolean
read_page (ChihuoLodisTxn *self, ChihuoLodisSpace *space, ChihuoLodisWindow *window,
           GError **error)
{
  guint first = window->places->len;
  guint limit = CLAMP (first * 4, FIRST_PAGE, MAX_PAGE);
  g_autofree char *last = g_strdup (window->last);

  chihuo_lodis_txn_want_page (self, space, last, limit);
  if (!chihuo_lodis_txn_read (self, error))
    return FALSE;

  want_tasks_of_window (self, space, window, G_MAXUINT);
  if (self->wants->len > 0 && !chihuo_lodis_txn_read (self, error))
    return FALSE;
  if (window->kind == 'g')
    want_tasks_of_marks (self, space, window);

  return self->wants->len == 0 || chihuo_lodis_txn_read (self, error);
}

/*
 * chihuo_lodis_txn_next:
 * @self: a transaction
 * @queue: a queue's name
 * @after: entries after this index
 * @before: entries before this index, of the same kind
 * @place: (out) (nullable): the first of them; %NULL where there is none
 * @error: return location for an error
 *
 * Searches the index, and reads on in it if need be.
 *
 * Returns: whether the answer is known
 */
gboolean
chihuo_lodis_txn_next (ChihuoLodisTxn *self, const char *queue, const char *after,
                       const char *before, ChihuoLodisPlace **place, GError **error)
{
  ChihuoLodisSpace *space = chihuo_lodis_txn_get_space (self, queue);

  for (;;)
    {
      ChihuoLodisWindow *window;
      ChihuoLodisSearch search
        = chihuo_lodis_space_search (space, after, before, &window, place);

      if (search != CHIHUO_LODIS_UNKNOWN)
        {
          *place = search == CHIHUO_LODIS_FOUND ? *place : NULL;
          return TRUE;
        }
      if (!read_page (self, space, window, error))
        return FALSE;
    }
}

/* A write to something of another program's: "d", a key of an array-map; "-", a field of a map */
void
chihuo_lodis_txn_add_extra (ChihuoLodisTxn *self, char operation, const char *name,
                            const char *key)
{
  chihuo_lodis_operations_add_key (self->extra, operation, name, key);
}

/* Whether there is something to write */
static gboolean
write_spaces (ChihuoLodisTxn *self, GByteArray *arguments)
{
  gboolean is_changed = self->extra->len > 0;
  GHashTableIter iter;
  gpointer space;

  if (!CHIHUO_MUTANT ("lodis-no-version"))
    add_versions (self, arguments);
  g_hash_table_iter_init (&iter, self->spaces);
  while (g_hash_table_iter_next (&iter, NULL, &space))
    {
      if (!((ChihuoLodisSpace *) space)->is_changed)
        continue;
      chihuo_lodis_operations_add_space (arguments, space, self->moment.now);
      is_changed = TRUE;
    }
  if (self->extra->len > 0)
    g_byte_array_append (arguments, self->extra->data, self->extra->len);

  return is_changed;
}

/*
 * chihuo_lodis_txn_commit:
 * @self: a transaction
 * @error: return location for %CHIHUO_ERROR_UNKNOWN_OUTCOME, where nobody knows
 *   whether it is stored, or for an error after which it is not; is_conflict
 *   says that it may be tried again at once
 *
 * Writes all changes, if all that was read still holds.
 *
 * Returns: whether it is stored
 */
gboolean
chihuo_lodis_txn_commit (ChihuoLodisTxn *self, GError **error)
{
  g_autoptr (GByteArray) arguments = g_byte_array_new ();
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) local = NULL;
  ChihuoLodisReader reader;

  if (!write_spaces (self, arguments))
    return TRUE;
  if (arguments->len > CHIHUO_LODIS_MAX_BODY)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_TOO_LARGE,
                   "lodis at %s: %u bytes to be changed at once, expected at most %d",
                   chihuo_lodis_server_get_name (self->server), arguments->len,
                   CHIHUO_LODIS_MAX_BODY);
      return FALSE;
    }

  body = chihuo_lodis_server_call (self->server, "txn", "-", arguments, CHIHUO_LODIS_CHANGES,
                                   &reader, error);
  if (body == NULL)
    return FALSE;
  if (take_outcome (self, &reader, &local))
    return TRUE;

  /* what nobody understands may be a yes */
  if (!self->is_conflict)
    local->code = CHIHUO_ERROR_UNKNOWN_OUTCOME;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
