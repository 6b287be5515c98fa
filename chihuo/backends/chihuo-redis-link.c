/* chihuo-redis-link.c - the way to a server: a socket, and TLS around it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "chihuo-error.h"
#include "chihuo-redis-link.h"

/* Not GSocketClient, which asks for proxies, tries several addresses side by side, and goes on with those
 * that have lost on a main context that nobody may run any more. Here each step ends before the next
 * begins, so that nothing is left when the task has its answer. */

/* When a peer that says nothing is asked whether it is there: s, s, times */
#define KEEP_ALIVE_IDLE 15
#define KEEP_ALIVE_INTERVAL 5
#define KEEP_ALIVE_COUNT 3

typedef struct
{
  const ChihuoRedisOptions *options;   /* the caller's */
  GSocketConnectable       *address;   /* (owned) */
  char                     *name;      /* (owned) */
  GList                    *addresses; /* (owned) (element-type GSocketAddress): not tried yet */
  GSocket                  *socket;    /* (owned) (nullable) */
  GIOStream                *stream;    /* (owned) (nullable) */
  GError                   *error;     /* (owned) (nullable): of the address that was tried last */
} Link;

static void try_next (GTask *task);

static void
link_free (gpointer data)
{
  Link *self = data;

  g_clear_object (&self->stream);
  g_clear_object (&self->socket);
  g_clear_error (&self->error);
  g_list_free_full (self->addresses, g_object_unref);
  g_object_unref (self->address);
  g_free (self->name);
  g_free (self);
}

/* Socket options that the kernel refuses are no reason to do without a connection */
static void
tune (GSocket *socket, gint64 timeout)
{
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_UNIX)
    return;

  g_socket_set_keepalive (socket, TRUE);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_ALIVE_IDLE, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_ALIVE_INTERVAL, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_KEEPCNT, KEEP_ALIVE_COUNT, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_USER_TIMEOUT,
                       MAX (timeout / G_TIME_SPAN_MILLISECOND, 1), NULL);
}

static void
set_file_error (GError **error, const char *key, const char *path, const GError *cause)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG,
               "key “%s”: expected a PEM file that can be read: %s: %s", key, path, cause->message);
}

/* Whom we trust, and who we are */
static gboolean
load_certificates (GTlsConnection *tls, const ChihuoRedisOptions *options, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GTlsDatabase) authorities = NULL;
  g_autoptr (GError) cause = NULL;

  if (options->tls_ca != NULL)
    {
      authorities = g_tls_file_database_new (options->tls_ca, &cause);
      if (authorities == NULL)
        {
          set_file_error (error, "tls-ca", options->tls_ca, cause);
          return FALSE;
        }
      g_tls_connection_set_database (tls, authorities);
    }

  if (options->tls_cert == NULL)
    return TRUE;

  certificate = g_tls_certificate_new_from_files (options->tls_cert, options->tls_key, &cause);
  if (certificate == NULL)
    {
      set_file_error (error, "tls-cert", options->tls_cert, cause);
      return FALSE;
    }
  g_tls_connection_set_certificate (tls, certificate);

  return TRUE;
}

static const char *
describe_flaw (GTlsCertificateFlags flaws)
{
  if ((flaws & G_TLS_CERTIFICATE_UNKNOWN_CA) != 0)
    return "its certificate is of an authority that is not trusted here";
  if ((flaws & G_TLS_CERTIFICATE_BAD_IDENTITY) != 0)
    return "its certificate is for another host";
  if ((flaws & G_TLS_CERTIFICATE_EXPIRED) != 0)
    return "its certificate has expired";
  if ((flaws & G_TLS_CERTIFICATE_NOT_ACTIVATED) != 0)
    return "its certificate is not valid yet";
  if ((flaws & G_TLS_CERTIFICATE_REVOKED) != 0)
    return "its certificate was revoked";

  return "its certificate is refused";
}

static void
handshake_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  GTlsConnection *tls = G_TLS_CONNECTION (object);
  Link *self = g_task_get_task_data (task);

  if (g_tls_connection_handshake_finish (tls, result, &error))
    g_task_return_pointer (task, g_object_ref (self->stream), g_object_unref);
  else if (g_error_matches (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND,
                             "%s: expected a certificate that can be trusted: %s", self->name,
                             describe_flaw (g_tls_connection_get_peer_certificate_errors (tls)));
  else if (error->domain == G_TLS_ERROR && error->code != G_TLS_ERROR_EOF)
    g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s: no TLS with it: %s",
                             self->name, error->message);
  else
    g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
                             "%s: lost while TLS began: %s", self->name, error->message);
}

static void
start_tls (GTask *task)
{
  Link *self = g_task_get_task_data (task);
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED,
                               "%s: TLS needs GIO's TLS module: install glib-networking",
                               self->name);
      return;
    }

  stream = g_tls_client_connection_new (self->stream, self->address, &error);
  if (stream == NULL || !load_certificates (G_TLS_CONNECTION (stream), self->options, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  /* A peer that goes without a goodbye is a lost connection like any other */
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (stream), FALSE);
  g_set_object (&self->stream, stream);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (stream), G_PRIORITY_DEFAULT,
                                    g_task_get_cancellable (task), handshake_cb,
                                    g_object_ref (task));
}

static void
socket_connected (GTask *task)
{
  Link *self = g_task_get_task_data (task);

  tune (self->socket, self->options->timeout);
  self->stream = G_IO_STREAM (g_socket_connection_factory_create_connection (self->socket));
  if (self->options->tls)
    start_tls (task);
  else
    g_task_return_pointer (task, g_object_ref (self->stream), g_object_unref);
}

