/* lodis-fixture.h - a queue server of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  LODIS_FIXTURE_OURS,     /* the program lodis */
  LODIS_FIXTURE_ORIGINAL, /* a stub that knows the commands of the original one only */
} LodisFixtureKind;

typedef struct
{
  LodisFixtureKind  kind;
  char             *folder;  /* (owned): its database */
  GSubprocess      *process; /* (owned) (nullable) */
  guint16           port;
} LodisFixture;

LodisFixture *lodis_fixture_new   (LodisFixtureKind  kind);
void          lodis_fixture_free  (LodisFixture     *self);
void          lodis_fixture_start (LodisFixture     *self);
void          lodis_fixture_stop  (LodisFixture     *self,
                                   int               signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LodisFixture, lodis_fixture_free)

G_END_DECLS
