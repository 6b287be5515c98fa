/* fuzz-target.h - what each fuzz target has, for libFuzzer and for the replay of a corpus
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of an input, read from the front; when there are no more, they are 0 */
typedef struct
{
  const uint8_t *at;
  const uint8_t *end;
} FuzzBytes;

int LLVMFuzzerInitialize   (int           *argc,
                            char        ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data,
                            size_t         size);

static inline guint
fuzz_take (FuzzBytes *bytes)
{
  return bytes->at < bytes->end ? *bytes->at++ : 0;
}

static inline gboolean
fuzz_has_more (const FuzzBytes *bytes)
{
  return bytes->at < bytes->end;
}

/* Messages are no news to a fuzzer, warnings are faults */
static inline GLogWriterOutput
fuzz_log_writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) == 0)
    return G_LOG_WRITER_HANDLED;

  g_log_writer_standard_streams (level, fields, n_fields, data);
  g_abort ();
}

static inline void
fuzz_init (void)
{
  g_log_set_writer_func (fuzz_log_writer, NULL, NULL);
}
