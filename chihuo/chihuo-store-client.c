/* chihuo-store-client.c - an engine as its store sees it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "chihuo-store-client.h"

ChihuoStoreClient *
chihuo_store_client_ref (ChihuoStoreClient *client)
{
  g_atomic_ref_count_inc (&client->ref_count);
  return client;
}

void
chihuo_store_client_unref (ChihuoStoreClient *client)
{
  if (g_atomic_ref_count_dec (&client->ref_count))
    client->free_func (client);
}
