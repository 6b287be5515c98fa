-- marks.lua - lists the finished ids in the order of their bytes
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- They stand in a hash, which has no order. The first list begins an index, in steps; until that is
-- ready there is nothing to list. The field `marks` says how far it has come: a cursor, or "ready".

local STEP = 1024

local function build ()
  local page = call('HSCAN', FINISHED, marks or '0', 'COUNT', STEP)
  local members, n = {}, 0

  for i = 1, #page[2], 2 do
    members[n + 1], members[n + 2] = 0, page[2][i]
    n = n + 2
  end
  many('ZADD', MARKS, members, n)
  marks = page[1] ~= '0' and page[1] or 'ready'
end

if marks ~= 'ready' then
  build()
end
call('HSET', QUEUE, 'marks', marks, 'marks_used', format('%.0f', now))

local reply = { 0 }
if marks == 'ready' then
  reply = call('ZRANGE', MARKS, ARGV[2] == '' and '-' or '(' .. ARGV[2], '+', 'BYLEX', 'LIMIT', 0,
    ARGV[3])
  table.insert(reply, 1, 1)
end
return reply
