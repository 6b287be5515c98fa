/* test-config.c - checks server configurations: every form, every rule, every message
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "chihuo-config.h"
#include "chihuo-error.h"
#include "chihuo-keys.h"

#define CANARY "hunter2canary"

typedef struct
{
  const char *config;
  const char *result; /* the identity, or the message */
} Case;

/* Each test has a working directory of its own */
typedef struct
{
  char *before; /* (owned) */
  char *folder; /* (owned) */
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->before = g_get_current_dir ();
  self->folder = g_dir_make_tmp ("chihuo-config-XXXXXX", &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chdir (self->folder), ==, 0);
  g_unsetenv ("CHIHUO_URL");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (".", 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    g_remove (name);
  g_assert_cmpint (g_chdir (self->before), ==, 0);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  g_free (self->before);
  g_free (self->folder);
  g_unsetenv ("CHIHUO_URL");
}

/* Not with G_FILE_SET_CONTENTS_NONE: GLib 2.74 forgets to cut off the rest of a longer file */
static void
write_file (const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (name, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static ChihuoConfig *
new_config (const char *server_config)
{
  g_autoptr (GError) error = NULL;
  ChihuoConfig *config = chihuo_config_new (server_config, &error);

  g_assert_no_error (error);
  g_assert_nonnull (config);

  return config;
}

static void
assert_identity (const char *server_config, const char *identity)
{
  g_autoptr (ChihuoConfig) config = new_config (server_config);

  g_assert_cmpstr (chihuo_config_get_identity (config), ==, identity);
}

static void
assert_message (const char *server_config, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_config_new (server_config, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
}

static void
assert_string (ChihuoConfig *config, const char *key, const char *expected)
{
  g_autofree char *value = g_strdup ("untouched");

  g_clear_pointer (&value, g_free);
  g_assert_true (chihuo_config_take_string (config, key, &value, NULL));
  g_assert_cmpstr (value, ==, expected);
}

#define SHA256_OF_PW "sha256:30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4"

static const Case good_uris[] = {
  { "memory:", "backend=memory\n" },
  { "MEMORY:", "backend=memory\n" },
  { "memory:x", "backend=memory\npath=x\n" },
  { "memory://", "backend=memory\n" },
  { "sqlite:///var/a.db", "backend=sqlite\npath=/var/a.db\n" },
  { "sqlite:/var/a.db", "backend=sqlite\npath=/var/a.db\n" },
  { "sqlite:/var/../var/./b//../a.db", "backend=sqlite\npath=/var/a.db\n" },
  { "sqlite:/a%20b%3Fc%25.db", "backend=sqlite\npath=/a b?c%.db\n" },
  { "sqlite:/a.db?durable=no&x-y2=%26", "backend=sqlite\ndurable=no\npath=/a.db\nx-y2=&\n" },
  { "redis://", "backend=redis\n" },
  { "redis://host", "backend=redis\nip=host\n" },
  { "redis://host/", "backend=redis\nip=host\n" },
  { "redis://host:6379/2", "backend=redis\ndb=2\nip=host\nport=6379\n" },
  { "redis://u:pw@host:1/0",
    "backend=redis\ndb=0\nip=host\npassword=" SHA256_OF_PW "\nport=1\nusername=u\n" },
  { "redis://:pw@host", "backend=redis\nip=host\npassword=" SHA256_OF_PW "\n" },
  { "redis://u%40x@host", "backend=redis\nip=host\nusername=u@x\n" },
  { "redis://[::1]:6379", "backend=redis\nip=::1\nport=6379\n" },
  { "rediss://[fe80::1]/1", "backend=rediss\ndb=1\nip=fe80::1\n" },
  { "redis+unix:///run/redis.sock?db=3", "backend=redis+unix\ndb=3\npath=/run/redis.sock\n" },
  { "redis+unix://:pw@/run/redis.sock",
    "backend=redis+unix\npassword=" SHA256_OF_PW "\npath=/run/redis.sock\n" },
  { "redis+sentinel://h1:26379,h2/service/4",
    "backend=redis+sentinel\ndb=4\nip=h1:26379,h2\nservice=service\n" },
  { "redis+sentinel://h1,h2/service", "backend=redis+sentinel\nip=h1,h2\nservice=service\n" },
  { "lodis://127.0.0.1:8311", "backend=lodis\nip=127.0.0.1\nport=8311\n" },
  { "nats://host:4222/", "backend=nats\nip=host\nport=4222\n" },
  { "my-own2://host/a/b?empty=", "backend=my-own2\nempty=\nip=host\npath=/a/b\n" },
};

static void
test_uri (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_uris); i++)
    {
      g_test_message ("%s", good_uris[i].config);
      assert_identity (good_uris[i].config, good_uris[i].result);
    }
}

#define BAD_PORT "the URI: key “port”: expected a whole number from 1 to 65535"
#define BAD_PERCENT "expected UTF-8, two hexadecimal digits after each “%” and no “%00”"

static const Case bad_uris[] = {
  { "", "server configuration: expected a URI such as “sqlite:tasks.db”, or the path of a file" },
  { "my_store://host",
    "server configuration: expected a URI such as “sqlite:tasks.db”, or the path of a file" },
  { "redis://host:0", BAD_PORT },
  { "redis://host:65536", BAD_PORT },
  { "redis://host:-1", BAD_PORT },
  { "redis://host:80a", BAD_PORT },
  { "redis://host:99999999999999999999", BAD_PORT },
  { "redis://host:", "the URI: expected a port after the colon" },
  { "redis://host:1?port=2", "the URI: key “port” is given twice" },
  { "redis://host?backend=sqlite", "the URI: key “backend” is given twice" },
  { "redis://[::1", "the URI: expected “]” behind the address, and then only a port" },
  { "redis://[::1]x", "the URI: expected “]” behind the address, and then only a port" },
  { "redis://u:%zz@host", "the URI: key “password”: " BAD_PERCENT },
  { "redis://u:%00@host", "the URI: key “password”: " BAD_PERCENT },
  { "redis://%0d%0aSET@host", "the URI: key “username”: expected no control characters" },
  { "redis://ho\nst", "the URI: key “ip”: expected no control characters" },
  { "redis://host?a", "the URI: expected KEY=VALUE, with “&” between, after the “?”" },
  { "redis://host?a=1&", "the URI: expected KEY=VALUE, with “&” between, after the “?”" },
  { "redis://host?a=1&a=2", "the URI: key “a” is given twice" },
  { "redis://host?A=1", "the URI: expected a key of small letters, digits and “-”" },
  { "redis://host?=1", "the URI: expected a key of small letters, digits and “-”" },
  { "redis://host#x", "the URI: expected no “#” in a URI: write “%23”" },
  { "sqlite://file.db",
    "the URI: expected no host: write “sqlite:NAME”, or “sqlite:///PATH” with three slashes" },
  { "memory://x",
    "the URI: expected no host: write “memory:NAME”, or “memory:///PATH” with three slashes" },
  { "sqlite:?path=", "the URI: key “path”: expected the path of a file" },
};

static void
test_bad_uri (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_uris); i++)
    assert_message (bad_uris[i].config, bad_uris[i].result);
}

