-- add.lua - adds tasks
-- SPDX-License-Identifier: LGPL-2.1-or-later

local function make_add (i, flags, has_priority, priority, delay, timeout, max_tries)
  return {
    info = ARGV[i + 1], flags = tonumber(flags), has_priority = has_priority == '1',
    priority = tonumber(priority), delay = tonumber(delay), timeout = tonumber(timeout),
    max_tries = tonumber(max_tries),
  }
end

local function add_one (record, i)
  return records.life.add(record, make_add(i, 0, '0', 0, 0, 0, 0))
end

local function add_any (record, i)
  return records.life.add(record, make_add(i, unpack(ARGV, i + 2, i + 7)))
end

-- Ids that were new came twice, and the last one was written: the first one counts. `new` are the
-- numbers of their items, `values` and `places` what was written of each
local function undo_again (ids, new, values, places)
  local new_ids = {}

  for k, j in ipairs(new) do
    new_ids[k] = ids[j]
  end
  each_again(new_ids, #new, function (k, before)
    call('HSET', TASKS, new_ids[k], values[2 * before])
    call('ZADD', WAITING, places[2 * before - 1], new_ids[k])
    answers[n_answers + new[k]] = EXISTS
  end)
end

-- Nothing but an id and an info. Most ids are new, and those need no record
local function add_plain (first, n)
  local ids = get_ids(first, n, 2)
  local tasks, finished = hmget(TASKS, ids, n), hmget(FINISHED, ids, n)
  local rest = pack('<dI4I4I4I4I2', now, 0, 0, 0, 0, 0)
  local new, others, n_others = {}, {}, 0
  local values, places, m = {}, {}, 0

  for j = 1, n do
    if tasks[j] then
      n_others = n_others + 1
      others[n_others] = j
    elseif finished[j] then
      answers[n_answers + j] = IS_FINISHED
    else
      local id = ids[j]
      tail = tail + 1
      values[m + 1], places[m + 1] = id, format('%d', tail)
      m = m + 2
      values[m] = '\1\0' .. pack('<d', tail) .. rest .. ARGV[first + 2 * j - 1]
      places[m] = id
      new[m / 2] = j
      answers[n_answers + j] = ADDED
    end
  end

  if m > 0 then
    claimable = true
    many('ZADD', WAITING, places, m)
    if many_new('HSET', TASKS, values, m) < m / 2 then
      undo_again(ids, new, values, places)
    end
  end
  if n_others > 0 then
    step_some(others, n_others, first, 2, add_one)
  end
  n_answers = n_answers + n
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
