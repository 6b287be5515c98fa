-- sweep.lua - a step of work on all of a queue
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A sweep concerns what stood in the queue when it began, so `until` is the tail of that moment:
-- places tell old from new. `after` is, for what waits, the head of that moment; for what is delayed,
-- the last due time that is done with; for what runs or is finished, a cursor. Of marks only the time
-- is known, so there `until` is one.

local CLEAR_WAITING, CLEAR_DELAYED, CLEAR_RUNNING, CLEAR_DEAD, CLEAR_FINISHED, RETRY_DEAD
  = 1, 2, 3, 4, 5, 6
local what, limit = tonumber(ARGV[2]), tonumber(ARGV[6])
local after, stop = tonumber(ARGV[4]), tonumber(ARGV[5])
local work = get_records()
local step = what == CLEAR_FINISHED and work.life.unfinish
  or what == RETRY_DEAD and work.life.retry_dead or work.life.remove_task
local n_done, n_left, more = 0, limit, false

local function touch (ids, is_wanted)
  for _, record in ipairs(work.load(ids, #ids)) do
    if not is_wanted or is_wanted(record) then
      n_done = n_done + (step(record) == OK and 1 or 0)
      work.save(record)
    end
  end
  work.flush()
end

-- Each priority from the old head to the old tail; what is newer is jumped over
local function sweep_waiting (key)
  local from = -128 * LANE + after

  while n_left > 0 do
    local page = call('ZRANGE', key, format('%.0f', from), '+inf', 'BYSCORE', 'LIMIT', 0, n_left,
      'WITHSCORES')
    local ids = {}
    local next_from

    for i = 1, #page, 2 do
      local lane = math.floor((page[i + 1] + HALF_LANE) / LANE)
      local place = page[i + 1] - lane * LANE
      if place > stop or place < after then
        next_from = (place > stop and lane + 1 or lane) * LANE + after
        break
      end
      ids[#ids + 1] = page[i]
    end
    touch(ids)
    n_left = n_left - #ids - (next_from and 1 or 0)
    if not next_from then
      return
    end
    from = next_from
  end
end

-- Of one due time the old ones come first, so a new one says that this time is done with
local function sweep_delayed ()
  while n_left > 0 do
    local page = call('ZRANGE', DELAYED, after and format('(%.0f', after) or '-inf', '+inf', 'BYSCORE',
      'LIMIT', 0, n_left, 'WITHSCORES')
    local ids = {}

    for i = 1, #page, 2 do
      if sub(page[i], 1, 14) - HALF_LANE <= stop then
        ids[#ids + 1] = sub(page[i], 15)
      else
        after = tonumber(page[i + 1])
      end
    end
    touch(ids)
    n_left = n_left - #page / 2
    if #page == 0 then
      return
    end
  end
end

local function sweep_dead ()
  local ids = call('ZRANGE', DEAD, '-inf', format('%.0f', stop), 'BYSCORE', 'LIMIT', 0, limit)

  touch(ids)
  n_left = n_left - #ids
end

-- A hash is walked by its cursor; the ids of a step, each once
local function scan (key)
  local page = call('HSCAN', key, format('%.0f', after), 'COUNT', limit)
  local ids, values = {}, {}

  for i = 1, #page[2], 2 do
    local id = page[2][i]
    if not values[id] then
      ids[#ids + 1] = id
      values[id] = page[2][i + 1]
    end
  end
  after = tonumber(page[1])
  more = after ~= 0
  return ids, values
end

local function sweep_running ()
  touch(scan(RUNS), function (record) return record.place <= stop end)
end

local function sweep_finished ()
  local found, times = scan(FINISHED)
  local ids = {}

  for _, id in ipairs(found) do
    if parse_mark(times[id]) <= stop then
      ids[#ids + 1] = id
    end
  end
  touch(ids)
end

if ARGV[3] == '0' then
  stop = what == CLEAR_FINISHED and now or tail
  after = what == CLEAR_WAITING and head or what == CLEAR_DELAYED and -1 or 0
end

if what == CLEAR_WAITING then
  sweep_waiting(WAITING)
  sweep_waiting(SUSPECTS)
elseif what == CLEAR_DELAYED then
  sweep_delayed()
elseif what == CLEAR_RUNNING then
  sweep_running()
elseif what == CLEAR_FINISHED then
  sweep_finished()
else
  sweep_dead()
end

finish_call()
return { n_done, (more or n_left <= 0) and 1 or 0, after, stop }
