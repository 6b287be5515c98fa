/* loop-fixture.h - loops whose functions each test brings along
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-error.h"
#include "chihuo-loop.h"
#include "chihuo-run.h"
#include "chihuo-store.h"

typedef struct _TestLoop TestLoop;
typedef gboolean (* TestStart) (TestLoop   *self,
                                GError    **error);
typedef gboolean (* TestTask)  (TestLoop   *self,
                                ChihuoTask *task,
                                GError    **error);
typedef gboolean (* TestTasks) (TestLoop   *self,
                                GPtrArray  *tasks,
                                GError    **error);

/* Its functions are the test's; the log is what they write down, in order */
struct _TestLoop
{
  ChihuoLoop  parent_instance;

  TestStart   start; /* (nullable) */
  TestTask    make;  /* (nullable): TRUE */
  TestTask    begin; /* TestBeginLoop only */
  TestTasks   begin_many; /* TestManyLoop only */
  gpointer    data;

  GMutex      mutex;
  GCond       cond;
  /* under the mutex */
  GString    *log;     /* (owned) */
  int         n_in;    /* how many are in make */
  int         max_in;
  gboolean    reached;
  gboolean    opened;
};

typedef struct
{
  ChihuoLoopClass parent_class;
} TestLoopClass;

typedef TestLoop TestBeginLoop;
typedef TestLoopClass TestBeginLoopClass;
typedef TestLoop TestManyLoop;
typedef TestLoopClass TestManyLoopClass;

GType test_loop_get_type       (void);
GType test_begin_loop_get_type (void);
GType test_many_loop_get_type  (void);

G_DEFINE_TYPE (TestLoop, test_loop, CHIHUO_TYPE_LOOP)
G_DEFINE_TYPE (TestBeginLoop, test_begin_loop, test_loop_get_type ())
G_DEFINE_TYPE (TestManyLoop, test_many_loop, test_loop_get_type ())

/* Adds a word to the log */
static inline void
note (TestLoop *self, const char *word)
{
  g_mutex_lock (&self->mutex);
  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  g_string_append (self->log, word);
  g_mutex_unlock (&self->mutex);
}

static inline void
assert_log (TestLoop *self, const char *expected)
{
  g_mutex_lock (&self->mutex);
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
  g_mutex_unlock (&self->mutex);
}

static gboolean
test_loop_start (ChihuoLoop *loop, GError **error)
{
  TestLoop *self = (TestLoop *) loop;

  return self->start == NULL || self->start (self, error);
}

static gboolean
test_loop_make_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  TestLoop *self = (TestLoop *) loop;
  gboolean ok;

  g_mutex_lock (&self->mutex);
  self->n_in++;
  self->max_in = MAX (self->max_in, self->n_in);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  ok = self->make == NULL || self->make (self, task, error);

  g_mutex_lock (&self->mutex);
  self->n_in--;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);

  return ok;
}

static void
test_loop_finalize (GObject *object)
{
  TestLoop *self = (TestLoop *) object;

  g_string_free (self->log, TRUE);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (test_loop_parent_class)->finalize (object);
}

static void
test_loop_class_init (TestLoopClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_loop_finalize;
  klass->parent_class.start = test_loop_start;
  klass->parent_class.make_task = test_loop_make_task;
}

static void
test_loop_init (TestLoop *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->log = g_string_new (NULL);
}

/* Without a function of the test's it chains up */
static gboolean
test_begin_loop_begin_task (ChihuoLoop *loop, ChihuoTask *task, GError **error)
{
  TestLoop *self = (TestLoop *) loop;

  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  if (self->begin != NULL)
    return self->begin (self, task, error);

  return CHIHUO_LOOP_CLASS (test_begin_loop_parent_class)->begin_task (loop, task, error);
}

static void
test_begin_loop_class_init (TestBeginLoopClass *klass)
{
  klass->parent_class.begin_task = test_begin_loop_begin_task;
}

static void
test_begin_loop_init (TestBeginLoop *self)
{
}

static gboolean
test_many_loop_begin_tasks (ChihuoLoop *loop, ChihuoTask **tasks, gsize n_tasks, GError **error)
{
  TestLoop *self = (TestLoop *) loop;
  g_autoptr (GPtrArray) array = g_ptr_array_new ();

  for (gsize i = 0; i < n_tasks; i++)
    g_ptr_array_add (array, tasks[i]);

  return self->begin_many (self, array, error);
}

static void
test_many_loop_class_init (TestManyLoopClass *klass)
{
  klass->parent_class.begin_tasks = test_many_loop_begin_tasks;
}

static void
test_many_loop_init (TestManyLoop *self)
{
}

