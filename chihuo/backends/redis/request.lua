-- request.lua - the request of a client: in order, and carried out once
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A client's record holds the number of its last request, and what its parts were answered: a byte
-- for each item, and of each claim "|" and how many it got.

local request, part, predecessor = tonumber(ARGV[2]), ARGV[3], ARGV[4]
local is_known, repeated

local function begin_request ()
  local said = call('HMGET', CLIENT, 'r', part, predecessor)

  if said[1] then
    -- the difference survives the overflow of 32 bits
    local newer = (request - said[1]) % 4294967296
    if newer >= 2147483648 then
      return redis.error_reply('OUTDATED request ' .. request .. ' came after ' .. said[1])
    end
    is_known = newer == 0
  end

  repeated = is_known and said[2]
  if repeated then
    -- Since Redis 7.2 WAIT waits for the last write of its own connection. The first attempt's was another one
    -- maybe: so there is one here, behind it
    call('EXPIRE', CLIENT, ARGV[5])
  elseif predecessor ~= '0' and not (is_known and said[3]) then
    return redis.error_reply('ORDER part ' .. part .. ' came before ' .. predecessor)
  end
end

local function finish_request (answers)
  if not is_known then
    call('DEL', CLIENT)
  end
  call('HSET', CLIENT, 'r', ARGV[2], part, answers)
  call('EXPIRE', CLIENT, ARGV[5])
end

refusal = begin_request()
if refusal then
  return refusal
end
