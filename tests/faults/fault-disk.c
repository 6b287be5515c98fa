/* fault-disk.c - what a disk holds after the power was cut
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "fault-disk.h"

/* Each file is what was synced, and a list of what was not. A sync is a promise for one file. That a
 * file was created or deleted is the folder's matter, which SQLite syncs with the first sync of each
 * log and each journal that it opens.
 *
 * After a sync that failed what it should have stored never comes to the disk, unless it is written
 * again: the kernel has marked the pages as clean. */

#define SECTOR 512

typedef struct
{
  GByteArray *data;    /* (owned): what is surely there */
  gboolean    exists;
  GPtrArray  *pending; /* (owned) (element-type FaultEvent): what is not synced */
} DiskFile;

struct _FaultDisk
{
  DiskFile files[FAULT_N_FILES];
};

/* Empty */
FaultDisk *
fault_disk_new (void)
{
  FaultDisk *self = g_new0 (FaultDisk, 1);

  for (guint i = 0; i < FAULT_N_FILES; i++)
    {
      self->files[i].data = g_byte_array_new ();
      self->files[i].pending = g_ptr_array_new ();
    }

  return self;
}

void
fault_disk_free (FaultDisk *self)
{
  for (guint i = 0; i < FAULT_N_FILES; i++)
    {
      g_byte_array_unref (self->files[i].data);
      g_ptr_array_unref (self->files[i].pending);
    }
  g_free (self);
}

static void
set_size (GByteArray *data, gsize size)
{
  gsize old_size = data->len;

  g_byte_array_set_size (data, size);
  if (size > old_size)
    memset (data->data + old_size, 0, size - old_size);
}

/* Sector by sector, if the dice are to decide */
static void
store (GByteArray *data, const FaultEvent *event, GRand *random)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (event->data, &length);
  gsize done = 0;

  while (done < length)
    {
      gsize at = event->offset + done;
      gsize n = random != NULL ? MIN (length - done, SECTOR - at % SECTOR) : length;

      if (random == NULL || g_rand_boolean (random))
        {
          if (data->len < at + n)
            set_size (data, at + n);
          memcpy (data->data + at, bytes + done, n);
        }
      done += n;
    }
}

static void
apply (const FaultEvent *event, GByteArray *data, gboolean *exists, GRand *random)
{
  if (event->kind == FAULT_EVENT_WRITE)
    {
      store (data, event, random);
      *exists = TRUE;
      return;
    }

  if (random != NULL && g_rand_boolean (random))
    return;
  if (event->kind != FAULT_EVENT_CREATE)
    set_size (data, event->kind == FAULT_EVENT_TRUNCATE ? event->offset : 0);
  *exists = event->kind != FAULT_EVENT_DELETE;
}

static void
sync_file (DiskFile *file)
{
  for (guint i = 0; i < file->pending->len; i++)
    apply (g_ptr_array_index (file->pending, i), file->data, &file->exists, NULL);
  g_ptr_array_set_size (file->pending, 0);
}

static void
lose_writes (DiskFile *file)
{
  for (guint i = file->pending->len; i > 0; i--)
    {
      const FaultEvent *event = g_ptr_array_index (file->pending, i - 1);

      if (event->kind == FAULT_EVENT_WRITE)
        g_ptr_array_remove_index (file->pending, i - 1);
    }
}

/* What was created is there, what was deleted is gone; what was written is not the folder's concern */
static void
sync_folder (DiskFile *file)
{
  guint n_obsolete = 0;

  for (guint i = 0; i < file->pending->len; i++)
    {
      const FaultEvent *event = g_ptr_array_index (file->pending, i);

      if (event->kind == FAULT_EVENT_CREATE)
        file->exists = TRUE;
      if (event->kind != FAULT_EVENT_DELETE)
        continue;
      file->exists = FALSE;
      set_size (file->data, 0);
      n_obsolete = i + 1;
    }
  g_ptr_array_remove_range (file->pending, 0, n_obsolete);
}

/* @event has to live as long as the disk */
void
fault_disk_feed (FaultDisk *self, const FaultEvent *event)
{
  DiskFile *file = &self->files[event->file];

  switch (event->kind)
    {
    case FAULT_EVENT_SYNC:
      sync_file (file);
      for (guint i = 0; event->offset != 0 && i < FAULT_N_FILES; i++)
        sync_folder (&self->files[i]);
      break;

    case FAULT_EVENT_LOST_SYNC:
      lose_writes (file);
      break;

    case FAULT_EVENT_CREATE:
    case FAULT_EVENT_WRITE:
    case FAULT_EVENT_TRUNCATE:
    case FAULT_EVENT_DELETE:
      g_ptr_array_add (file->pending, (gpointer) event);
      if (event->kind == FAULT_EVENT_DELETE && event->offset != 0)
        sync_file (file);
      break;

    case FAULT_EVENT_ASKED:
    case FAULT_EVENT_ANSWERED:
    default:
      break;
    }
}

/* Whether a cut would lose nothing: then all images are the same */
gboolean
fault_disk_is_synced (FaultDisk *self)
{
  for (guint i = 0; i < FAULT_N_FILES; i++)
    if (self->files[i].pending->len > 0)
      return FALSE;

  return TRUE;
}

static void
write_file (const char *path, GByteArray *data, gboolean exists)
{
  g_autoptr (GError) error = NULL;

  g_remove (path);
  if (!exists)
    return;

  g_file_set_contents_full (path, (const char *) data->data, data->len, G_FILE_SET_CONTENTS_NONE,
                            0600, &error);
  g_assert_no_error (error);
}

/* Writes the files as they would be found. What SQLite keeps in shared memory is gone */
void
fault_disk_write_image (FaultDisk *self, FaultCut cut, GRand *random, const char *path)
{
  g_autofree char *shared_path = g_strconcat (path, "-shm", NULL);

  for (guint i = 0; i < FAULT_N_FILES; i++)
    {
      DiskFile *file = &self->files[i];
      g_autofree char *file_path = g_strconcat (path, fault_file_get_suffix (i), NULL);
      g_autoptr (GByteArray) data = g_byte_array_sized_new (file->data->len);
      gboolean exists = file->exists;

      g_byte_array_append (data, file->data->data, file->data->len);
      for (guint e = 0; cut != FAULT_CUT_NONE && e < file->pending->len; e++)
        apply (g_ptr_array_index (file->pending, e), data, &exists,
               cut == FAULT_CUT_HALF ? random : NULL);
      write_file (file_path, data, exists);
    }
  g_remove (shared_path);
}
