-- audit.lua - finds tasks that stand in no structure, or in the wrong one
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Each script is carried out whole, so this only mends what others have done to the keys: a hand that
-- slipped, a backup of some of them. A step looks at about 100 members of one key; the field `audit`
-- says which key is next, and where.

local AUDIT_STEP = 100
local CLAIM_KEPT = 86400000000

local audit_work

-- The members of a step, each once
local function audit_members (reply, stride)
  local ids, seen = {}, {}

  for i = 1, #reply, stride do
    if not seen[reply[i]] then
      seen[reply[i]] = true
      ids[#ids + 1] = reply[i]
    end
  end
  return ids
end

-- Where each of the records stands: the scores of what should be there, by key
local function audit_scores (all)
  local members, at = {}, {}

  for _, record in ipairs(all) do
    local key = record.old_key
    if key then
      members[key] = members[key] or {}
      table.insert(members[key], record.old_member)
      at[record] = #members[key]
    end
  end
  for key, list in pairs(members) do
    members[key] = call('ZMSCORE', key, unpack(list))
  end
  return members, at
end

-- Puts those in their place that stand nowhere; a run without a lease gets one that is over
local function audit_tasks (ids)
  local all = audit_work.load(ids, #ids)
  local scores, at = audit_scores(all)
  local n = 0

  for _, record in ipairs(all) do
    local key = record.old_key
    if key and not scores[key][at[record]] and not record.junk then
      call('ZADD', key, format('%.0f', record.old_score or lease), record.old_member)
      claimable = claimable or record.state == WAITING_STATE
      n = n + 1
    elseif record.junk and not call('ZSCORE', WAITING, record.id)
           and not call('ZSCORE', SUSPECTS, record.id) then
      call('ZADD', WAITING, 0, record.id)
      claimable = true
      n = n + 1
    end
  end
  return n
end

-- Members that have no task, or whose task stands elsewhere, go
local function audit_zset (key)
  return function (members)
    local ids, n = {}, 0

    for k, member in ipairs(members) do
      ids[k] = key == DELAYED and sub(member, 15) or member
    end
    for k, id in ipairs(ids) do
      local record = audit_work.load({ id }, 1)[1]
      local is_right = record.old_key == key and record.old_member == members[k]
      if not is_right and not record.junk or record.state == ABSENT_STATE then
        call('ZREM', key, members[k])
        n = n + 1
      end
    end
    return n
  end
end

-- A run without a task is nobody's
local function audit_runs (ids)
  local tasks = hmget(TASKS, ids, #ids)
  local n = 0

  for k, id in ipairs(ids) do
    if not tasks[k] then
      local record = audit_work.load({ id }, 1)[1]
      record.state, record.pending = ABSENT_STATE, nil
      audit_work.save(record)
      n = n + 1
    end
  end
  audit_work.flush()
  return n
end

local function audit_pending (ids)
  local runs = hmget(RUNS, ids, #ids)
  local n = 0

  for k, id in ipairs(ids) do
    if not runs[k] then
      n = n + call('HDEL', PENDING, id)
    end
  end
  return n
end

-- Those of claimants who have long gone
local function audit_claims (claimants)
  for k, value in ipairs(hmget(CLAIMS, claimants, #claimants)) do
    local given = tonumber(value and string.match(value, ' (%d+)$') or nil) or 0
    if now - given > CLAIM_KEPT then
      call('HDEL', CLAIMS, claimants[k])
    end
  end
  return 0
end

local AUDITS = {
  { 'HSCAN', TASKS, audit_tasks }, { 'HSCAN', RUNS, audit_runs },
  { 'HSCAN', PENDING, audit_pending }, { 'HSCAN', CLAIMS, audit_claims },
  { 'ZSCAN', WAITING, audit_zset(WAITING) }, { 'ZSCAN', SUSPECTS, audit_zset(SUSPECTS) },
  { 'ZSCAN', DELAYED, audit_zset(DELAYED) }, { 'ZSCAN', LEASES, audit_zset(LEASES) },
  { 'ZSCAN', DEAD, audit_zset(DEAD) },
}

-- Says how many it has mended
local function audit (at)
  local number, cursor = string.match(at or '1 0', '^(%d+) (%d+)$')
  local one = AUDITS[tonumber(number) or 1] or AUDITS[1]

  audit_work = get_records()
  local page = call(one[1], one[2], cursor or '0', 'COUNT', AUDIT_STEP)
  local n = one[3](audit_members(page[2], 2))
  if page[1] == '0' then
    number = tonumber(number) % #AUDITS + 1
  end
  call('HSET', QUEUE, 'audit', number .. ' ' .. page[1])
  return n
end
