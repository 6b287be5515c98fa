/* chihuo-redis-options.c - what a configuration says of a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/un.h>

#include <gio/gunixsocketaddress.h>

#include "chihuo-error.h"
#include "chihuo-redis-options.h"

#define DEFAULT_HOST "127.0.0.1"
#define DEFAULT_PORT 6379
#define DEFAULT_SENTINEL_PORT 26379
#define DEFAULT_TIMEOUT 2.0 /* s */
#define MAX_TIMEOUT 3600.0
#define MAX_REPLICAS 100

/* What says where the server is; only parts of it stand in one configuration */
typedef struct
{
  char   *ip;   /* (owned) (nullable): a host, or a list of sentinels */
  char   *path; /* (owned) (nullable): of a unix socket */
  gint64  port; /* 0 = none is given */
} Place;

static void
place_clear (Place *self)
{
  g_free (self->ip);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static gboolean
refuse (GError **error, const char *key, const char *expected)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG, "redis: key “%s”: expected %s", key,
               expected);
  return FALSE;
}

static gboolean
take_number (ChihuoConfig *config, const char *key, gint64 max, guint *value, GError **error)
{
  gint64 number = *value;

  if (!chihuo_config_take_int (config, key, 0, max, &number, error))
    return FALSE;

  *value = number;
  return TRUE;
}

/* One of two words; the second is TRUE */
static gboolean
take_word (ChihuoConfig *config, const char *key, const char *off, const char *on,
           gboolean *value, GError **error)
{
  const char *words[] = { off, on, NULL };
  guint choice = *value;

  if (!chihuo_config_take_choice (config, key, words, &choice, error))
    return FALSE;

  *value = choice == 1;
  return TRUE;
}

static gboolean
take_login (ChihuoRedisOptions *self, ChihuoConfig *config, GError **error)
{
  return take_number (config, "db", G_MAXINT, &self->db, error)
         && chihuo_config_take_string (config, "username", &self->username, error)
         && chihuo_config_take_string (config, "password", &self->password, error)
         && chihuo_config_take_string (config, "sentinel-username", &self->sentinel_username, error)
         && chihuo_config_take_string (config, "sentinel-password", &self->sentinel_password, error);
}

static gboolean
take_limits (ChihuoRedisOptions *self, ChihuoConfig *config, GError **error)
{
  double timeout = DEFAULT_TIMEOUT;

  if (!chihuo_config_take_double (config, "timeout", 0.01, MAX_TIMEOUT, &timeout, error)
      || !take_word (config, "eviction", "none", "any", &self->insist, error)
      || !take_word (config, "durable", "server", "strict", &self->strict, error)
      || !take_number (config, "replicas", MAX_REPLICAS, &self->replicas, error)
      || !take_word (config, "clock", "server", "batch", &self->batch_clock, error))
    return FALSE;

  self->timeout = timeout * G_USEC_PER_SEC;
  return TRUE;
}

static gboolean
check_tls (ChihuoRedisOptions *self, gboolean is_local, GError **error)
{
  if (self->tls && is_local)
    return refuse (error, "path", "no unix socket together with TLS");
  if (!self->tls && (self->tls_ca != NULL || self->tls_cert != NULL))
    return refuse (error, self->tls_ca != NULL ? "tls-ca" : "tls-cert",
                   "TLS: write “rediss://”, or “tls=true”");
  if (self->tls_key != NULL && self->tls_cert == NULL)
    return refuse (error, "tls-key", "“tls-cert” beside it");

  /* Both may stand in one file */
  if (self->tls_cert != NULL && self->tls_key == NULL)
    self->tls_key = g_strdup (self->tls_cert);

  return TRUE;
}

static gboolean
take_tls (ChihuoRedisOptions *self, ChihuoConfig *config, GError **error)
{
  self->tls = g_str_equal (chihuo_config_get_backend (config), "rediss");

  return chihuo_config_take_boolean (config, "tls", &self->tls, error)
         && chihuo_config_take_string (config, "tls-ca", &self->tls_ca, error)
         && chihuo_config_take_string (config, "tls-cert", &self->tls_cert, error)
         && chihuo_config_take_string (config, "tls-key", &self->tls_key, error);
}

/* “redis” with a path is a unix socket, too: a file of keys has no other way to say it */
static gboolean
add_server (ChihuoRedisOptions *self, Place *place, gboolean needs_path, GError **error)
{
  if (self->service != NULL)
    return refuse (error, "service", "sentinels: write “redis+sentinel://HOST,HOST/SERVICE”");

  if (place->path == NULL && !needs_path)
    {
      const char *host = place->ip != NULL ? place->ip : DEFAULT_HOST;

      g_ptr_array_add (self->addresses,
                       g_network_address_new (host, place->port != 0 ? place->port : DEFAULT_PORT));
      return TRUE;
    }

  if (place->path == NULL || !g_path_is_absolute (place->path)
      || strlen (place->path) >= sizeof ((struct sockaddr_un *) NULL)->sun_path)
    return refuse (error, "path", "the absolute path of a unix socket, of less than 108 bytes");
  if (place->ip != NULL || place->port != 0)
    return refuse (error, "path", "no host or port beside it");

  g_ptr_array_add (self->addresses, g_unix_socket_address_new (place->path));
  return TRUE;
}

