-- do.lua - settles, renews, claims, and whatever else is asked of tasks that are there
-- SPDX-License-Identifier: LGPL-2.1-or-later

local claimant = ''

local function settle_by (how, finish)
  return function (record, i)
    return records.life.settle(record, {
      token = tonumber(ARGV[i + 1]), claimant = claimant, how = how, finish = finish, delay = -1,
    })
  end
end

local function settle_any (record, i)
  return records.life.settle(record, {
    token = tonumber(ARGV[i + 1]), claimant = claimant, how = tonumber(ARGV[i + 2]),
    finish = ARGV[i + 3] == '1', delay = tonumber(ARGV[i + 4]), error = ARGV[i + 5],
  })
end

-- Who settles a run twice in one request is late the second time
local function undo_again (ids, n)
  each_again(ids, n, function (j)
    if answers[n_answers + j] == OK then
      answers[n_answers + j] = STALE
    end
  end)
end

-- Runs go without a record of theirs
local function drop_runs (ids, n, finish)
  local n_gone = many('HDEL', RUNS, ids, n)

  many('HDEL', TASKS, ids, n)
  many('ZREM', LEASES, ids, n)
  if call('HINCRBY', WORKERS, claimant, -n_gone) <= 0 then
    call('HDEL', WORKERS, claimant)
  end
  if finish then
    local mark = pack_mark(now)
    local values, scores = {}, {}
    for j = 1, n do
      values[2 * j - 1], values[2 * j] = ids[j], mark
      scores[2 * j - 1], scores[2 * j] = 0, ids[j]
    end
    many('HSET', FINISHED, values, 2 * n)
    if marks then
      many('ZADD', MARKS, scores, 2 * n)
    end
  end
  return n_gone
end

-- Runs of which nobody wanted anything meanwhile need no record
local function settle_done (first, n, finish)
  local plain = '\0\0' .. claimant -- fate, flags, claimant
  local ids = get_ids(first, n, 2)
  local gone, m = {}, 0
  local others, n_others = {}, 0

  for j, run in ipairs(hmget(RUNS, ids, n)) do
    if not run then
      answers[n_answers + j] = STALE
    elseif sub(run, 21) == plain and parse('<d', run) == tonumber(ARGV[first + 2 * j - 1]) then
      m = m + 1
      gone[m] = ids[j]
      answers[n_answers + j] = OK
    else
      n_others = n_others + 1
      others[n_others] = j
    end
  end

  if m > 0 and drop_runs(gone, m, finish) < m then
    undo_again(ids, n)
  end
  if n_others > 0 then
    step_some(others, n_others, first, 2, settle_by(SETTLE_DONE, finish))
  end
  n_answers = n_answers + n
end

-- Changes nothing but the lease, so ids that come twice do no harm
local function renew (first, n)
  local until_when = format('%.0f', lease + tonumber(ARGV[first - 1]))
  local ids = get_ids(first, n, 2)
  local leases, m = {}, 0

  for j, run in ipairs(hmget(RUNS, ids, n)) do
    local answer = STALE
    local is_own = run and #run >= 22 and sub(run, 23) == claimant
      and parse('<d', run) == tonumber(ARGV[first + 2 * j - 1])
    --@mutant redis-renew-anybody: is_own = run and #run >= 22
    if is_own then
      local fate, flags = byte(run, 21, 22)
      leases[m + 1], leases[m + 2] = until_when, ids[j]
      m = m + 2
      answer = fate == DROP_FATE and DROPPED or flags % 2 == 1 and CANCELLED or OK
    end
    answers[n_answers + j] = answer
  end
  many('ZADD', LEASES, leases, m)
  n_answers = n_answers + n
end

local function set_paused (i)
  paused = ARGV[i] == '1'
  call('HSET', QUEUE, 'paused', ARGV[i])
  claimable = claimable or not paused
end

local function set_retention (i)
  call('HSET', QUEUE, 'keep_finished', ARGV[i], 'keep_dead', ARGV[i + 1], 'dead_max', ARGV[i + 2])
  call('HDEL', QUEUE, 'cut_at')
end

-- Kinds of items that all go the same way: how many arguments each has, and the step
local function get_steps ()
  local life = get_records().life

  return {
    E = { 6, settle_any },
    f = { 1, life.finish }, u = { 1, life.unfinish }, r = { 1, life.remove_task },
    c = { 1, life.cancel }, y = { 1, life.retry_dead },
    j = { 2, function (record, i) return life.bury_junk(record, ARGV[i + 1]) end },
  }
end

local reply, got = { '' }, {}
local next_got = repeated and string.gmatch(repeated, '|(%d+)')

local function claim_item (i)
  local claimed, n_got = claim(claimant, i, repeated and tonumber(next_got() or 0) or nil)

  reply[#reply + 1] = claimed
  got[#got + 1] = '|' .. (n_got or 0)
  n_answers = n_answers + 1
  answers[n_answers] = OK
end

-- Says how many arguments the items had. A repeated request does nothing but its claims
local STRIDES = { D = 2, F = 2, R = 2, E = 6, j = 2 }

local function do_items (kind, i)
  local n = tonumber(ARGV[i])

  if repeated then
    return 1 + n * (STRIDES[kind] or 1) + (kind == 'R' and 1 or 0)
  elseif kind == 'D' or kind == 'F' then
    settle_done(i + 1, n, kind == 'F')
    return 1 + 2 * n
  elseif kind == 'R' then
    renew(i + 2, n)
    return 2 + 2 * n
  end

  local step = get_steps()[kind]
  step_all(i + 1, n, step[1], step[2])
  return 1 + step[1] * n
end

local i = 6
while ARGV[i] do
  local kind = ARGV[i]
  if kind == 'W' then
    claimant = ARGV[i + 1]
    i = i + 2
  elseif kind == 'C' then
    claim_item(i + 1)
    i = i + 7
  elseif kind == 'P' or kind == 'T' then
    if not repeated then
      (kind == 'P' and set_paused or set_retention)(i + 1)
      n_answers = n_answers + 1
      answers[n_answers] = OK
    end
    i = i + (kind == 'P' and 2 or 4)
  else
    i = i + 1 + do_items(kind, i + 1)
  end
end

if repeated then
  reply[1] = string.match(repeated, '^[^|]*')
  if #reply > 1 then
    finish_call()
  end
  return reply
end

reply[1] = table.concat(answers)
finish_request(reply[1] .. table.concat(got))
finish_call()
return reply
