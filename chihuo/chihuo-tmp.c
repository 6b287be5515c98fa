#include "config.h"
#include "chihuo-loop-private.h"
ChihuoAddResult chihuo_loop_add_task_json (ChihuoLoop *self, const char *id, const char *json, GError **error)
{ g_autoptr (ChihuoTask) t = chihuo_task_new_from_json (id, json, error); if (!t) return 0; return chihuo_queue_add (chihuo_loop_get_queue (self), t, 0, error); }
gboolean chihuo_loop_task_finish (ChihuoLoop *self, const char *id, GError **error)
{ const char *ids[] = { id, NULL }; return chihuo_queue_mark_finished (chihuo_loop_get_queue (self), ids, error); }
