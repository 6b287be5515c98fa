/* test-request.c - checks how arguments become a request that is sent, or refused
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "chihuo-error.h"
#include "chihuo-request.h"

static void
test_ids (void)
{
  const char *ids[] = { "a", "b", NULL };
  const char *name = g_intern_static_string ("q");
  g_autoptr (ChihuoRequest) request = chihuo_request_new_ids (name, CHIHUO_OP_REMOVE, ids);

  g_assert_true (chihuo_request_has_work (request));
  g_assert_cmpuint (request->call->n_items, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (request->call->items[i].op, ==, CHIHUO_OP_REMOVE);
      g_assert_true (request->call->items[i].queue == name);
      g_assert_cmpstr (chihuo_payload_get_id (request->call->items[i].payload), ==, ids[i]);
    }

  request->call->items[1].answer = CHIHUO_ANSWER_OK;
  g_assert_cmpuint (chihuo_request_count (request, CHIHUO_ANSWER_OK), ==, 1);
  g_assert_cmpuint (chihuo_request_count (request, CHIHUO_ANSWER_ABSENT), ==, 0);
}

static void
test_no_work (void)
{
  const char *bad[] = { "a", "", NULL };
  g_autoptr (ChihuoRequest) none = chihuo_request_new_ids ("q", CHIHUO_OP_REMOVE, NULL);
  g_autoptr (ChihuoRequest) silent = chihuo_request_new ("q", NULL);
  g_autoptr (ChihuoRequest) refused = chihuo_request_new_ids ("q", CHIHUO_OP_REMOVE, bad);

  g_assert_no_error (none->error);
  g_assert_false (chihuo_request_has_work (none));
  g_assert_false (chihuo_request_has_work (silent));
  g_assert_error (refused->error, CHIHUO_ERROR, CHIHUO_ERROR_INVALID);
  g_assert_false (chihuo_request_has_work (refused));
}

static void
test_first_refusal_stays (void)
{
  g_autoptr (ChihuoRequest) request = chihuo_request_new ("q", NULL);

  chihuo_request_invalid (request, "expected %d", 1);
  chihuo_request_invalid (request, "expected %d", 2);
  g_assert_cmpstr (request->error->message, ==, "queue “q”: expected 1");
}

/* An id is any bytes, and as long as it likes; what is shown of it is neither */
static void
test_shown_id (void)
{
  g_autoptr (ChihuoRequest) request = chihuo_request_new ("q", NULL);
  g_autoptr (GString) id = g_string_new ("\xff");

  for (int i = 0; i < 1000; i++)
    g_string_append (id, "ß");
  chihuo_request_refuse_nth (request, "id", 5, id->str,
                             g_error_new_literal (CHIHUO_ERROR, CHIHUO_ERROR_INVALID, "no good"));
  g_assert_true (g_str_has_prefix (request->error->message, "queue “q”: id 5 (“"));
  g_assert_true (g_str_has_suffix (request->error->message, "”): no good"));
  g_assert_true (g_utf8_validate (request->error->message, -1, NULL));
  g_assert_cmpuint (strlen (request->error->message), <, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/request/ids", test_ids);
  g_test_add_func ("/request/no-work", test_no_work);
  g_test_add_func ("/request/first-refusal-stays", test_first_refusal_stays);
  g_test_add_func ("/request/shown-id", test_shown_id);

  return g_test_run ();
}
