/* bench-machine.c - says what a figure was measured on
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "bench.h"
#include "chihuo-version.h"

/* As in statfs(2) */
static const struct
{
  guint32     type;
  const char *name;
} file_systems[] = {
  { 0xef53, "ext4" },         { 0x01021994, "tmpfs" },    { 0x9123683e, "btrfs" },
  { 0x58465342, "xfs" },      { 0x794c7630, "overlay" },  { 0xf2f52010, "f2fs" },
  { 0x2fc12fc1, "zfs" },      { 0x6969, "nfs" },          { 0x858458f6, "ramfs" },
};

const char *
bench_machine_get_file_system (const char *folder)
{
  struct statfs info;

  if (statfs (folder, &info) != 0)
    return "unknown";

  for (guint i = 0; i < G_N_ELEMENTS (file_systems); i++)
    if (file_systems[i].type == (guint32) info.f_type)
      return file_systems[i].name;

  return "unknown";
}

/* What lies in memory is never waited for: such a figure says nothing about a disk */
static gboolean
is_in_memory (const char *file_system)
{
  return g_str_equal (file_system, "tmpfs") || g_str_equal (file_system, "ramfs");
}

static const char *
get_compiler (void)
{
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

static char *
dup_build (void)
{
#ifdef __OPTIMIZE__
  return g_strdup_printf ("%s, optimized", get_compiler ());
#else
  return g_strdup_printf ("%s, NOT optimized", get_compiler ());
#endif
}

char *
bench_machine_describe (const char *folder)
{
  const char *file_system = bench_machine_get_file_system (folder);
  g_autofree char *build = dup_build ();
  struct utsname name;

  uname (&name);

  return g_strdup_printf ("%u cores, %s %s %s; chihuo %s, GLib %u.%u.%u, SQLite %s; %s; "
                          "files on %s%s",
                          g_get_num_processors (), name.sysname, name.release, name.machine,
                          CHIHUO_VERSION_S, glib_major_version, glib_minor_version,
                          glib_micro_version, sqlite3_libversion (), build, file_system,
                          is_in_memory (file_system) ? " (in memory: no figure for FULL)" : "");
}
