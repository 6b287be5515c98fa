/* redis-fixture.h - private Redis servers, for the tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <hiredis/hiredis.h>

G_BEGIN_DECLS

#define REDIS_FIXTURE_PASSWORD "open-sesame"

typedef struct
{
  char      *folder;  /* (owned): everything of it goes at the end */
  GPtrArray *servers; /* (owned) (element-type RedisServer) */
} RedisFixture;

typedef struct
{
  char  *folder;    /* (owned): its data, its log “log” and its socket */
  char  *socket;    /* (owned): the path of its unix socket; a sentinel has none */
  char  *uri;       /* (owned): redis://127.0.0.1:PORT */
  char **arguments; /* (owned): what it is started with */
  guint  port;      /* of 127.0.0.1, without TLS */
  guint  tls_port;  /* 0 = no TLS */
  GPid   pid;       /* 0 = it does not run */
} RedisServer;

/* Whether there is a redis-server, or what CHIHUO_REDIS_SERVER names; if not, the test is skipped by name */
gboolean      redis_fixture_available (void);

RedisFixture *redis_fixture_new       (void);
/* Kills all servers. They die with the test program, too */
void          redis_fixture_free      (RedisFixture  *self);
/* A path in the fixture's folder, e.g. of "ca.pem" */
char         *redis_fixture_path      (RedisFixture  *self,
                                       const char    *name);

/* Starts a server that keeps nothing on disk, with more arguments behind, and waits until it answers:
 *   redis_fixture_start (fixture, "--appendonly", "yes", "--appendfsync", "always", NULL)
 *   redis_fixture_start (fixture, "--user", "eater", "on", ">secret", "~*", "&*", "+@all", NULL) */
RedisServer  *redis_fixture_start     (RedisFixture  *self,
                                       ...) G_GNUC_NULL_TERMINATED;
/* The same, with the user “chihuo” of doc/redis.md, whose password is REDIS_FIXTURE_PASSWORD */
RedisServer  *redis_fixture_start_as_told (RedisFixture *self);
/* (transfer full): the line of doc/redis.md that begins so, behind that */
char         *redis_fixture_read_page (const char    *beginning);
/* Makes ca.pem (it signed the others), other-ca.pem, client.pem and client.key, and for servers NAME.pem and
 * NAME.key: “good” (localhost, 127.0.0.1), “stranger” (elsewhere.example), “expired” */
void          redis_fixture_make_certificates (RedisFixture *self);
/* A server that also speaks TLS at tls_port, with that certificate; makes the certificates if they are missing.
 * `ask_clients` = it wants a certificate of its clients, signed by ca.pem */
RedisServer  *redis_fixture_start_tls (RedisFixture  *self,
                                       const char    *certificate,
                                       gboolean       ask_clients);
/* A sentinel that watches a server. It gives it up after 300 ms, with a quorum of `quorum`. If the server speaks TLS
 * it does so, too, with the certificate “good” */
RedisServer  *redis_fixture_start_sentinel (RedisFixture *self,
                                            const char   *service,
                                            RedisServer  *primary,
                                            guint         quorum);
/* `n` nodes (≥ 3) that share the slots evenly, in their order */
void          redis_fixture_start_cluster (RedisFixture  *self,
                                           RedisServer  **nodes,
                                           guint          n);

/* SIGKILL: it is dead when this returns. SIGSTOP and SIGCONT: half-open, and back */
void          redis_server_signal     (RedisServer   *self,
                                       int            number);
/* Starts a dead one anew, with the same ports and files, and waits until it answers */
void          redis_server_restart    (RedisServer   *self);
/* The test's own question, over a connection of its own. An error reply is a reply */
redisReply   *redis_server_command    (RedisServer   *self,
                                       const char    *format,
                                       ...) G_GNUC_PRINTF (2, 3);
/* The same; the reply as text: integers in digits, arrays with spaces between, nil = "(nil)" */
char         *redis_server_text       (RedisServer   *self,
                                       const char    *format,
                                       ...) G_GNUC_PRINTF (2, 3);
/* Asks for 10 s until the reply as text contains `expected`; else the test fails */
void          redis_server_wait       (RedisServer   *self,
                                       const char    *expected,
                                       const char    *command);
/* (transfer full): the first of the names q0, q1, … whose key "{chihuo:NAME}:queue" is served by that node */
char         *redis_server_find_queue (RedisServer   *self);

static inline void
redis_reply_free (redisReply *self)
{
  freeReplyObject (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RedisFixture, redis_fixture_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (redisReply, redis_reply_free)

G_END_DECLS