/* What is not UTF-8 is told so, raw or escaped */
static void
test_uri_utf8 (Fixture *self, gconstpointer data)
{
  const char * const uris[] = { "sqlite:/a\xff", "sqlite:/a%ff", "redis://\xe9@host" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (chihuo_config_new (uris[i], &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
      g_assert_nonnull (strstr (error->message, "UTF-8"));
    }
}

/* Two spellings of one file have one identity, by the working directory of the moment */
static void
test_sqlite_path (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = g_get_current_dir ();
  g_autofree char *identity = g_strdup_printf ("backend=sqlite\npath=%s/a.db\n", folder);
  g_autofree char *absolute = g_strdup_printf ("sqlite://%s/b/../a.db", folder);

  write_file ("server.config", "backend=sqlite\npath=./a.db\n");
  assert_identity ("sqlite:a.db", identity);
  assert_identity ("sqlite:./x/../a.db", identity);
  assert_identity (absolute, identity);
  assert_identity ("server.config", identity);
  assert_identity ("{\"uri\":\"sqlite:a.db\"}", identity);
}

static void
test_environment (Fixture *self, gconstpointer data)
{
  assert_identity (NULL, "backend=memory\n");

  g_setenv ("CHIHUO_URL", "", TRUE);
  assert_identity (NULL, "backend=memory\n");

  g_setenv ("CHIHUO_URL", "redis://host", TRUE);
  assert_identity (NULL, "backend=redis\nip=host\n");
  assert_identity ("memory:", "backend=memory\n");

  write_file ("server.config", "backend=nats\n");
  g_setenv ("CHIHUO_URL", "server.config", TRUE);
  assert_identity (NULL, "backend=nats\n");

  g_setenv ("CHIHUO_URL", "redis://host:x", TRUE);
  assert_message (NULL, "$CHIHUO_URL: " BAD_PORT);
}

/* The example of the first version, as it stands */
static void
test_first_version (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoConfig) config = NULL;
  gint64 port = 0;

  write_file ("server.config", "backend=lodis\nip=127.0.0.1\nport=8311\n");
  config = new_config ("server.config");

  g_assert_cmpstr (chihuo_config_get_backend (config), ==, "lodis");
  assert_string (config, "ip", "127.0.0.1");
  g_assert_true (chihuo_config_take_int (config, "port", 1, 65535, &port, NULL));
  g_assert_cmpint (port, ==, 8311);
  g_assert_true (chihuo_config_finish (config, NULL));
  assert_identity ("lodis://127.0.0.1:8311", chihuo_config_get_identity (config));
}

static const Case good_files[] = {
  { "backend=memory", "backend=memory\n" },
  { "\n# a comment\n  # another = one\n\nbackend=memory\n\n", "backend=memory\n" },
  { "backend=memory\r\npath=x\r\n", "backend=memory\npath=x\n" },
  { "  backend =\tmemory  \n path = a b \n", "backend=memory\npath=a b\n" },
  { "backend=x\nname=a=b # c\n", "backend=x\nname=a=b # c\n" },
  { "backend=x\nname=\n", "backend=x\nname=\n" },
  { "backend=x\nname=日本\n", "backend=x\nname=日本\n" },
  { "uri=redis://host:1/2\ntimeout=5\n", "backend=redis\ndb=2\nip=host\nport=1\ntimeout=5\n" },
  { "backend=redis\npassword=pw\n", "backend=redis\npassword=" SHA256_OF_PW "\n" },
  { "{\"backend\":\"lodis\",\"port\":8311}", "backend=lodis\nport=8311\n" },
  { " \r\n{ \"backend\" : \"x\" , \"a\" : true , \"b\":false,\"c\":-1.5e3 }\n",
    "a=true\nb=false\nbackend=x\nc=-1.5e3\n" },
  { "{\"backend\":\"x\",\"a\":\"\\u00e9\\\"\\\\ =#{},\"}", "a=é\"\\ =#{},\nbackend=x\n" },
  { "{\"uri\":\"redis://host\"}", "backend=redis\nip=host\n" },
};

static void
test_file (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_files); i++)
    {
      g_test_message ("%s", good_files[i].config);
      write_file ("server.config", good_files[i].config);
      assert_identity ("server.config", good_files[i].result);
      assert_identity ("./server.config", good_files[i].result);
    }
}