static gboolean
socket_writable_cb (GSocket *socket, GIOCondition condition, gpointer data)
{
  GTask *task = data;
  Link *self = g_task_get_task_data (task);

  if (g_task_return_error_if_cancelled (task))
    return G_SOURCE_REMOVE;

  g_clear_error (&self->error);
  if (g_socket_check_connect_result (socket, &self->error))
    socket_connected (task);
  else
    try_next (task);

  return G_SOURCE_REMOVE;
}

static void
wait_for_socket (GTask *task)
{
  Link *self = g_task_get_task_data (task);
  g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_OUT,
                                                       g_task_get_cancellable (task));

  g_source_set_callback (source, G_SOURCE_FUNC (socket_writable_cb), g_object_ref (task),
                         g_object_unref);
  g_source_attach (source, g_task_get_context (task));
}

/* Begins to connect a new socket; FALSE = not to this address */
static gboolean
connect_socket (Link *self, GSocketAddress *address, gboolean *done)
{
  g_clear_error (&self->error);
  g_clear_object (&self->socket);
  self->socket = g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
                               G_SOCKET_PROTOCOL_DEFAULT, &self->error);
  if (self->socket == NULL)
    return FALSE;

  g_socket_set_blocking (self->socket, FALSE);
  *done = g_socket_connect (self->socket, address, NULL, &self->error);

  return *done || g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_PENDING);
}

static void
try_next (GTask *task)
{
  Link *self = g_task_get_task_data (task);

  while (self->addresses != NULL)
    {
      g_autoptr (GSocketAddress) address = self->addresses->data;
      gboolean done = FALSE;

      self->addresses = g_list_delete_link (self->addresses, self->addresses);
      if (!connect_socket (self, address, &done))
        continue;

      if (done)
        socket_connected (task);
      else
        wait_for_socket (task);
      return;
    }

  g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT, "%s: cannot connect: %s",
                           self->name,
                           self->error != NULL ? self->error->message : "it has no address");
}

static void
resolved_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  Link *self = g_task_get_task_data (task);
  GList *hosts = g_resolver_lookup_by_name_finish (G_RESOLVER (object), result, &error);
  guint16 port = g_network_address_get_port (G_NETWORK_ADDRESS (self->address));

  if (g_task_return_error_if_cancelled (task))
    {
      g_resolver_free_addresses (hosts);
      return;
    }
  if (error != NULL)
    {
      g_task_return_new_error (task, CHIHUO_ERROR, CHIHUO_ERROR_TIMED_OUT,
                               "%s: its name cannot be looked up: %s", self->name,
                               error->message);
      return;
    }

  for (GList *item = hosts; item != NULL; item = item->next)
    self->addresses = g_list_append (self->addresses, g_inet_socket_address_new (item->data, port));
  g_resolver_free_addresses (hosts);
  try_next (task);
}

/* A name has to be looked up; an address is there already */
static void
find_addresses (GTask *task)
{
  Link *self = g_task_get_task_data (task);
  g_autoptr (GResolver) resolver = NULL;

  if (G_IS_SOCKET_ADDRESS (self->address))
    {
      self->addresses = g_list_append (NULL, g_object_ref (self->address));
      try_next (task);
      return;
    }

  resolver = g_resolver_get_default ();
  g_resolver_lookup_by_name_async (resolver,
                                   g_network_address_get_hostname (G_NETWORK_ADDRESS (self->address)),
                                   g_task_get_cancellable (task), resolved_cb,
                                   g_object_ref (task));
}

/*
 * chihuo_redis_link_async:
 * @options: TLS and time-outs; they live until @callback is called
 * @address: a #GNetworkAddress or a #GSocketAddress
 * @cancellable: ends it at once
 * @callback: called on the thread-default main context of this moment
 * @data: for @callback
 *
 * Connects to a server, and begins TLS where that is wanted. It takes as long
 * as it takes: the caller has the clock.
 */
void
chihuo_redis_link_async (const ChihuoRedisOptions *options, GSocketConnectable *address,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  Link *self = g_new0 (Link, 1);

  g_task_set_source_tag (task, chihuo_redis_link_async);
  self->options = options;
  self->address = g_object_ref (address);
  self->name = chihuo_redis_options_describe (address);
  g_task_set_task_data (task, self, link_free);
  find_addresses (task);
}

/*
 * chihuo_redis_link_finish:
 * @result: what the callback was given
 * @socket: (out) (transfer full): the socket below the stream
 * @error: return location for %CHIHUO_ERROR_TIMED_OUT (cannot be reached),
 *   %CHIHUO_ERROR_BACKEND (a certificate is refused), %CHIHUO_ERROR_CONFIG (a
 *   file cannot be read), %CHIHUO_ERROR_NOT_SUPPORTED (no TLS here) or
 *   %G_IO_ERROR_CANCELLED
 *
 * Ends it.
 *
 * Returns: (transfer full) (nullable): a stream whose both ends are pollable,
 *   or %NULL
 */
GIOStream *
chihuo_redis_link_finish (GAsyncResult *result, GSocket **socket, GError **error)
{
  GTask *task = G_TASK (result);
  Link *self = g_task_get_task_data (task);
  GIOStream *stream = g_task_propagate_pointer (task, error);

  *socket = stream != NULL ? g_object_ref (self->socket) : NULL;
  return stream;
}
