/* queue-shell.c - does with a queue what it is told line by line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * queue-shell SERVER_CONFIG CALL_TIMEOUT
 *
 * add ID SIZE    adds a task with an info of that many bytes
 * look ID        its state and its last error
 * eat            runs a loop until all is eaten, and finishes each id
 *
 * Each line is answered by one that begins with ok, or with error and its name.
 */

#include <chihuo/chihuo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_TYPE_EATER (test_eater_get_type ())
G_DECLARE_FINAL_TYPE (TestEater, test_eater, TEST, EATER, ChihuoLoop)

struct _TestEater
{
  ChihuoLoop parent_instance;
  int        n_eaten; /* atomic */
};

G_DEFINE_FINAL_TYPE (TestEater, test_eater, CHIHUO_TYPE_LOOP)

static gboolean
test_eater_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  g_atomic_int_inc (&TEST_EATER (loop)->n_eaten);

  return TRUE;
}

static void
test_eater_class_init (TestEaterClass *klass)
{
  CHIHUO_LOOP_CLASS (klass)->make_task = test_eater_make_task;
}

static void
test_eater_init (TestEater *self)
{
}

static char *
add (ChihuoQueue *queue, const char *id, int size, GError **error)
{
  g_autofree char *json = g_strdup_printf ("\"%0*d\"", MAX (size - 2, 1), 0);
  g_autoptr (ChihuoTask) task = chihuo_task_new_from_json (id, json, error);
  ChihuoAddResult result;

  if (task == NULL)
    return NULL;
  result = chihuo_queue_add (queue, task, CHIHUO_ADD_FLAGS_NONE, error);
  if (result == CHIHUO_ADD_RESULT_ERROR)
    return NULL;

  return g_strdup (result == CHIHUO_ADD_RESULT_ADDED ? "added" : "known");
}

static char *
look (ChihuoQueue *queue, const char *id, GError **error)
{
  static const char *const states[] = { "absent", "waiting", "delayed", "running", "dead" };
  g_autoptr (ChihuoTask) task = chihuo_queue_look (queue, id, error);
  const char *trouble;

  if (task == NULL)
    return NULL;
  trouble = chihuo_task_get_last_error (task);
  if (chihuo_task_get_finished (task))
    return g_strdup ("finished");

  return g_strdup_printf ("%s %s", states[chihuo_task_get_state (task)],
                          trouble != NULL ? trouble : "");
}

static char *
eat (const char *server_config, GError **error)
{
  g_autoptr (TestEater) eater
      = g_object_new (TEST_TYPE_EATER, "name", "q", "server-config", server_config, "concurrency", 4,
                      "run-forever", FALSE, "finish-on-success", TRUE, NULL);
  ChihuoLoop *loops[] = { CHIHUO_LOOP (eater) };

  if (chihuo_run_loops (loops, 1, error) != 0 || *error != NULL)
    return NULL;

  return g_strdup_printf ("%d", g_atomic_int_get (&eater->n_eaten));
}

static const char *
name_error (const GError *error)
{
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_CONFIG))
    return "config";
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_BACKEND))
    return "backend";
  if (g_error_matches (error, CHIHUO_ERROR, CHIHUO_ERROR_UNKNOWN_OUTCOME))
    return "unknown-outcome";

  return "other";
}

static char *
obey (ChihuoQueue *queue, char **words, GError **error)
{
  if (g_str_equal (words[0], "add"))
    return add (queue, words[1], atoi (words[2]), error);
  if (g_str_equal (words[0], "look"))
    return look (queue, words[1], error);
  if (g_str_equal (words[0], "eat"))
    return eat (chihuo_queue_get_server_config (queue), error);

  g_assert_not_reached ();
}

int
main (int argc, char *argv[])
{
  g_autoptr (ChihuoQueue) queue = chihuo_queue_new ("q", argv[1]);
  char line[8192];

  setlocale (LC_ALL, "");
  chihuo_queue_set_call_timeout (queue, atof (argv[2]));
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", 3);
      g_autoptr (GError) error = NULL;
      g_autofree char *answer = obey (queue, words, &error);

      if (error == NULL)
        g_print ("ok %s\n", answer);
      else
        g_print ("error %s: %s\n", name_error (error), error->message);
    }

  return 0;
}