/* A loop that ends by itself, on a memory store of its own */
static inline TestLoop *
loop_of_type (GType type)
{
  static int n;
  g_autofree char *config = g_strdup_printf ("memory:loop-%d", n++);

  return g_object_new (type, "name", "q", "server-config", config, "run-forever", FALSE, NULL);
}

static inline TestLoop *
loop_new (TestTask make)
{
  TestLoop *self = loop_of_type (test_loop_get_type ());

  self->make = make;

  return self;
}

static inline TestLoop *
begin_loop_new (TestTask begin)
{
  TestLoop *self = loop_of_type (test_begin_loop_get_type ());

  self->begin = begin;

  return self;
}

static inline ChihuoQueue *
queue_of (TestLoop *self)
{
  return chihuo_loop_get_queue (CHIHUO_LOOP (self));
}

/* Adds the words of `ids` */
static inline void
add_ids (TestLoop *self, const char *ids)
{
  g_auto (GStrv) words = g_strsplit (ids, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (chihuo_loop_add_task (CHIHUO_LOOP (self), words[i], NULL, &error), ==,
                       CHIHUO_ADD_RESULT_ADDED);
      g_assert_no_error (error);
    }
}

/* Adds a task with limits of its own */
static inline void
add_limited (TestLoop *self, const char *id, double timeout, guint max_tries)
{
  g_autoptr (ChihuoTask) task = chihuo_task_new (id, NULL);
  g_autoptr (GError) error = NULL;

  if (timeout > 0)
    chihuo_task_set_timeout (task, timeout);
  if (max_tries > 0)
    chihuo_task_set_max_tries (task, max_tries);
  g_assert_cmpint (chihuo_queue_add (queue_of (self), task, 0, &error), ==,
                   CHIHUO_ADD_RESULT_ADDED);
  g_assert_no_error (error);
}

static inline void
run_loop (TestLoop *self)
{
  ChihuoLoop *loops[] = { CHIHUO_LOOP (self) };
  g_autoptr (GError) error = NULL;
  int status = chihuo_run_loops (loops, 1, &error);

  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

static inline ChihuoTask *
look (TestLoop *self, const char *id)
{
  g_autoptr (GError) error = NULL;
  ChihuoTask *task = chihuo_queue_look (queue_of (self), id, &error);

  g_assert_no_error (error);

  return task;
}

static inline void
assert_state (TestLoop *self, const char *id, ChihuoTaskState state, gboolean finished)
{
  g_autoptr (ChihuoTask) task = look (self, id);

  g_assert_cmpint (chihuo_task_get_state (task), ==, state);
  g_assert_cmpint (chihuo_task_get_finished (task), ==, finished);
}

static inline void
assert_dead (TestLoop *self, const char *id, const char *error)
{
  g_autoptr (ChihuoTask) task = look (self, id);

  g_assert_cmpint (chihuo_task_get_state (task), ==, CHIHUO_TASK_STATE_DEAD);
  g_assert_cmpstr (chihuo_task_get_last_error (task), ==, error);
}

/* The ids of one state, in the queue's order */
static inline void
assert_list (TestLoop *self, ChihuoTaskState state, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = chihuo_queue_list (queue_of (self), state, NULL, 0, &error);
  g_autoptr (GString) ids = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < tasks->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "",
                            chihuo_task_get_id (g_ptr_array_index (tasks, i)));
  g_assert_cmpstr (ids->str, ==, expected);
}

/* A gate between two threads: one reaches it, the other opens it */
static inline void
gate_wait_reached (TestLoop *self)
{
  g_mutex_lock (&self->mutex);
  while (!self->reached)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static inline void
gate_pass (TestLoop *self)
{
  g_mutex_lock (&self->mutex);
  self->reached = TRUE;
  g_cond_broadcast (&self->cond);
  while (!self->opened)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
}

static inline void
gate_open (TestLoop *self)
{
  g_mutex_lock (&self->mutex);
  self->opened = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

/* Waits in a running task until its code was told */
static inline void
wait_cancelled (ChihuoTask *task)
{
  while (!chihuo_task_is_cancelled (task))
    g_usleep (200);
}

static inline void
keep_result_cb (GObject *object, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Returns when the callback has run and the call has let go of its object */
static inline void
await (GAsyncResult **result)
{
  while (*result == NULL)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Each test is a leak test: of its loop, with it of its queue, and of its store */
static inline void
loop_over (TestLoop *self)
{
  ChihuoQueue *queue = queue_of (self);
  gpointer watched = queue;

  g_object_add_weak_pointer (G_OBJECT (queue), &watched);
  g_assert_finalize_object (CHIHUO_LOOP (self));
  g_assert_null (watched);
  chihuo_store_wait_closed ();
}
