/* chihuo-conformance-process.c - a second process on the same store, killed in the middle
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chihuo-conformance-parts.h"

/* The other process: claims, says what it got, and is killed */
int
chihuo_conformance_die (const ChihuoConformanceFactory *factory, const char *address, guint n)
{
  g_autofree char *claimant = g_uuid_string_random ();
  g_autoptr (ChihuoTrial) trial = chihuo_trial_new_at (factory, address, claimant);
  g_autofree char *ids = chihuo_trial_claim_ids (trial, n);

  g_print ("%s", ids);
  kill (getpid (), SIGKILL);
  g_assert_not_reached ();
}

/* Runs this very program as the other process, and waits for its end */
static char *
run_and_kill (ChihuoTrial *trial, const char *n)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  const char *argv[] = { self, "--die", trial->address, n, NULL };
  g_autoptr (GError) error = NULL;
  char *output = NULL;
  int status = 0;

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status,
                &error);
  g_assert_no_error (error);
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);

  return output;
}

/* Where a death shows by its leases, those run out; who lives renews his own */
static void
let_death_show (ChihuoTrial *trial, const ChihuoClaimed *own)
{
  g_auto (ChihuoItem) renewal = { 0 };

  if (trial->factory->crash != NULL)
    return;

  chihuo_trial_advance (trial, CHIHUO_TRIAL_HOUR);
  renewal = chihuo_trial_item (trial, CHIHUO_OP_RENEW, NULL);
  renewal.payload = chihuo_payload_ref (own->payload);
  renewal.claimant = trial->claimant;
  renewal.token = own->token;
  renewal.handle = own->handle;
  renewal.renew.lease = CHIHUO_TRIAL_LEASE;
  g_assert_cmpint (chihuo_trial_do (trial, &renewal), ==, CHIHUO_ANSWER_OK);
}

static void
test_killed (const ChihuoConformanceFactory *factory)
{
  g_autoptr (ChihuoTrial) trial = NULL;
  g_autofree char *before = NULL;

  trial = chihuo_trial_new (factory);
  chihuo_trial_add_many (trial, "t", 6);
  before = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
  for (guint i = 0; i < 2; i++)
    {
      g_auto (ChihuoItem) claim = chihuo_trial_claim (trial, 1);
      g_autofree char *theirs = run_and_kill (trial, "3");
      g_autofree char *waiting = NULL;

      g_assert_cmpstr (theirs, ==, i == 0 ? "t0001 t0002 t0003" : "t0001 t0004 t0005");
      let_death_show (trial, &claim.claim.claimed[0]);
      g_assert_cmpuint (chihuo_trial_reap (trial), ==, 3);
      g_assert_cmpint (chihuo_trial_settle (trial, &claim.claim.claimed[0], CHIHUO_SETTLE_RETURNED),
                       ==, CHIHUO_ANSWER_OK);
      waiting = chihuo_trial_list_ids (trial, CHIHUO_TASK_STATE_WAITING);
      g_assert_cmpstr (waiting, ==, before);
      chihuo_trial_check (trial);
    }
}

const ChihuoConformanceEntry chihuo_conformance_process[] = {
  { "process/killed", test_killed, CHIHUO_CONFORMANCE_NEEDS_SPAWN },
  { NULL, NULL },
};
