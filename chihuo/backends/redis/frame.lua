-- frame.lua - what each script begins with: the queue's numbers, the time, commands on many ids
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Functions are made anew at each call, so what only some calls need is made by a function of its
-- own when it is needed. Numbers above 10^14 become text by "%.0f": ".." would cut them.

local call, tonumber, unpack, min, max = redis.call, tonumber, unpack, math.min, math.max
local format, sub, byte = string.format, string.sub, string.byte
local pack, parse = struct.pack, struct.unpack
local ARGV = ARGV

local QUEUE, TASKS, WAITING, SUSPECTS, DELAYED, RUNS, LEASES, PENDING, DEAD, FINISHED, WORKERS,
  CLAIMS, MARKS, CLIENT = unpack(KEYS)

local SCHEMA = 1
local LANE = 2 ^ 44 -- a score is priority * LANE + place
local HALF_LANE = 2 ^ 43
local MARK_UNIT = 16 -- µs
local MANY = 16
local PIECE = 2000 -- the most arguments that unpack() is trusted with; even, for pairs

-- ChihuoAnswer, as it stands in an answer
local ADDED, EXISTS, AGAIN, BUSY, IS_DEAD, IS_FINISHED = '1', '2', '3', '4', '5', '6'
local OK, STALE, CANCELLED, DROPPED, ABSENT = '7', '8', '9', ':', ';'

local now, lease -- the moment, in µs: the wall clock and the lease clock
local head, tail, token -- the last place given at either end, the last token
local clock, last -- the lease clock, and when it was advanced
local paused, hungry -- hungry: a claim got less than it asked for
local marks -- nil: nobody lists finished ids; else the index of them is kept up to date
local claimable, told -- what this call has done that others wait for

-- The answers to HMGET, however many ids there are
local function hmget (key, ids, n)
  if n <= PIECE then
    return n > 0 and call('HMGET', key, unpack(ids, 1, n)) or {}
  end

  local values = {}
  for i = 1, n, PIECE do
    for k, value in ipairs(call('HMGET', key, unpack(ids, i, min(i + PIECE - 1, n)))) do
      values[i + k - 1] = value
    end
  end
  return values
end

-- A command that takes any number of arguments; how many members it says it has added or removed
local function many (command, key, list, n)
  local sum = 0

  for i = 1, n, PIECE do
    sum = sum + call(command, key, unpack(list, i, min(i + PIECE - 1, n)))
  end
  return sum
end

-- A small hash or ZSET is a list inside, which is walked for each member: too slow for many at once.
-- One long member makes a table of it, and it stays one for as long as it is not empty
local function many_new (command, key, list, n)
  if n < 2 * MANY or call('EXISTS', key) == 1 then
    return many(command, key, list, n)
  end

  local long = string.rep('\0', 65) -- no id has such a character
  call(command, key, command == 'ZADD' and 0 or long, long)
  local sum = many(command, key, list, n)
  call(command == 'ZADD' and 'ZREM' or 'HDEL', key, long)
  return sum
end

-- Never goes back, and swallows outages and steps of the wall clock
local function read_clocks (fields)
  local time = call('TIME')

  now = time[1] * 1000000 + time[2]
  last = tonumber(fields[6]) or now
  clock = (tonumber(fields[5]) or 0) + min(max(now - last, 0), 2000000)
  last = now
  lease = clock
end

local function begin ()
  local fields = call('HMGET', QUEUE, 'schema', 'head', 'tail', 'token', 'clock', 'last', 'paused',
    'hungry', 'marks')
  local schema = tonumber(fields[1]) or SCHEMA

  if schema > SCHEMA then
    return redis.error_reply('SCHEMA ' .. schema .. ' of the queue is newer than ' .. SCHEMA)
  end
  head, tail, token = tonumber(fields[2]) or 0, tonumber(fields[3]) or 0, tonumber(fields[4]) or 0
  paused, hungry, marks = fields[7] == '1', fields[8] == '1', fields[9] or nil
  if ARGV[1] == '' then
    read_clocks(fields)
  else
    local wall, ticks = string.match(ARGV[1], '^(%S+) (%S+)$')
    now, lease = tonumber(wall), tonumber(ticks)
  end
end

local function tell (message)
  call('PUBLISH', sub(QUEUE, 1, -6) .. 'news', message)
end

-- When an id was finished: 6 bytes, since a value of 7 costs 8 more of each of them
local function pack_mark (when)
  return pack('<I6', math.floor(when / MARK_UNIT))
end

local function parse_mark (value)
  return #value == 6 and parse('<I6', value) * MARK_UNIT or 0
end

-- Writes the numbers back, and wakes whoever waits
local function finish_call ()
  if claimable and hungry and not paused then
    hungry = false
    tell('w')
  end
  if told then
    tell('n')
  end
  if clock then
    call('HSET', QUEUE, 'schema', SCHEMA, 'head', head, 'tail', tail, 'token',
      format('%.0f', token), 'hungry', hungry and 1 or 0, 'clock', format('%.0f', clock), 'last',
      format('%.0f', last))
  else
    call('HSET', QUEUE, 'schema', SCHEMA, 'head', head, 'tail', tail, 'token',
      format('%.0f', token), 'hungry', hungry and 1 or 0)
  end
end

local refusal = begin()
if refusal then
  return refusal
end
