/* chihuo-simple-storage.c - checked calls of a simple backend's storage
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-simple-storage.h"

/* A vfunc may be missing, or written in a language where it fails without saying why: both end
 * as an error that names the type and the vfunc. */

static gboolean
refuse (ChihuoSimpleBackend *backend, const char *vfunc, GError **error)
{
  g_set_error (error, CHIHUO_ERROR, CHIHUO_ERROR_NOT_SUPPORTED, "%s has no %s()",
               G_OBJECT_TYPE_NAME (backend), vfunc);
  return FALSE;
}

static gboolean
checked (ChihuoSimpleBackend *backend, const char *vfunc, gboolean ok, GError *local,
         GError **error)
{
  if (ok && local == NULL)
    return TRUE;

  if (local == NULL)
    local = g_error_new (CHIHUO_ERROR, CHIHUO_ERROR_BACKEND, "%s() of %s failed without an error",
                         vfunc, G_OBJECT_TYPE_NAME (backend));
  g_propagate_error (error, local);
  return FALSE;
}

gboolean
chihuo_simple_storage_begin (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  if (klass->begin == NULL)
    return TRUE;

  ok = klass->begin (backend, &local);
  return checked (backend, "begin", ok, local, error);
}

gboolean
chihuo_simple_storage_commit (ChihuoSimpleBackend *backend, GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  if (klass->commit == NULL)
    return TRUE;

  ok = klass->commit (backend, &local);
  return checked (backend, "commit", ok, local, error);
}

/* The error that led here is the one to be told; a second one is only logged */
void
chihuo_simple_storage_roll_back (ChihuoSimpleBackend *backend)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  g_autoptr (GError) error = NULL;

  if (klass->roll_back != NULL && !klass->roll_back (backend, &error))
    g_message ("%s: rolling back failed: %s", G_OBJECT_TYPE_NAME (backend),
               error != NULL ? error->message : "without an error");
}

gboolean
chihuo_simple_storage_load (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                            GBytes **value, GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  *value = NULL;
  if (klass->load == NULL)
    return refuse (backend, "load", error);

  ok = klass->load (backend, queue, key, value, &local);
  return checked (backend, "load", ok, local, error);
}

gboolean
chihuo_simple_storage_save (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                            const char *index, GBytes *value, GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  if (klass->save == NULL)
    return refuse (backend, "save", error);

  ok = klass->save (backend, queue, key, index, value, &local);
  return checked (backend, "save", ok, local, error);
}

gboolean
chihuo_simple_storage_remove (ChihuoSimpleBackend *backend, const char *queue, const char *key,
                              GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  if (klass->remove == NULL)
    return refuse (backend, "remove", error);

  ok = klass->remove (backend, queue, key, &local);
  return checked (backend, "remove", ok, local, error);
}

gboolean
chihuo_simple_storage_next (ChihuoSimpleBackend *backend, const char *queue, const char *after,
                            const char *before, char **key, char **index, GError **error)
{
  ChihuoSimpleBackendClass *klass = CHIHUO_SIMPLE_BACKEND_GET_CLASS (backend);
  GError *local = NULL;
  gboolean ok;

  *key = NULL;
  *index = NULL;
  if (klass->next == NULL)
    return refuse (backend, "next", error);

  ok = klass->next (backend, queue, after, before, key, index, &local);
  return checked (backend, "next", ok, local, error);
}