static const Case bad_files[] = {
  { "", "c: expected a key “backend” or “uri”" },
  { "# nothing\n", "c: expected a key “backend” or “uri”" },
  { "{}", "c: expected a key “backend” or “uri”" },
  { "backend=", "c:1: key “backend”: expected a name such as “sqlite”" },
  { "\nbackend=my store", "c:2: key “backend”: expected a name such as “sqlite”" },
  { "backend=x\nport", "c:2: expected KEY=VALUE" },
  { "backend=x\n\n=3", "c:3: expected a key of small letters, digits and “-”" },
  { "backend=x\nPort=3", "c:2: expected a key of small letters, digits and “-”" },
  { "backend=x\r\n\r\nbackend=x\r\n", "c:3: key “backend” is given already, in line 1" },
  { "backend=x\n#\nport=abc", "c:3: key “port”: expected a whole number from 1 to 65535" },
  { "backend=x\nport=", "c:2: key “port”: expected a whole number from 1 to 65535" },
  { "backend=x\nport=1.5", "c:2: key “port”: expected a whole number from 1 to 65535" },
  { "backend=x\nname=a\x01""b", "c:2: key “name”: expected no control characters" },
  { "backend=x\nname=a\rb", "c:2: key “name”: expected no control characters" },
  { "backend=x\nname=\xff", "c:2: expected text in valid UTF-8 without NUL" },
  { "backend=redis\nuri=redis://host", "c:2: key “backend” is given already, in line 1" },
  { "ip=a\nuri=redis://host", "c:2: key “ip” is given already, in line 1" },
  { "uri=redis://host\nip=a", "c:1: key “ip” is given already, in line 2" },
  { "uri=server.json", "c:1: expected a URI such as “sqlite:tasks.db” or “redis://host”" },
  { "\nuri=redis://host:0", "c:2: key “port”: expected a whole number from 1 to 65535" },
  { "uri=redis://host?uri=x", "c:1: key “uri” is given twice" },
  { "backend=sqlite\npath=", "c:2: key “path”: expected the path of a file" },
  { "{\"backend\":\n\"x\",}", "c:2: byte 16: expected a key in quotes" },
  { "{\"backend\":\"x\"\n\n", "c:3: byte 16: expected a comma or “}”, but the text ends there" },
  { "{\"backend\":\"x\",\n\"a\":null}",
    "c:2: key “a”: expected text without NUL, a number, true or false" },
  { "{\"backend\":\"x\",\n\"a\":\n[1]}",
    "c:3: key “a”: expected text without NUL, a number, true or false" },
  { "{\"a\":{}}", "c:1: key “a”: expected text without NUL, a number, true or false" },
  { "{\"a\":\"x\\u0000y\"}", "c:1: key “a”: expected text without NUL, a number, true or false" },
  { "{\"a\\u0000\":\"x\"}", "c:1: expected a key without NUL" },
  { "{\"a\":\"x\\ny\"}", "c:1: key “a”: expected no control characters" },
  { "{\"a b\":1}", "c:1: expected a key of small letters, digits and “-”" },
  { "{\"backend\":\"x\",\n\"backend\":\"x\"}", "c:2: key “backend” is given already, in line 1" },
  { "{\"port\":1,\"port\":1}", "c:1: key “port” is given twice" },
};

