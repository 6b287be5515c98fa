/* chihuo-redis-options.h - what a configuration says of a Redis
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "chihuo-config.h"

G_BEGIN_DECLS

typedef enum
{
  CHIHUO_REDIS_KIND_SERVER,   /* one server; it may say that it is a node of a cluster */
  CHIHUO_REDIS_KIND_SENTINEL, /* the hosts are sentinels, who say where the primary is */
} ChihuoRedisKind;

typedef struct _ChihuoRedisOptions ChihuoRedisOptions;

/* Private to the Redis backend's files */
struct _ChihuoRedisOptions
{
  ChihuoRedisKind  kind;
  GPtrArray       *addresses; /* (element-type GSocketConnectable): the server, or the sentinels */
  char            *name;      /* for messages: no secrets in it */
  char            *service;   /* (nullable): what the sentinels call the primary */
  guint            db;
  char            *username;  /* (nullable) */
  char            *password;  /* (nullable) */
  char            *sentinel_username; /* (nullable) */
  char            *sentinel_password; /* (nullable) */
  gboolean         tls;
  char            *tls_ca;    /* (nullable): a PEM file; NULL = the system's */
  char            *tls_cert;  /* (nullable): the client's, a PEM file… */
  char            *tls_key;   /* (nullable): …and its key */
  gint64           timeout;   /* µs, for connecting and for each reply */
  gboolean         insist;    /* “eviction=any”: run even where the server may throw keys away */
  gboolean         strict;    /* “durable=strict” */
  guint            replicas;  /* strict: how many have to know of an add or a finish */
  gboolean         batch_clock; /* “clock=batch”: times are the batches', for tests */
};

ChihuoRedisOptions *chihuo_redis_options_new  (ChihuoConfig        *config,
                                               GError             **error);
void                chihuo_redis_options_free (ChihuoRedisOptions  *self);

/* What a server is called in messages */
char               *chihuo_redis_options_describe (GSocketConnectable *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ChihuoRedisOptions, chihuo_redis_options_free)

G_END_DECLS
