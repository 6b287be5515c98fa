/* fuzz-config.c - any text as a configuration: a URI, a JSON object, a file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "chihuo-config.h"
#include "chihuo-error.h"
#include "chihuo-keys.h"
#include "fuzz-target.h"

/* The first byte chooses: a file, or the text itself, which must not be the path of another file */

static char *folder;
static char *path;

static void
remove_folder (void)
{
  g_remove (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;

  fuzz_init ();
  folder = g_strdup ("/dev/shm/chihuo-fuzz-XXXXXX");
  if (g_mkdtemp (folder) == NULL)
    {
      g_free (folder);
      folder = g_dir_make_tmp ("chihuo-fuzz-XXXXXX", &error);
      g_assert_no_error (error);
    }
  path = g_build_filename (folder, "server.config", NULL);
  atexit (remove_folder);

  return 0;
}

/* Errors name a place, in one line of UTF-8, and hold no password */
static void
check_error (GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == CHIHUO_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
}

static void
take_all (ChihuoConfig *config)
{
  static const char *const choices[] = { "full", "normal", NULL };
  static const char *const keys[] = { "ip", "path", "username", "password", "uri", "synchronous" };
  g_autoptr (GError) error = NULL;
  gint64 number;
  double real;
  gboolean flag;
  guint choice;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autofree char *value = NULL;

      if (chihuo_config_take_string (config, keys[i], &value, &error))
        g_assert_true (value == NULL || g_utf8_validate (value, -1, NULL));
      else
        check_error (error);
      g_clear_error (&error);
    }

  if (!chihuo_config_take_int (config, "port", 1, 65535, &number, &error))
    check_error (error);
  g_clear_error (&error);
  if (!chihuo_config_take_double (config, "lease", 0, 1e6, &real, &error))
    check_error (error);
  g_clear_error (&error);
  if (!chihuo_config_take_boolean (config, "tls", &flag, &error))
    check_error (error);
  g_clear_error (&error);
  if (!chihuo_config_take_choice (config, "synchronous", choices, &choice, &error))
    check_error (error);
  g_clear_error (&error);
  if (!chihuo_config_finish (config, &error))
    check_error (error);
}

static void
read_config (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ChihuoConfig) config = chihuo_config_new (text, &error);

  if (config == NULL)
    {
      check_error (error);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpstr (chihuo_config_get_backend (config), !=, "");
  g_assert_nonnull (chihuo_config_get_identity (config));
  take_all (config);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  if (size == 0)
    return 0;

  text = g_strndup ((const char *) data + 1, size - 1);
  if (strstr (text, "-file") != NULL)
    return 0; /* it names another file */
  if (data[0] % 2 == 1)
    {
      g_remove (path);
      g_file_set_contents_full (path, (const char *) data + 1, size - 1, G_FILE_SET_CONTENTS_NONE,
                                0600, &error);
      g_assert_no_error (error);
      read_config (path);
    }
  else if (*text == '{' || chihuo_keys_is_uri (text))
    read_config (text);

  return 0;
}
