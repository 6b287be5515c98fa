/* test-backend.c - the thin layer over a backend's vfuncs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-backend.h"
#include "chihuo-error.h"

/* It has nothing, or what lies: vfuncs that fail without an error, or succeed with one */
typedef enum
{
  FAILS_SILENTLY,
  SUCCEEDS_WITH_ERROR,
  SUCCEEDS,
} Mood;

typedef struct
{
  GObject parent_instance;
  Mood    mood;
} LyingBackend;

typedef struct
{
  GObjectClass parent_class;
} LyingBackendClass;

typedef LyingBackend EmptyBackend;
typedef LyingBackendClass EmptyBackendClass;

static gboolean
lie (ChihuoBackend *backend, GError **error)
{
  LyingBackend *self = (LyingBackend *) backend;

  if (self->mood == SUCCEEDS_WITH_ERROR)
    g_set_error_literal (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL, "a lie");

  return self->mood != FAILS_SILENTLY;
}

static gboolean
lying_open (ChihuoBackend *self, ChihuoConfig *config, GError **error)
{
  return lie (self, error);
}

static gboolean
lying_exchange (ChihuoBackend *self, ChihuoBatch *batch, GError **error)
{
  return lie (self, error);
}

static gboolean
lying_page (ChihuoBackend *self, ChihuoPage *page, GError **error)
{
  return lie (self, error);
}

static gboolean
lying_stats (ChihuoBackend *self, const char *queue, gint64 now, ChihuoStats *stats, GError **error)
{
  return lie (self, error);
}

static gboolean
lying_sweep (ChihuoBackend *self, ChihuoSweep *sweep, GError **error)
{
  return lie (self, error);
}

static gboolean
lying_reap (ChihuoBackend *self, const ChihuoMoment *moment, guint *n_reaped, gboolean *more,
            GError **error)
{
  return lie (self, error);
}

static void
lying_iface_init (ChihuoBackendInterface *iface)
{
  iface->can_carry = TRUE;
  iface->can_notify = TRUE;
  iface->open = lying_open;
  iface->close = lie;
  iface->exchange = lying_exchange;
  iface->page = lying_page;
  iface->stats = lying_stats;
  iface->sweep = lying_sweep;
  iface->reap = lying_reap;
}

static void
empty_iface_init (ChihuoBackendInterface *iface)
{
}

GType lying_backend_get_type (void);
GType empty_backend_get_type (void);

G_DEFINE_TYPE_WITH_CODE (LyingBackend, lying_backend, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND, lying_iface_init))
G_DEFINE_TYPE_WITH_CODE (EmptyBackend, empty_backend, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (CHIHUO_TYPE_BACKEND, empty_iface_init))

static void
lying_backend_class_init (LyingBackendClass *klass)
{
}

static void
lying_backend_init (LyingBackend *self)
{
}

static void
empty_backend_class_init (EmptyBackendClass *klass)
{
}

static void
empty_backend_init (EmptyBackend *self)
{
}

static gboolean
call (ChihuoBackend *backend, guint vfunc, GError **error)
{
  ChihuoMoment moment = { 0 };
  ChihuoStats stats = { 0 };
  ChihuoBatch batch = { 0 };
  ChihuoSweep sweep = { 0 };
  ChihuoPage page = { 0 };
  gboolean more = TRUE;
  guint n_reaped = 1;
  gboolean ok;

  switch (vfunc)
    {
    case 0:
      return chihuo_backend_open (backend, NULL, error);
    case 1:
      return chihuo_backend_close (backend, error);
    case 2:
      ok = chihuo_backend_reap (backend, &moment, &n_reaped, &more, error);
      g_assert_cmpuint (n_reaped, ==, 0);
      g_assert_false (more);
      return ok;
    case 3:
      return chihuo_backend_exchange (backend, &batch, error);
    case 4:
      return chihuo_backend_page (backend, &page, error);
    case 5:
      return chihuo_backend_stats (backend, "q", 0, &stats, error);
    default:
      return chihuo_backend_sweep (backend, &sweep, error);
    }
}

#define N_VFUNCS 7
#define N_OPTIONAL 3 /* the first ones: a backend needs none of them */

static void
test_empty (void)
{
  g_autoptr (ChihuoBackend) backend = g_object_new (empty_backend_get_type (), NULL);

  g_assert_false (chihuo_backend_can_carry (backend));
  g_assert_false (chihuo_backend_can_notify (backend));
  g_assert_null (chihuo_backend_create_source (backend));
  for (guint i = 0; i < N_VFUNCS; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (call (backend, i, &error), ==, i < N_OPTIONAL);
      if (i < N_OPTIONAL)
        g_assert_no_error (error);
      else
        g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED);
    }
}

/* Whatever another language's code does, there is an error if and only if it failed */
static void
test_lies (void)
{
  g_autoptr (ChihuoBackend) backend = g_object_new (lying_backend_get_type (), NULL);
  LyingBackend *liar = (LyingBackend *) backend;

  g_assert_true (chihuo_backend_can_carry (backend));
  g_assert_true (chihuo_backend_can_notify (backend));
  for (guint i = 0; i < N_VFUNCS; i++)
    {
      g_autoptr (GError) error = NULL;

      liar->mood = FAILS_SILENTLY;
      g_assert_false (call (backend, i, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND);
      g_assert_true (g_str_has_suffix (error->message, "() of LyingBackend failed without an error"));
      g_clear_error (&error);

      liar->mood = SUCCEEDS_WITH_ERROR;
      g_assert_false (call (backend, i, &error));
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
      g_assert_false (call (backend, i, NULL));
      g_clear_error (&error);

      liar->mood = SUCCEEDS;
      g_assert_true (call (backend, i, &error));
      g_assert_no_error (error);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backend/empty", test_empty);
  g_test_add_func ("/backend/lies", test_lies);

  return g_test_run ();
}
