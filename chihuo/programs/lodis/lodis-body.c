/* lodis-body.c - the body of a request, as it comes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include "lodis-body.h"

/* Who sends too much is let go on up to here, since an answer in the middle of his sending would be lost */
#define DISCARD_MAX (128u << 20)
#define CHUNK_LINE_MAX 4096

/* A body of this size finds room always: all connections together have too few of them to matter */
#define SMALL_MAX (64u << 10)

void
lodis_body_begin (LodisBody *self, LodisBodyRoom *room, gboolean chunked, guint64 length)
{
  lodis_body_clear (self);
  self->room = room;
  self->bytes = g_byte_array_new ();
  self->chunked = chunked;
  self->left = chunked ? 0 : length;
  self->seen = chunked ? 0 : length;
}

/* Nothing of it is kept then */
gboolean
lodis_body_is_large (LodisBody *self)
{
  return self->seen > LODIS_BODY_MAX;
}

/* Nothing of it is kept then, either, but another try may have more luck */
gboolean
lodis_body_is_crowded (LodisBody *self)
{
  return self->crowded;
}

/* What is kept makes room for others */
static void
drop (LodisBody *self)
{
  if (self->room != NULL && self->bytes != NULL)
    self->room->held -= self->bytes->len;
  g_clear_pointer (&self->bytes, g_byte_array_unref);
}

static void
keep (LodisBody *self, LodisSpan bytes)
{
  if (self->room != NULL)
    {
      self->crowded = self->bytes->len + bytes.length > SMALL_MAX
                      && self->room->held + bytes.length > self->room->max;
      if (self->crowded)
        {
          drop (self);
          self->bytes = g_byte_array_new ();
          return;
        }
      self->room->held += bytes.length;
    }

  lodis_reply_add_bytes (self->bytes, bytes);
}

static void
take (LodisBody *self, LodisSpan bytes, gsize *used)
{
  gsize n = MIN (self->left, bytes.length - *used);

  if (!lodis_body_is_large (self) && !self->crowded)
    keep (self, (LodisSpan) { bytes.data + *used, n });
  self->left -= n;
  *used += n;
}

/* Hexadecimal digits, and then perhaps what nobody needs */
static gboolean
read_size (LodisBody *self, const guint8 *line, gsize length)
{
  gsize i;

  self->left = 0;
  for (i = 0; i < length && g_ascii_isxdigit (line[i]); i++)
    {
      if (self->left > G_MAXUINT32)
        return FALSE;
      self->left = self->left * 16 + g_ascii_xdigit_value (line[i]);
    }
  if (i == 0 || (i < length && strchr ("; \t\r", line[i]) == NULL))
    return FALSE;

  self->seen += self->left;
  if (lodis_body_is_large (self))
    {
      drop (self);
      self->bytes = g_byte_array_new ();
    }
  return TRUE;
}

/* One line of the chunks: a size, the end of a chunk, or what stands behind the last one */
static LodisBodyState
read_line (LodisBody *self, const guint8 *line, gsize length)
{
  gboolean empty = length == 0 || (length == 1 && line[0] == '\r');

  if (self->trailer)
    return empty ? LODIS_BODY_DONE : LODIS_BODY_MORE;
  if (self->behind)
    {
      self->behind = FALSE;
      return empty ? LODIS_BODY_MORE : LODIS_BODY_WRONG;
    }
  if (!read_size (self, line, length))
    return LODIS_BODY_WRONG;

  self->trailer = self->left == 0;
  self->behind = !self->trailer;
  return LODIS_BODY_MORE;
}

static LodisBodyState
feed_chunks (LodisBody *self, LodisSpan bytes, gsize *used)
{
  LodisBodyState state = LODIS_BODY_MORE;

  while (state == LODIS_BODY_MORE)
    {
      const guint8 *line;
      const guint8 *end;

      take (self, bytes, used);
      if (*used == bytes.length)
        return LODIS_BODY_MORE;
      line = bytes.data + *used;
      end = memchr (line, '\n', bytes.length - *used);
      if (end == NULL)
        return bytes.length - *used > CHUNK_LINE_MAX ? LODIS_BODY_WRONG : LODIS_BODY_MORE;
      *used += end - line + 1;
      state = read_line (self, line, end - line);
    }

  return state;
}

/* used: how much of the bytes is done with; the rest has to come again, with more behind it */
LodisBodyState
lodis_body_feed (LodisBody *self, LodisSpan bytes, gsize *used)
{
  LodisBodyState state;

  *used = 0;
  if (self->seen > DISCARD_MAX)
    return LODIS_BODY_WRONG;
  if (!self->chunked)
    {
      take (self, bytes, used);
      return self->left == 0 ? LODIS_BODY_DONE : LODIS_BODY_MORE;
    }

  state = feed_chunks (self, bytes, used);
  return self->seen > DISCARD_MAX ? LODIS_BODY_WRONG : state;
}

void
lodis_body_clear (LodisBody *self)
{
  drop (self);
  memset (self, 0, sizeof *self);
}