static void
test_bad_file (Fixture *self, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++)
    {
      write_file ("c", bad_files[i].config);
      assert_message ("c", bad_files[i].result);
    }
}

static void
test_missing_file (Fixture *self, gconstpointer data)
{
  g_autofree char *denied = g_strdup_printf ("server configuration: cannot open locked: %s",
                                             g_strerror (EACCES));
  g_autofree char *missing = g_strdup_printf ("server configuration: cannot open ./no.config: %s",
                                              g_strerror (ENOENT));
  g_autofree char *folder = g_strdup_printf ("server configuration: cannot read .: %s",
                                             g_strerror (EISDIR));

  assert_message ("./no.config", missing);
  assert_message (".", folder);

  if (geteuid () == 0)
    return;
  write_file ("locked", "backend=memory");
  g_assert_cmpint (g_chmod ("locked", 0), ==, 0);
  assert_message ("locked", denied);
}

static void
test_large_file (Fixture *self, gconstpointer data)
{
  g_autofree char *text = g_strnfill (CHIHUO_KEYS_MAX_LENGTH + 1, '#');

  memcpy (text, "backend=x\n", 10);
  write_file ("large", text);
  assert_message ("large", "server configuration: expected a file of at most 65536 bytes in large");

  text[CHIHUO_KEYS_MAX_LENGTH] = '\0';
  write_file ("large", text);
  assert_identity ("large", "backend=x\n");
}

