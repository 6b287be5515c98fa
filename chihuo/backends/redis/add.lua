-- add.lua - adds tasks
-- SPDX-License-Identifier: LGPL-2.1-or-later

local function make_add (i, flags, has_priority, priority, delay, timeout, max_tries)
  return {
    info = ARGV[i + 1], flags = tonumber(flags), has_priority = has_priority == '1',
    priority = tonumber(priority), delay = tonumber(delay), timeout = tonumber(timeout),
    max_tries = tonumber(max_tries),
  }
end

-- Nothing but an id and an info. Most ids are new: those need no record
local function add_plain (first, n)
  local rest = pack('<dI4I4I4I4I2', now, 0, 0, 0, 0, 0)
  local base = n_answers + 1
  local from = 0

  while from < n do
    local ids, k = cut(first, 2, from, n)
    local tasks, finished = hmget(TASKS, ids, k), hmget(FINISHED, ids, k)
    local values, places, m = {}, {}, 0
    local others, n_others = {}, 0

    for j = 1, k do
      if tasks[j] then
        n_others = n_others + 1
        others[n_others] = from + j - 1
      elseif finished[j] then
        answers[base + from + j - 1] = IS_FINISHED
      else
        local id = ids[j]
        tail = tail + 1
        values[m + 1], places[m + 1] = id, tail
        m = m + 2
        values[m] = '\1\0' .. pack('<d', tail) .. rest .. ARGV[first + 2 * (from + j) - 1]
        places[m] = id
        answers[base + from + j - 1] = ADDED
      end
    end

    if m > 0 then
      many('HSET', TASKS, values, m)
      many('ZADD', WAITING, places, m)
      claimable = true
    end
    if n_others > 0 then
      step_some(others, n_others, first, 2, base, function (record, i)
        return records.life.add(record, make_add(i, 0, '0', 0, 0, 0, 0))
      end)
    end
    from = from + k
  end
  n_answers = n_answers + n
end

local function add_any (record, i)
  return records.life.add(record, make_add(i, unpack(ARGV, i + 2, i + 7)))
end

if repeated then
  return { repeated }
end

local i = 6
while ARGV[i] do
  local n = tonumber(ARGV[i + 1])
  if ARGV[i] == 'A' then
    add_plain(i + 2, n)
    i = i + 2 + 2 * n
  else
    step_all(i + 2, n, 8, add_any)
    i = i + 2 + 8 * n
  end
end

local text = table.concat(answers)
finish_request(text)
finish_call()
return { text }
