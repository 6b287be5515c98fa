/* test-registry.c - from a scheme to a backend
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-memory-backend.h"
#include "chihuo-redis-backend.h"
#include "chihuo-registry.h"
#include "chihuo-sqlite-backend.h"

/* One of a user's */
typedef struct
{
  GObject parent_instance;
} OwnBackend;

typedef struct
{
  GObjectClass parent_class;
} OwnBackendClass;

static void
own_iface_init (ChihuoBackendInterface *iface)
{
}

GType own_backend_get_type (void);

G_DEFINE_TYPE_WITH_CODE (OwnBackend, own_backend, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND, own_iface_init))

static void
own_backend_class_init (OwnBackendClass *klass)
{
}

static void
own_backend_init (OwnBackend *self)
{
}

static void
test_built_in (void)
{
  g_autoptr (ChihuoBackend) memory = chihuo_registry_create ("memory", NULL);
  g_autoptr (ChihuoBackend) sqlite = chihuo_registry_create ("sqlite", NULL);
  g_autoptr (ChihuoBackend) another = chihuo_registry_create ("memory", NULL);

  g_assert_true (CHIHUO_IS_MEMORY_BACKEND (memory));
  g_assert_true (CHIHUO_IS_SQLITE_BACKEND (sqlite));
  g_assert_true (another != memory);
}

/* All ways to a Redis lead to the same backend */
static void
test_redis (void)
{
  static const char *const schemes[] = { "redis", "rediss", "redis+unix", "redis+sentinel" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (ChihuoBackend) backend = chihuo_registry_create (schemes[i], NULL);

      g_assert_true (CHIHUO_IS_REDIS_BACKEND (backend));
    }
}

static void
test_unknown (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (chihuo_registry_create ("nonsense", &error));
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG);
  g_assert_nonnull (g_strstr_len (error->message, -1, "“nonsense”"));
  g_assert_nonnull (g_strstr_len (error->message, -1, "memory"));
  g_assert_nonnull (g_strstr_len (error->message, -1, "sqlite"));
}

static void
test_own (void)
{
  g_autoptr (ChihuoBackend) backend = NULL;

  g_assert_nonnull (g_io_extension_point_implement (CHIHUO_BACKEND_EXTENSION_POINT,
                                                    own_backend_get_type (), "own", 0));
  backend = chihuo_registry_create ("own", NULL);
  g_assert_true (G_TYPE_CHECK_INSTANCE_TYPE (backend, own_backend_get_type ()));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/registry/built-in", test_built_in);
  g_test_add_func ("/registry/redis", test_redis);
  g_test_add_func ("/registry/unknown", test_unknown);
  g_test_add_func ("/registry/own", test_own);

  return g_test_run ();
}