static void
test_nul_in_file (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents ("c", "backend=x\na=\0b\n", 15, &error);
  g_assert_no_error (error);
  assert_message ("c", "c:2: expected text in valid UTF-8 without NUL");
}

static void
test_json (Fixture *self, gconstpointer data)
{
  assert_identity ("{\"backend\":\"memory\"}", "backend=memory\n");
  assert_message ("{\"backend\":\"x\",\n\"port\":0}",
                  "the JSON configuration:2: key “port”: expected a whole number from 1 to 65535");
  assert_message ("{", "the JSON configuration:1: byte 1: expected a key in quotes, "
                       "but the text ends there");
}

static void
test_password_file (Fixture *self, gconstpointer data)
{
  g_autofree char *missing = g_strdup_printf ("c:2: cannot open none: %s", g_strerror (ENOENT));
  const char *expected = "c:2: key “password-file”: expected a file with the password in its "
                         "first line";
  const int open_modes[] = { 0640, 0604, 0620, 0602, 0644 };

  write_file ("c", "backend=redis\npassword-file=secret\n");
  write_file ("secret", "pw\nanother line\n");
  assert_identity ("c", "backend=redis\npassword=" SHA256_OF_PW "\n");
  write_file ("secret", "pw\r\n");
  assert_identity ("c", "backend=redis\npassword=" SHA256_OF_PW "\n");
  write_file ("secret", "pw");
  assert_identity ("c", "backend=redis\npassword=" SHA256_OF_PW "\n");
  assert_identity ("redis:?password-file=secret", "backend=redis\npassword=" SHA256_OF_PW "\n");

  write_file ("secret", "");
  assert_message ("c", expected);
  write_file ("secret", "\npw");
  assert_message ("c", expected);
  write_file ("secret", "\xff");
  assert_message ("c", "c:2: key “password”: expected valid UTF-8");

  write_file ("secret", "pw");
  for (guint i = 0; i < G_N_ELEMENTS (open_modes); i++)
    {
      g_assert_cmpint (g_chmod ("secret", open_modes[i]), ==, 0);
      assert_message ("c", "c:2: key “password-file”: expected a file that only its owner can read or "
                           "write (chmod go=)");
    }
  g_assert_cmpint (g_chmod ("secret", 0400), ==, 0);
  assert_identity ("c", "backend=redis\npassword=" SHA256_OF_PW "\n");

  write_file ("c", "backend=redis\npassword-file=none\n");
  assert_message ("c", missing);
  write_file ("secret", "pw");
  write_file ("c", "password=x\nbackend=redis\npassword-file=secret\n");
  assert_message ("c", "c:3: key “password” is given already, in line 1");
}

static void
test_take (Fixture *self, gconstpointer data)
{
  static const char * const modes[] = { "slow", "fast", NULL };
  g_autoptr (ChihuoConfig) config =
    new_config ("{\"backend\":\"x\",\"i\":-5,\"d\":\"2.5\",\"yes\":true,"
                "\"no\":\"no\",\"m\":\"fast\"}");

  /* Twice, as a store does that reconnects */
  for (guint i = 0; i < 2; i++)
    {
      gint64 number = 7;
      double real = 7;
      gboolean yes = FALSE;
      gboolean no = TRUE;
      guint mode = 7;

      g_assert_true (chihuo_config_take_int (config, "i", -5, -5, &number, NULL));
      g_assert_cmpint (number, ==, -5);
      g_assert_true (chihuo_config_take_double (config, "d", 0, 2.5, &real, NULL));
      g_assert_cmpfloat (real, ==, 2.5);
      g_assert_true (chihuo_config_take_boolean (config, "yes", &yes, NULL));
      g_assert_true (yes);
      g_assert_true (chihuo_config_take_boolean (config, "no", &no, NULL));
      g_assert_false (no);
      g_assert_true (chihuo_config_take_choice (config, "m", modes, &mode, NULL));
      g_assert_cmpuint (mode, ==, 1);
      assert_string (config, "m", "fast");
      g_assert_true (chihuo_config_finish (config, NULL));
    }
}

