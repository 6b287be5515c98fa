/* test-lodis-response.c - the answers of an HTTP server, out of the bytes that come in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-lodis-response.h"

/* Fed in pieces of so many bytes; the bodies of all answers, each behind its status */
static char *
understand (const char *text, gsize step, GError **error)
{
  g_autoptr (ChihuoLodisResponse) response = chihuo_lodis_response_new ();
  GString *all = g_string_new (NULL);
  gsize length = strlen (text);

  for (gsize at = 0; at < length; at += step)
    {
      chihuo_lodis_response_feed (response, text + at, MIN (step, length - at));
      for (;;)
        {
          g_autoptr (GBytes) body = NULL;
          guint status;

          if (!chihuo_lodis_response_next (response, &status, &body, error))
            {
              g_string_free (all, TRUE);
              return NULL;
            }
          if (body == NULL)
            break;
          g_string_append_printf (all, "%u:%.*s;", status, (int) g_bytes_get_size (body),
                                  (const char *) g_bytes_get_data (body, NULL));
        }
    }

  return g_string_free (all, FALSE);
}

static void
test_good (void)
{
  static const char text[] =
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nX: y\r\n\r\nabc"
    "HTTP/1.1 500 Internal Server Error\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2;x=y\r\nde\r\n1\r\nf\r\n0\r\nTrailer: z\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

  for (gsize step = 1; step <= sizeof text; step++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *all = understand (text, step, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (all, ==, "200:abc;500:def;200:;");
    }
}

static void
test_bad (void)
{
  static const char *const texts[] = {
    "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 67108865\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *all = understand (texts[i], 1, &error);

      g_assert_null (all);
      g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
    }
}

/* A head without an end is not gathered for ever */
static void
test_endless (void)
{
  g_autofree char *filler = g_strnfill (20 * 1024, 'x');
  g_autofree char *text = g_strconcat ("HTTP/1.1 200 OK\r\nX: ", filler, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *all = understand (text, 1000, &error);

  g_assert_null (all);
  g_assert_error (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/lodis-response/good", test_good);
  g_test_add_func ("/lodis-response/bad", test_bad);
  g_test_add_func ("/lodis-response/endless", test_endless);

  return g_test_run ();
}
