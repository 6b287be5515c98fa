/* chihuo-life-scene.h - every situation that tests/task-life.csv speaks of
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "chihuo-life-table.h"

G_BEGIN_DECLS

typedef void (* ChihuoSceneFunc) (const ChihuoSituation *situation,
                                  gpointer               user_data);

guint chihuo_scene_walk (ChihuoSceneFunc func,
                         gpointer        user_data);

G_END_DECLS
