-- records.lua - records that are read together, take a step each, and are written together
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- No id may come twice in one such unit: it would be read before its first step is written.

local function new_records ()
  local life = new_life()
  local WHERE = { WAITING, DELAYED, LEASES, DEAD }

  -- What is to be written: a command, a key, and so many arguments in one list
  local lists, workers

  local function clear ()
    lists, workers = {}, {}
  end

  local function list (command, key)
    local name = command .. key
    local found = lists[name]
    if not found then
      found = { command = command, key = key, n = 0 }
      lists[name] = found
    end
    return found
  end

  local function put (command, key, a, b)
    local into = list(command, key)
    local n = into.n + 1
    into[n] = a
    if b then
      n = n + 1
      into[n] = b
    end
    into.n = n
  end

  local function flush ()
    for _, one in pairs(lists) do
      many(one.command, one.key, one, one.n)
    end
    for claimant, n in pairs(workers) do
      if call('HINCRBY', WORKERS, claimant, n) <= 0 then
        call('HDEL', WORKERS, claimant)
      end
    end
    clear()
  end

  local function get_junk (state, value, length)
    if #value < 36 then
      return 'its value has ' .. #value .. ' bytes, expected 36 and an info'
    elseif state ~= WAITING_STATE and state ~= DELAYED_STATE and state ~= DEAD_STATE then
      return 'its state is ' .. state .. ', expected 1, 2 or 4'
    elseif #value <= 36 + length then
      return 'its info is missing behind ' .. length .. ' bytes of error'
    end
  end

  local function decode_task (record, value)
    local state, length = WAITING_STATE, 0

    if #value >= 36 then
      local error_text
      state, record.priority, record.place, record.when, record.failures, record.crashes,
        record.own_tries, record.timeout, length = parse('<BbddI4I4I4I4I2', value)
      error_text = sub(value, 37, 36 + length)
      record.error = error_text ~= '' and error_text or nil
      record.info = sub(value, 37 + length)
    end
    record.junk = get_junk(state, value, length)
    record.state = record.junk and WAITING_STATE or state
  end

  local function encode_task (record)
    local error_text = record.error or ''
    return pack('<BbddI4I4I4I4I2', record.state, record.priority, record.place, record.when,
      record.failures, record.crashes, record.own_tries, record.timeout, #error_text)
      .. error_text .. record.info
  end

  -- A run whose value is no run is nobody's: it ends by its lease
  local function decode_run (record, value)
    local flags = 0

    record.state, record.when = RUNNING_STATE, nil
    record.token, record.request, record.max_tries, record.max_crashes = -1, 0, 0, 0
    if #value >= 22 then
      record.token, record.request, record.max_tries, record.max_crashes, record.fate, flags
        = parse('<dI4I4I4BB', value)
    end
    record.cancelled, record.abandoned = flags % 2 == 1, flags >= 2
    record.claimant = sub(value, 23)
  end

  local function encode_run (record)
    return pack('<dI4I4I4BB', record.token, record.request, record.max_tries, record.max_crashes,
      record.fate, (record.cancelled and 1 or 0) + (record.abandoned and 2 or 0)) .. record.claimant
  end

  local function decode_pending (value)
    local add = {}
    add.delay, add.timeout, add.max_tries, add.flags, add.priority = parse('<dI4I4Bb', value)
    add.info = sub(value, 19)
    return add
  end

  local function encode_pending (add)
    return pack('<dI4I4Bb', add.delay, add.timeout, add.max_tries, add.flags, add.priority)
      .. add.info
  end

  -- The ZSET of its state, the member in it, its score
  local function get_stand (record)
    local state = record.state
    if state == WAITING_STATE then
      return record.crashes > 0 and SUSPECTS or WAITING, record.id,
        record.priority * LANE + record.place
    elseif state == DELAYED_STATE then
      return DELAYED, format('%014.0f', record.place + HALF_LANE) .. record.id, record.when
    elseif state == RUNNING_STATE then
      return LEASES, record.id, record.when
    elseif state == DEAD_STATE then
      return DEAD, record.id, record.place
    end
  end

  local function decode (id, task, run, pending, mark)
    local record = {
      id = id, state = ABSENT_STATE, fate = PLAIN_FATE, failures = 0, crashes = 0, priority = 0,
      place = 0, when = now, own_tries = 0, timeout = 0, info = '', finished = mark and true,
      mark = mark, old_task = task, old_run = run,
    }
    if task then
      decode_task(record, task)
    end
    if run then
      decode_run(record, run)
    end
    if pending and #pending > 18 then
      record.pending = decode_pending(pending)
    elseif record.fate == AGAIN_FATE then
      record.fate = PLAIN_FATE
    end

    record.old_state, record.old_claimant, record.old_pending = record.state, record.claimant, pending
    record.old_add, record.old_fate, record.old_cancelled
      = record.pending, record.fate, record.cancelled
    record.old_key, record.old_member, record.old_score = get_stand(record)
    return record
  end

  local function load (ids, n)
    local tasks, runs = hmget(TASKS, ids, n), hmget(RUNS, ids, n)
    local pending, finished = hmget(PENDING, ids, n), hmget(FINISHED, ids, n)
    local records = {}

    for i = 1, n do
      records[i] = decode(ids[i], tasks[i], runs[i], pending[i], finished[i])
    end
    return records
  end

  local function save_mark (record)
    if record.finished and not record.mark then
      put('HSET', FINISHED, record.id, pack_mark(now))
      if marks then
        put('ZADD', MARKS, 0, record.id)
      end
    elseif record.mark and not record.finished then
      put('HDEL', FINISHED, record.id)
      if marks then
        put('ZREM', MARKS, record.id)
      end
    end
  end

  local function save_run (record)
    if record.state == RUNNING_STATE then
      local run = encode_run(record)
      if run ~= record.old_run then
        put('HSET', RUNS, record.id, run)
      end
      if record.cancelled ~= record.old_cancelled or record.fate ~= record.old_fate then
        told = told or record.cancelled or record.fate == DROP_FATE
      end
    elseif record.old_run then
      put('HDEL', RUNS, record.id)
      workers[record.old_claimant] = (workers[record.old_claimant] or 0) - 1
    end
  end

  local function save_pending (record)
    if record.pending and record.pending ~= record.old_add then
      put('HSET', PENDING, record.id, encode_pending(record.pending))
    elseif record.old_pending and not record.pending then
      put('HDEL', PENDING, record.id)
    end
  end

  local function save_stand (record)
    local key, member, score = get_stand(record)

    if record.junk and record.state ~= RUNNING_STATE then
      put('ZREM', WAITING, record.id)
      put('ZREM', SUSPECTS, record.id)
    elseif record.old_key and (record.old_key ~= key or record.old_member ~= member) then
      put('ZREM', record.old_key, record.old_member)
    end
    if key and score and (record.old_key ~= key or record.old_member ~= member
                          or record.old_score ~= score) then
      put('ZADD', key, score, member)
    end
  end

  local function save (record)
    if record.state == ABSENT_STATE then
      if record.old_task then
        put('HDEL', TASKS, record.id)
      end
    elseif record.state ~= RUNNING_STATE then
      local task = encode_task(record)
      if task ~= record.old_task then
        put('HSET', TASKS, record.id, task)
      end
    end
    save_run(record)
    save_pending(record)
    save_mark(record)
    save_stand(record)
    if record.state == WAITING_STATE and record.old_state ~= WAITING_STATE then
      claimable = true
    end
  end

  clear()
  return { life = life, load = load, save = save, flush = flush, get_junk = get_junk }
end

local records

local function get_records ()
  records = records or new_records()
  return records
end
