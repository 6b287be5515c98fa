-- page.lua - lists the tasks of one state, in their order
-- SPDX-License-Identifier: LGPL-2.1-or-later

local state, limit = tonumber(ARGV[2]), tonumber(ARGV[4])
local major, minor = string.match(ARGV[3], '^(%S+) (%S+)$')
major, minor = tonumber(major), tonumber(minor)

-- Members and scores, from behind a score on
local function read (key, after)
  return call('ZRANGE', key, after and format('(%.0f', after) or '-inf', '+inf', 'BYSCORE', 'LIMIT', 0,
    limit, 'WITHSCORES')
end

-- Two orders as one
local function merge (a, b)
  local ids, i, j = {}, 1, 1

  while #ids < limit and (a[i] or b[j]) do
    if not b[j] or a[i] and tonumber(a[i + 1]) < tonumber(b[j + 1]) then
      ids[#ids + 1] = a[i]
      i = i + 2
    else
      ids[#ids + 1] = b[j]
      j = j + 2
    end
  end
  return ids
end

local function list_waiting ()
  local after = major and major * LANE + minor

  return merge(read(WAITING, after), read(SUSPECTS, after))
end

local function list_dead ()
  return merge(read(DEAD, minor), {})
end

-- Of those who are due together the first that stands behind a place: members begin with it
local function find_rank ()
  local from = call('ZCOUNT', DELAYED, '-inf', format('(%.0f', major))
  local to = from + call('ZCOUNT', DELAYED, format('%.0f', major), format('%.0f', major))
  local wanted = format('%014.0f', minor + HALF_LANE)

  while from < to do
    local middle = math.floor((from + to) / 2)
    if sub(call('ZRANGE', DELAYED, middle, middle)[1], 1, 14) > wanted then
      to = middle
    else
      from = middle + 1
    end
  end
  return from
end

local function list_delayed ()
  local rank = major and find_rank() or 0
  local ids = call('ZRANGE', DELAYED, rank, rank + limit - 1)

  for k, member in ipairs(ids) do
    ids[k] = sub(member, 15)
  end
  return ids
end

-- Runs stand in no order, so all of their places are looked at
local function list_running ()
  local all = call('HKEYS', RUNS)
  local found, ids = {}, {}

  for k, value in ipairs(hmget(TASKS, all, #all)) do
    local place = value and #value >= 36 and parse('<d', value, 3) or 0
    if not minor or place > minor then
      found[#found + 1] = { id = all[k], place = place }
    end
  end
  table.sort(found, function (a, b) return a.place < b.place end)
  for k = 1, min(limit, #found) do
    ids[k] = found[k].id
  end
  return ids
end

local LISTS = { list_waiting, list_delayed, list_running, list_dead }
local ids = LISTS[state]()
local tasks, runs = hmget(TASKS, ids, #ids), hmget(RUNS, ids, #ids)
local reply, n = {}, 0

for k, id in ipairs(ids) do
  if tasks[k] then
    reply[n + 1], reply[n + 2], reply[n + 3] = id, tasks[k], runs[k] or ''
    n = n + 3
  end
end
return reply