static void
test_take_absent (Fixture *self, gconstpointer data)
{
  static const char * const modes[] = { "slow", "fast", NULL };
  g_autoptr (ChihuoConfig) config = new_config ("memory:");
  gint64 number = 7;
  double real = 7;
  gboolean yes = 7;
  guint mode = 7;

  g_assert_true (chihuo_config_take_int (config, "i", 0, 1, &number, NULL));
  g_assert_true (chihuo_config_take_double (config, "d", 0, 1, &real, NULL));
  g_assert_true (chihuo_config_take_boolean (config, "b", &yes, NULL));
  g_assert_true (chihuo_config_take_choice (config, "m", modes, &mode, NULL));
  assert_string (config, "s", NULL);

  g_assert_cmpint (number, ==, 7);
  g_assert_cmpfloat (real, ==, 7);
  g_assert_cmpint (yes, ==, 7);
  g_assert_cmpuint (mode, ==, 7);
  g_assert_true (chihuo_config_finish (config, NULL));
}

static void
assert_take_error (const char *value, const char *kind, const char *message)
{
  static const char * const modes[] = { "slow", "fast", NULL };
  g_autofree char *text = g_strdup_printf ("backend=x\nk=%s\n", value);
  g_autoptr (ChihuoConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  gint64 number = 7;
  double real = 7;
  gboolean yes = 7;
  guint mode = 7;

  write_file ("c", text);
  config = new_config ("c");
  if (g_str_equal (kind, "int"))
    g_assert_false (chihuo_config_take_int (config, "k", -1, 9, &number, &error));
  else if (g_str_equal (kind, "double"))
    g_assert_false (chihuo_config_take_double (config, "k", -0.5, 9, &real, &error));
  else if (g_str_equal (kind, "boolean"))
    g_assert_false (chihuo_config_take_boolean (config, "k", &yes, &error));
  else
    g_assert_false (chihuo_config_take_choice (config, "k", modes, &mode, &error));

  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_true (number == 7 && real == 7 && yes == 7 && mode == 7);
}

static void
test_take_bad (Fixture *self, gconstpointer data)
{
  static const char * const bad_ints[] = { "", "x", "1x", "1.0", "-2", "10",
                                           "99999999999999999999" };
  static const char * const bad_doubles[] = { "", "x", "1x", "-0.6", "9.1", "nan", "inf", "1e999" };
  static const char * const bad_words[] = { "", "TRUE", "2", "x", "slow " "fast" };

  for (guint i = 0; i < G_N_ELEMENTS (bad_ints); i++)
    assert_take_error (bad_ints[i], "int", "c:2: key “k”: expected a whole number from -1 to 9");
  for (guint i = 0; i < G_N_ELEMENTS (bad_doubles); i++)
    assert_take_error (bad_doubles[i], "double", "c:2: key “k”: expected a number from -0.5 to 9");
  for (guint i = 0; i < G_N_ELEMENTS (bad_words); i++)
    {
      assert_take_error (bad_words[i], "boolean", "c:2: key “k”: expected true or false");
      assert_take_error (bad_words[i], "choice", "c:2: key “k”: expected one of: slow, fast");
    }
}

static void
assert_unknown (const char *server_config, const char *message)
{
  g_autoptr (ChihuoConfig) config = new_config (server_config);
  g_autoptr (GError) error = NULL;
  gint64 port = 0;

  assert_string (config, "ip", "host");
  g_assert_true (chihuo_config_take_int (config, "port", 1, 65535, &port, NULL));
  assert_string (config, "path", NULL);
  assert_string (config, "ip", "host");

  g_assert_false (chihuo_config_finish (config, &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
  g_clear_error (&error);

  /* It says so each time, until somebody takes it */
  g_assert_false (chihuo_config_finish (config, &error));
  g_assert_cmpstr (error->message, ==, message);
  assert_string (config, "prot", "1");
  g_assert_true (chihuo_config_finish (config, NULL));
}

static void
test_finish (Fixture *self, gconstpointer data)
{
  write_file ("server.config", "backend=x\nip=host\nprot=1\n");
  assert_unknown ("server.config", "server.config:3: unknown key “prot”; known keys here are: "
                                   "ip, port, path, backend");
  assert_unknown ("redis://host?prot=1", "the URI: unknown key “prot”; known keys here are: "
                                         "ip, port, path, backend");
  assert_unknown ("{\"backend\":\"x\",\n\"ip\":\"host\",\n\n\"prot\":1}",
                  "the JSON configuration:4: unknown key “prot”; known keys here are: "
                  "ip, port, path, backend");
}

/* Whoever types the password in a wrong place does not read it in an error */
static void
test_secrets (Fixture *self, gconstpointer data)
{
  static const char * const uris[] = {
    "redis://user:" CANARY, "redis//:" CANARY "@host",
    "redis_://:" CANARY "@host", "redis:/:" CANARY "@host#", "redis://u:%zz" CANARY "@host",
    "redis://u:" CANARY "\n@host", "redis://[" CANARY, "redis://h?" CANARY,
    "redis://h?port=" CANARY, "sqlite://" CANARY, "{\"password\":\"" CANARY "\"",
    "{\"password\":[\"" CANARY "\"]}", "{\"password\":\"" CANARY "\"}", "redis://h:1/" CANARY "#",
    "://" CANARY, "redis:" CANARY "@host?x",
  };
  static const char * const files[] = {
    CANARY, "backend=x\n" CANARY, "password=" CANARY, "backend=" CANARY "!", "port=" CANARY,
    "backend=x\nport=" CANARY, "uri=" CANARY, "uri=redis://x:" CANARY, "PASSWORD=" CANARY,
    "password=" CANARY "\npassword=" CANARY, "uri=redis://:" CANARY "@host\npassword=" CANARY,
  };

  for (guint i = 0; i < G_N_ELEMENTS (uris) + G_N_ELEMENTS (files); i++)
    {
      gboolean is_uri = i < G_N_ELEMENTS (uris);
      g_autoptr (GError) error = NULL;

      if (!is_uri)
        write_file ("c", files[i - G_N_ELEMENTS (uris)]);
      g_assert_null (chihuo_config_new (is_uri ? uris[i] : "c", &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
      g_assert_null (strstr (error->message, CANARY));
    }
}

static void
test_secret_in_config (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoConfig) config = new_config ("redis://u:" CANARY "@host?x=" CANARY);
  g_autoptr (ChihuoConfig) same = NULL;
  g_autoptr (ChihuoConfig) other = new_config ("redis://u:other@host");
  g_autoptr (GError) error = NULL;
  gint64 number = 0;

  g_assert_false (chihuo_config_take_int (config, "password", 0, 1, &number, &error));
  g_assert_null (strstr (error->message, CANARY));
  g_clear_error (&error);
  g_assert_false (chihuo_config_finish (config, &error));
  g_assert_null (strstr (error->message, CANARY));
  assert_string (config, "password", CANARY);

  g_clear_pointer (&config, chihuo_config_unref);
  config = new_config ("redis://u:" CANARY "@host");
  same = new_config ("{\"ip\":\"host\",\"username\":\"u\",\"password\":\"" CANARY
                     "\",\"backend\":\"redis\"}");
  g_assert_null (strstr (chihuo_config_get_identity (config), CANARY));
  g_assert_cmpstr (chihuo_config_get_identity (config), ==, chihuo_config_get_identity (same));
  g_assert_cmpstr (chihuo_config_get_identity (config), !=, chihuo_config_get_identity (other));
}

static void
assert_default (const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = chihuo_config_find_default (&error);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, expected);
}

static void
assert_no_default (const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_config_find_default (&error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_default (Fixture *self, gconstpointer data)
{
  assert_default (NULL);

  write_file ("server.config", "backend=nats\n");
  assert_default ("./server.config");
  assert_identity ("./server.config", "backend=nats\n");

  write_file ("server.json", "{\"backend\":\"memory\"}");
  assert_default ("./server.json");
  assert_identity ("./server.json", "backend=memory\n");

  /* Others may read it */
  g_assert_cmpint (g_chmod ("server.json", 0644), ==, 0);
  assert_default ("./server.json");
}

#define NOT_WRITABLE \
  "expected a file that neither its group nor others may write (chmod go-w)"

static void
test_default_mode (Fixture *self, gconstpointer data)
{
  write_file ("server.config", "backend=memory\n");
  write_file ("server.json", "{\"backend\":\"memory\"}");
  g_assert_cmpint (g_chmod ("server.json", 0620), ==, 0);
  assert_no_default ("./server.json: " NOT_WRITABLE);
  g_assert_cmpint (g_chmod ("server.json", 0602), ==, 0);
  assert_no_default ("./server.json: " NOT_WRITABLE);

  g_assert_cmpint (g_remove ("server.json"), ==, 0);
  g_assert_cmpint (g_chmod ("server.config", 0666), ==, 0);
  assert_no_default ("./server.config: " NOT_WRITABLE);
}

/* A link counts as what it points to */
static void
test_default_link (Fixture *self, gconstpointer data)
{
  write_file ("real", "backend=memory\n");
  g_assert_cmpint (symlink ("real", "server.config"), ==, 0);
  assert_default ("./server.config");

  g_assert_cmpint (g_chmod ("real", 0666), ==, 0);
  assert_no_default ("./server.config: " NOT_WRITABLE);

  g_assert_cmpint (g_remove ("real"), ==, 0);
  assert_default (NULL);
}

static void
test_default_kind (Fixture *self, gconstpointer data)
{
  g_assert_cmpint (g_mkdir ("server.json", 0700), ==, 0);
  assert_no_default ("./server.json: expected a regular file");
  g_assert_cmpint (g_rmdir ("server.json"), ==, 0);

  /* Nobody writes into it: it must not block */
  g_assert_cmpint (mkfifo ("server.json", 0600), ==, 0);
  assert_no_default ("./server.json: expected a regular file");

  g_assert_cmpint (g_remove ("server.json"), ==, 0);
  g_assert_cmpint (symlink ("server.json", "server.json"), ==, 0);
  assert_no_default ("./server.json: expected a file that can be read");
}

static void
test_default_owner (Fixture *self, gconstpointer data)
{
  write_file ("server.json", "{\"backend\":\"memory\"}");
  g_assert_cmpint (chown ("server.json", 65534, 65534), ==, 0);
  assert_no_default ("./server.json: expected a file of the user who runs this, or of root");
}

static void
test_boxed (Fixture *self, gconstpointer data)
{
  g_autoptr (ChihuoConfig) config = new_config ("memory:");
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, CHIHUO_TYPE_CONFIG);
  g_value_set_boxed (&value, config);
  g_assert_true (g_value_get_boxed (&value) == config);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)
  ADD ("/config/uri", test_uri);
  ADD ("/config/bad-uri", test_bad_uri);
  ADD ("/config/uri-utf8", test_uri_utf8);
  ADD ("/config/sqlite-path", test_sqlite_path);
  ADD ("/config/environment", test_environment);
  ADD ("/config/first-version", test_first_version);
  ADD ("/config/file", test_file);
  ADD ("/config/bad-file", test_bad_file);
  ADD ("/config/missing-file", test_missing_file);
  ADD ("/config/large-file", test_large_file);
  ADD ("/config/nul-in-file", test_nul_in_file);
  ADD ("/config/json", test_json);
  ADD ("/config/password-file", test_password_file);
  ADD ("/config/take", test_take);
  ADD ("/config/take-absent", test_take_absent);
  ADD ("/config/take-bad", test_take_bad);
  ADD ("/config/finish", test_finish);
  ADD ("/config/secrets", test_secrets);
  ADD ("/config/secret-in-config", test_secret_in_config);
  ADD ("/config/default", test_default);
  ADD ("/config/default-mode", test_default_mode);
  ADD ("/config/default-link", test_default_link);
  ADD ("/config/default-kind", test_default_kind);
  if (geteuid () == 0) /* only root can give a file away */
    ADD ("/config/default-owner", test_default_owner);
  ADD ("/config/boxed", test_boxed);

  return g_test_run ();
}
