/* chihuo-sqlite-path.c - checks where a database is, or is to be
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "chihuo-error.h"
#include "chihuo-sqlite-path.h"

/* File systems of other machines: neither their locks nor shared memory can be trusted */
static const guint32 network_magics[] = {
  0x00006969, /* NFS */
  0x0000517b, /* SMB */
  0xff534d42, /* CIFS */
  0xfe534d42, /* SMB 2 */
  0x00c36400, /* Ceph */
  0x5346414f, /* AFS */
  0x0bd00bd0, /* Lustre */
};

/* Most of FUSE is local: only these are not */
static const char *const network_fuses[] = {
  "fuse.sshfs",  "fuse.glusterfs", "fuse.ceph",   "fuse.s3fs",
  "fuse.rclone", "fuse.davfs",     "fuse.curlftpfs",
};

#define FUSE_MAGIC 0x65735546

static gboolean
refuse (GError **error, const char *path, const char *why)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "%s: %s", path, why);
  return FALSE;
}

static gboolean
is_network_fuse (const char *folder)
{
  g_autofree char *mounts = NULL;
  g_autofree char *device = NULL;
  struct stat info;
  const char *line;

  if (stat (folder, &info) < 0
      || !g_file_get_contents ("/proc/self/mountinfo", &mounts, NULL, NULL))
    return FALSE;

  device = g_strdup_printf (" %u:%u ", major (info.st_dev), minor (info.st_dev));
  line = strstr (mounts, device);
  for (guint i = 0; line != NULL && i < G_N_ELEMENTS (network_fuses); i++)
    {
      const char *end = strchrnul (line, '\n');

      if (g_strstr_len (line, end - line, network_fuses[i]) != NULL)
        return TRUE;
    }

  return FALSE;
}

static gboolean
check_file_system (const char *folder, const char *path, GError **error)
{
  struct statfs info;

  if (statfs (folder, &info) < 0)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (network_magics); i++)
    if ((guint32) info.f_type == network_magics[i])
      return refuse (error, path, "lies on a network file system, where SQLite cannot be trusted");
  if ((guint32) info.f_type == FUSE_MAGIC && is_network_fuse (folder))
    return refuse (error, path, "lies on a network file system, where SQLite cannot be trusted");

  return TRUE;
}

/* The folder may be reached through links, the file may not be one */
static char *
resolve (const char *path, GError **error)
{
  g_autofree char *given = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  char *folder = realpath (given, NULL);
  g_autofree char *resolved = NULL;

  if (folder == NULL)
    {
      g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "%s: the folder %s cannot be used: %s",
                   path, given, g_strerror (errno));
      return NULL;
    }

  if (check_file_system (folder, path, error))
    resolved = g_build_filename (folder, name, NULL);
  free (folder);

  return g_steal_pointer (&resolved);
}

/* Only where there is none, and closed before SQLite opens it: a descriptor of ours that is closed
 * later would drop SQLite's POSIX locks */
static gboolean
create (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd >= 0)
    {
      close (fd);
      return TRUE;
    }
  if (errno == EEXIST)
    return TRUE;

  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s: cannot be created: %s", path,
               g_strerror (errno));
  return FALSE;
}

/*
 * chihuo_sqlite_path_prepare:
 * @path: where the database is to be
 * @error: return location for %CHIHUO_ERROR_CONFIG or %CHIHUO_ERROR_BACKEND
 *
 * Checks the place and creates an empty file there, for its user alone, if
 * there is none.
 *
 * Returns: (transfer full) (nullable): the absolute path
 */
char *
chihuo_sqlite_path_prepare (const char *path, GError **error)
{
  g_autofree char *resolved = resolve (path, error);
  struct stat info;

  if (resolved == NULL)
    return NULL;
  if (lstat (resolved, &info) < 0)
    {
      if (!create (resolved, error))
        return NULL;
    }
  else if (S_ISLNK (info.st_mode))
    {
      refuse (error, path, "is a symbolic link: give the path of the file itself");
      return NULL;
    }
  else if (!S_ISREG (info.st_mode))
    {
      refuse (error, path, "is no regular file");
      return NULL;
    }

  return g_steal_pointer (&resolved);
}