/* NULL if that is no address; the parser lets port 0 pass */
static GSocketConnectable *
parse_host (const char *text, guint16 port)
{
  g_autoptr (GSocketConnectable) address = NULL;

  if (*text != '\0')
    address = g_network_address_parse (text, port, NULL);
  if (address == NULL || g_network_address_get_port (G_NETWORK_ADDRESS (address)) == 0)
    return NULL;

  return g_steal_pointer (&address);
}

static gboolean
add_sentinels (ChihuoRedisOptions *self, Place *place, GError **error)
{
  guint16 port = place->port != 0 ? place->port : DEFAULT_SENTINEL_PORT;
  g_auto (GStrv) hosts = g_strsplit (place->ip != NULL ? place->ip : "", ",", -1);

  if (place->path != NULL)
    return refuse (error, "path", "none where sentinels are asked");

  for (guint i = 0; hosts[i] != NULL; i++)
    {
      GSocketConnectable *address = parse_host (g_strstrip (hosts[i]), port);

      if (address == NULL)
        return refuse (error, "ip", "sentinels as HOST or HOST:PORT, with commas between them");
      g_ptr_array_add (self->addresses, address);
    }

  if (self->addresses->len == 0)
    return refuse (error, "ip", "at least one sentinel");
  if (self->service == NULL || *self->service == '\0')
    return refuse (error, "service", "what the sentinels call the primary");

  return TRUE;
}

static gboolean
take_place (ChihuoRedisOptions *self, ChihuoConfig *config, GError **error)
{
  const char *backend = chihuo_config_get_backend (config);
  g_auto (Place) place = { 0 };

  if (!chihuo_config_take_string (config, "ip", &place.ip, error)
      || !chihuo_config_take_string (config, "path", &place.path, error)
      || !chihuo_config_take_int (config, "port", 1, G_MAXUINT16, &place.port, error)
      || !chihuo_config_take_string (config, "service", &self->service, error)
      || !check_tls (self, place.path != NULL, error))
    return FALSE;

  if (g_str_equal (backend, "redis+sentinel"))
    {
      self->kind = CHIHUO_REDIS_KIND_SENTINEL;
      return add_sentinels (self, &place, error);
    }

  self->kind = CHIHUO_REDIS_KIND_SERVER;
  return add_server (self, &place, g_str_equal (backend, "redis+unix"), error);
}

static char *
make_name (ChihuoRedisOptions *self)
{
  if (self->kind == CHIHUO_REDIS_KIND_SENTINEL)
    return g_strdup_printf ("redis %s of its sentinels", self->service);

  return chihuo_redis_options_describe (self->addresses->pdata[0]);
}

/*
 * chihuo_redis_options_new:
 * @config: a configuration with the backend redis, rediss, redis+unix or
 *   redis+sentinel
 * @error: return location for %CHIHUO_ERROR_CONFIG
 *
 * Takes what the configuration says of a Redis: ip, port, path, service, db,
 * username, password, sentinel-username, sentinel-password, tls, tls-ca,
 * tls-cert, tls-key, timeout (s), eviction, durable, replicas, clock.
 *
 * No message has the value of a key in it: it may be a secret that stands in
 * the wrong place.
 *
 * Returns: (transfer full) (nullable): it, or %NULL
 */
ChihuoRedisOptions *
chihuo_redis_options_new (ChihuoConfig *config, GError **error)
{
  g_autoptr (ChihuoRedisOptions) self = g_new0 (ChihuoRedisOptions, 1);

  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  self->replicas = 1;
  if (!take_login (self, config, error) || !take_limits (self, config, error)
      || !take_tls (self, config, error) || !take_place (self, config, error))
    return NULL;

  self->name = make_name (self);
  return g_steal_pointer (&self);
}

static void
free_secret (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/*
 * chihuo_redis_options_free:
 * @self: (transfer full): options
 *
 * Frees them, and leaves no password in memory.
 */
void
chihuo_redis_options_free (ChihuoRedisOptions *self)
{
  g_ptr_array_unref (self->addresses);
  g_free (self->name);
  g_free (self->service);
  g_free (self->username);
  free_secret (self->password);
  g_free (self->sentinel_username);
  free_secret (self->sentinel_password);
  g_free (self->tls_ca);
  g_free (self->tls_cert);
  g_free (self->tls_key);
  g_free (self);
}

/*
 * chihuo_redis_options_describe:
 * @address: an address
 *
 * Gives what a server is called in messages.
 *
 * Returns: (transfer full): a text such as “redis 127.0.0.1:6379”
 */
char *
chihuo_redis_options_describe (GSocketConnectable *address)
{
  g_autofree char *text = NULL;

  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strdup_printf ("redis %s",
                            g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)));

  text = g_socket_connectable_to_string (address);
  return g_strdup_printf ("redis %s", text);
}
