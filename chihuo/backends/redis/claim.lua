-- claim.lua - who claims gets the first tasks of a queue
-- SPDX-License-Identifier: LGPL-2.1-or-later

local MAX_TOUCHED = 1024

-- How many delayed tasks may still be moved in this call
local due_left = MAX_TOUCHED

-- What is due waits from now on, in the order of the due times
local function move_due ()
  local work = get_records()
  local members = call('ZRANGE', DELAYED, '-inf', format('%.0f', now), 'BYSCORE', 'LIMIT', 0, due_left)
  local ids = {}

  for k, member in ipairs(members) do
    ids[k] = sub(member, 15)
  end
  for k, record in ipairs(work.load(ids, #ids)) do
    work.life.due(record)
    work.save(record)
    -- what stands here though its value says otherwise
    if record.old_member ~= members[k] then
      call('ZREM', DELAYED, members[k])
    end
  end
  work.flush()
  due_left = due_left - #ids
end

-- When the next delayed task is due, µs since the epoch; 0 = none
local function get_next_due ()
  local first = call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')

  return tonumber(first[2] or 0)
end

-- Out of those who may be killers come the first, if they stand before the last of the others
local function take_suspects (popped, n, n_suspects)
  local first = call('ZRANGE', SUSPECTS, 0, n_suspects - 1, 'WITHSCORES')
  local ids, k = {}, 0
  local p, s = 1, 1

  while k < n and (popped[p] or first[s]) do
    k = k + 1
    if first[s] and (not popped[p] or tonumber(first[s + 1]) < tonumber(popped[p + 1])) then
      ids[k] = first[s]
      call('ZREM', SUSPECTS, first[s])
      s = s + 2
    else
      ids[k] = popped[p]
      p = p + 2
    end
  end
  for i = p, #popped, 2 do
    call('ZADD', WAITING, popped[i + 1], popped[i])
  end
  return ids, k
end

-- The next ids, taken out of their order. Scores are slow to make text of, so only where they matter
local function pop (n, n_suspects)
  if n_suspects > 0 and call('ZCARD', SUSPECTS) > 0 then
    return take_suspects(call('ZPOPMIN', WAITING, n), n, n_suspects)
  end

  local ids = call('ZRANGE', WAITING, 0, n - 1)
  if #ids > 0 then
    call('ZREMRANGEBYRANK', WAITING, 0, #ids - 1)
  end
  return ids, #ids
end

local function bury (id)
  local work = get_records()
  local record = work.load({ id }, 1)[1]
  local reason = record.junk or 'its state is ' .. record.state .. ', expected 1'

  record.state = WAITING_STATE
  work.life.bury_junk(record, reason)
  work.save(record)
  work.flush()
end

-- Whether a value is a waiting task's: without an error at a glance
local function is_good (value)
  if byte(value) ~= WAITING_STATE or #value <= 36 then
    return false
  end
  return sub(value, 35, 36) == '\0\0' or #value > 36 + parse('<I2', value, 35)
end

-- What is no task is buried, and others are taken in its place
local function claim_new (reply, claim)
  local runs, leases, m = {}, {}, 0
  local n_reply, n_touched, suspects = 4, 0, claim.suspects
  local until_when = format('%.0f', lease + claim.lease)
  local rests = {} -- of a run's value, what follows the token: it only differs by the tries

  token = max(token, now - 1)
  while m < 2 * claim.n and n_touched < MAX_TOUCHED do
    local ids, k = pop(min(claim.n - m / 2, MAX_TOUCHED), suspects)
    local values = hmget(TASKS, ids, k)

    if k == 0 then
      break
    end
    for j = 1, k do
      local value = values[j]
      if value and is_good(value) then
        local id = ids[j]
        local tries = sub(value, 27, 30)
        local rest = rests[tries]
        if not rest then
          local own = parse('<I4', tries)
          rest = pack('<I4I4I4BB', claim.request, own > 0 and own or claim.max_tries,
            claim.max_crashes, PLAIN_FATE, 0) .. claim.claimant
          rests[tries] = rest
        end
        token = token + 1
        runs[m + 1], leases[m + 1] = id, until_when
        m = m + 2
        runs[m], leases[m] = pack('<d', token) .. rest, id
        reply[n_reply + 1], reply[n_reply + 2], reply[n_reply + 3] = id, token, value
        n_reply = n_reply + 3
      elseif value then
        bury(ids[j])
      end
    end
    n_touched = n_touched + k
    suspects = 0
  end

  many_new('HSET', RUNS, runs, m)
  many_new('ZADD', LEASES, leases, m)
  if m > 0 then
    call('HINCRBY', WORKERS, claim.claimant, m / 2)
  end
  return m / 2
end

-- The answer to an earlier claim was lost: what it gave and is still held is given again
local function claim_again (reply, claim, n_first)
  local held, leases, seen, cursor = {}, {}, {}, '0'
  local until_when = format('%.0f', lease + claim.lease)

  repeat
    local page = call('HSCAN', RUNS, cursor, 'COUNT', 1000)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      local id, run = page[2][i], page[2][i + 1]
      if #run >= 22 and sub(run, 23) == claim.claimant and not seen[id] then
        local number, of = parse('<dI4', run)
        --@mutant redis-claim-lost: if #held < claim.n then of = claim.request end
        if of == claim.request then
          seen[id] = true
          held[#held + 1] = { id = id, token = number }
        end
      end
    end
  until cursor == '0'

  table.sort(held, function (a, b) return a.token < b.token end)
  for _, one in ipairs(held) do
    local value = call('HGET', TASKS, one.id)
    if value then
      call('ZADD', LEASES, until_when, one.id)
      reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = one.id, one.token, value
    end
  end
  reply[1] = max((n_first or 0) - #held, 0)
end

-- n_first: what the first answer to this claim gave, if the request is a repeated one
local function claim (claimant, i, n_first)
  local one = {
    claimant = claimant, n = tonumber(ARGV[i]), suspects = tonumber(ARGV[i + 1]),
    request = tonumber(ARGV[i + 2]), max_tries = tonumber(ARGV[i + 3]),
    max_crashes = tonumber(ARGV[i + 4]), lease = tonumber(ARGV[i + 5]),
  }
  local reply = { 0, 0, 0, 0 }
  local next_due = get_next_due()
  local before = call('HGET', CLAIMS, claimant)
  local last_request, given = string.match(before or '', '^(%d+) (%d+) ')
  local n_got

  if next_due > 0 and next_due <= now and due_left > 0 then
    move_due()
    next_due = get_next_due()
  end

  -- Requests grow, so one that does not is a repetition; the difference survives their overflow
  local newer = last_request and (one.request - last_request) % 4294967296
  if n_first or newer and (newer == 0 or newer >= 2147483648) then
    claim_again(reply, one, n_first or newer == 0 and tonumber(given))
  else
    n_got = paused and 0 or claim_new(reply, one)
    hungry = hungry or n_got < one.n
    call('HSET', CLAIMS, claimant, one.request .. ' ' .. n_got .. ' ' .. format('%.0f', now))
  end

  reply[2] = call('ZCARD', WAITING) + call('ZCARD', SUSPECTS)
  reply[3], reply[4] = next_due, paused and 1 or 0
  return reply, n_got
end
