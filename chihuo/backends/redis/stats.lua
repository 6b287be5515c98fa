-- stats.lua - how a queue stands
-- SPDX-License-Identifier: LGPL-2.1-or-later

-- The first of each priority, of which there are 256 at the most
local function get_firsts (key, ids)
  local lane = -128

  while lane <= 127 do
    local first = call('ZRANGE', key, format('%.0f', lane * LANE - HALF_LANE), '+inf', 'BYSCORE',
      'LIMIT', 0, 1, 'WITHSCORES')
    if not first[1] then
      return
    end
    ids[#ids + 1] = first[1]
    lane = math.floor((first[2] + HALF_LANE) / LANE) + 1
  end
end

local function get_oldest ()
  local ids, oldest = {}, 0

  get_firsts(WAITING, ids)
  get_firsts(SUSPECTS, ids)
  for _, value in ipairs(hmget(TASKS, ids, #ids)) do
    if value and #value >= 18 then
      local when = parse('<d', value, 11)
      oldest = oldest == 0 and when or min(oldest, when)
    end
  end
  return oldest
end

return {
  call('ZCARD', WAITING) + call('ZCARD', SUSPECTS), call('ZCARD', DELAYED), call('HLEN', RUNS),
  call('ZCARD', DEAD), call('HLEN', FINISHED), paused and 1 or 0, get_oldest(),
  tonumber(call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')[2] or 0), call('HLEN', WORKERS), now,
}
