-- reap.lua - takes runs from dead workers, and trims what is kept too long
-- SPDX-License-Identifier: LGPL-2.1-or-later

local DAY = 86400000000
local HOUR = 3600000000
local DEFAULT_KEEP_DEAD, DEFAULT_DEAD_MAX = 90 * DAY, 10000

local n_left = tonumber(ARGV[2])
local n_reaped, n_cut_dead, n_cut_finished, n_mended = 0, 0, 0, 0
local more = false
local fields = call('HMGET', QUEUE, 'keep_finished', 'keep_dead', 'dead_max', 'cut_at', 'cut_cursor',
  'cut_oldest', 'audit', 'marks_used')
local keep_finished = tonumber(fields[1]) or 0
local keep_dead = tonumber(fields[2]) or DEFAULT_KEEP_DEAD
local dead_max = tonumber(fields[3]) or DEFAULT_DEAD_MAX

local function reap_running ()
  local ids = call('ZRANGE', LEASES, '-inf', format('%.0f', lease), 'BYSCORE', 'LIMIT', 0, n_left)

  if #ids == 0 then
    return
  end
  local work = get_records()
  for _, record in ipairs(work.load(ids, #ids)) do
    if record.state == RUNNING_STATE then
      work.life.reap(record)
      work.save(record)
      n_reaped = n_reaped + 1
    else
      call('ZREM', LEASES, record.id)
      n_mended = n_mended + 1
    end
  end
  work.flush()
  n_left = n_left - #ids
end

-- They come in at the tail, so the oldest stand in front
local function cut_dead ()
  local n_too_many = dead_max > 0 and max(call('ZCARD', DEAD) - dead_max, 0) or 0
  local ids = call('ZRANGE', DEAD, 0, n_left - 1)
  local n = 0

  for k, value in ipairs(hmget(TASKS, ids, #ids)) do
    local when = value and #value >= 36 and parse('<d', value, 11) or now
    if k > n_too_many and not (keep_dead > 0 and when < now - keep_dead) then
      break
    end
    n = k
  end
  if n == 0 then
    return
  end

  local work = get_records()
  for _, record in ipairs(work.load(ids, n)) do
    if record.state == DEAD_STATE then
      work.life.remove_task(record)
      work.save(record)
    else
      call('ZREM', DEAD, record.id)
    end
  end
  work.flush()
  n_cut_dead = n
  n_left = n_left - n
end

-- Marks stand in no order. A pass over all of them begins when the oldest one that the pass before
-- met is due, and not before a sixteenth of their time is over, for each would be followed by another
local function cut_finished ()
  local cursor = fields[5] or nil
  local oldest = tonumber(fields[6]) or now

  if keep_finished <= 0 or not cursor and now < (tonumber(fields[4]) or 0) then
    return
  end
  if not cursor then
    oldest = now
  end

  local page = call('HSCAN', FINISHED, cursor or '0', 'COUNT', n_left)
  local gone, n = {}, 0
  for i = 1, #page[2], 2 do
    local when = parse_mark(page[2][i + 1])
    if when < now - keep_finished - MARK_UNIT then
      n = n + 1
      gone[n] = page[2][i]
    else
      oldest = min(oldest, when)
    end
  end
  if n > 0 then
    many('HDEL', FINISHED, gone, n)
    if marks then
      many('ZREM', MARKS, gone, n)
    end
  end

  n_cut_finished = n
  n_left = n_left - #page[2] / 2
  if page[1] ~= '0' then
    call('HSET', QUEUE, 'cut_cursor', page[1], 'cut_oldest', format('%.0f', oldest))
    more = true
    return
  end
  call('HDEL', QUEUE, 'cut_cursor', 'cut_oldest')
  call('HSET', QUEUE, 'cut_at', format('%.0f', max(oldest + keep_finished,
    now + min(keep_finished / 16, HOUR))))
end

local function drop_marks ()
  if marks and now - (tonumber(fields[8]) or 0) > HOUR then
    call('UNLINK', MARKS)
    call('HDEL', QUEUE, 'marks', 'marks_used')
    marks = nil
  end
end

reap_running()
if n_left > 0 then
  cut_dead()
end
if n_left > 0 then
  cut_finished()
end
drop_marks()
if n_left > 0 then
  n_mended = n_mended + audit(fields[7] or nil)
end
finish_call()
return { n_reaped, (more or n_left <= 0) and 1 or 0, n_cut_dead, n_cut_finished, n_mended }
