/* fuzz-lodis-reply.c - any bytes as what a Lodis answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-error.h"
#include "chihuo-lodis-frame.h"
#include "chihuo-lodis-response.h"
#include "fuzz-target.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_init ();
  return 0;
}

/* Items until something does not fit; never more than there are */
static void
read_all (ChihuoLodisReader *reader)
{
  gboolean ok = TRUE;

  while (ok && reader->left > 0)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) item = NULL;
      gsize before = reader->left;

      ok = before % 2 == 0 ? chihuo_lodis_frame_take_option (reader, &item, &error)
                           : chihuo_lodis_frame_take_item (reader, &item, &error);
      g_assert_cmpint (ok, ==, error == NULL);
      if (!ok)
        g_assert_true (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL));
      g_assert_cmpuint (reader->left, <=, before);
      g_assert_true (item == NULL || g_bytes_get_size (item) < before);
    }
}

/* What is fed byte by byte is understood as what is fed at once; gives the sizes of all bodies */
static guint64
understand (const uint8_t *data, size_t size, size_t step)
{
  g_autoptr (ChihuoLodisResponse) response = chihuo_lodis_response_new ();
  guint64 sum = 1;

  for (size_t at = 0; at < size; at += step)
    {
      chihuo_lodis_response_feed (response, data + at, MIN (step, size - at));
      for (;;)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (GBytes) body = NULL;
          ChihuoLodisReader reader;
          guint status;

          if (!chihuo_lodis_response_next (response, &status, &body, &error))
            {
              g_assert_true (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_PROTOCOL));
              return sum;
            }
          if (body == NULL)
            break;
          sum = sum * 31 + g_bytes_get_size (body) + status;
          if (chihuo_lodis_frame_open (&reader, status, body, NULL))
            read_all (&reader);
        }
    }

  return sum;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size > 0)
    g_assert_cmpuint (understand (data, size, size), ==, understand (data, size, 1));

  return 0;
}
