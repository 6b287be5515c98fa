-- life.lua - the life of a task: chihuo-task-life.c in Lua, function by function
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- A record is a table with the fields of a ChihuoRecord; `when` of a running one is nil unless its
-- lease changes. The record's new place is given here, since it only costs a number.

local ABSENT_STATE, WAITING_STATE, DELAYED_STATE, RUNNING_STATE, DEAD_STATE = 0, 1, 2, 3, 4
local PLAIN_FATE, AGAIN_FATE, DROP_FATE = 0, 1, 2
local ABANDONED_LEASE = 1000000
local ERROR_MAX_LENGTH = 4096
local SETTLE_DONE, SETTLE_FAILED, SETTLE_REJECTED, SETTLE_POSTPONED, SETTLE_RETURNED,
  SETTLE_ABANDONED = 1, 2, 3, 4, 5, 6

local function new_life ()
  local AT_HEAD, EVEN_FINISHED, EVEN_DEAD, SKIP_RUNNING, REPLACE = 1, 2, 4, 8, 16

  local function has (flags, flag)
    return bit.band(flags, flag) ~= 0
  end

  local function to_tail (record)
    tail = tail + 1
    record.place = tail
  end

  local function to_head (record)
    head = head - 1
    record.place = head
  end

  -- Cut at the last character that begins before the limit
  local function set_error (record, text)
    if text == '' then
      text = nil
    elseif text and #text > ERROR_MAX_LENGTH then
      local stop = ERROR_MAX_LENGTH
      while stop > 1 and byte(text, stop) >= 0x80 and byte(text, stop) < 0xC0 do
        stop = stop - 1
      end
      text = sub(text, 1, stop - 1)
    end
    record.error = text
  end

  local function set_payload (record, add)
    record.info, record.timeout, record.own_tries = add.info, add.timeout, add.max_tries
  end

  -- A run's claim ends; the record stays
  local function end_claim (record)
    record.fate, record.cancelled, record.abandoned, record.claimant = PLAIN_FATE, false, false, nil
  end

  -- The record goes; the mark stays as it is
  local function leave (record)
    end_claim(record)
    record.state, record.failures, record.crashes = ABSENT_STATE, 0, 0
    record.pending, record.error = nil, nil
  end

  -- Waiting, or delayed if there is a delay
  local function enter (record, add)
    leave(record)
    set_payload(record, add)
    record.priority = add.priority

    if add.delay > 0 then
      record.state, record.when = DELAYED_STATE, now + add.delay
      return to_tail(record)
    end

    record.state, record.when = WAITING_STATE, now
    if has(add.flags, AT_HEAD) then
      to_head(record)
    else
      to_tail(record)
    end
  end

  -- The pending add is carried out
  local function carry_out_pending (record)
    enter(record, record.pending)
  end

  -- The task lives on after its run, with the newest info
  local function take_newest_info (record)
    if record.pending then
      set_payload(record, record.pending)
      record.pending = nil
    end
  end

  local function die (record, reason)
    if record.fate == AGAIN_FATE then
      carry_out_pending(record)
      return OK
    end

    end_claim(record)
    record.state, record.when = DEAD_STATE, now
    set_error(record, reason)
    to_tail(record)
    return IS_DEAD
  end

  local function wait_in_old_place (record)
    take_newest_info(record)
    end_claim(record)
    record.state, record.when = WAITING_STATE, now
    return OK
  end

  local function delay (record, duration)
    take_newest_info(record)
    end_claim(record)
    record.state, record.when = DELAYED_STATE, now + max(duration, 0)
    to_tail(record)
    return OK
  end

  local function replace (record, add)
    set_payload(record, add)
    if add.has_priority then
      record.priority = add.priority
    end
    if add.delay > 0 then
      record.state, record.when = DELAYED_STATE, now + add.delay
    end
  end

  local function add (record, event)
    if record.finished then
      if not has(event.flags, EVEN_FINISHED) then
        return IS_FINISHED
      end
      record.finished = false
    end

    local state = record.state
    if state == WAITING_STATE or state == DELAYED_STATE then
      if has(event.flags, REPLACE) then
        replace(record, event)
      end
      return EXISTS
    elseif state == RUNNING_STATE then
      if has(event.flags, SKIP_RUNNING) then
        return BUSY
      end
      record.pending, record.fate = event, AGAIN_FATE
      return AGAIN
    elseif state == DEAD_STATE and not has(event.flags, EVEN_DEAD) then
      return IS_DEAD
    end

    enter(record, event)
    return ADDED
  end

  -- Finished, removed or cleared by somebody who does not run it
  local function drop (record)
    if record.state ~= RUNNING_STATE then
      return leave(record)
    end
    record.pending, record.fate = nil, DROP_FATE
  end

  local function finish (record)
    drop(record)
    record.finished = true
    return IS_FINISHED
  end

  local function unfinish (record)
    if not record.finished then
      return ABSENT
    end
    record.finished = false
    return OK
  end

  local function remove_task (record)
    if record.state == ABSENT_STATE then
      return ABSENT
    end
    drop(record)
    return OK
  end

  local function cancel (record)
    if record.state ~= RUNNING_STATE then
      return ABSENT
    end
    record.cancelled = true
    return OK
  end

  local function retry_dead (record)
    if record.state ~= DEAD_STATE then
      return ABSENT
    end
    record.state, record.when, record.failures, record.crashes = WAITING_STATE, now, 0, 0
    record.error = nil
    to_tail(record)
    return OK
  end

  -- Whether the event comes from whoever holds the run
  local function is_stale (record, event)
    --@mutant redis-no-token: if record.state == RUNNING_STATE then return false end
    return record.state ~= RUNNING_STATE or record.token ~= event.token
      or record.claimant ~= event.claimant
  end

  -- A run that also finishes its id drops a pending add, unless that says EVEN_FINISHED
  local function outlives_finish (record)
    return record.fate == AGAIN_FATE and has(record.pending.flags, EVEN_FINISHED)
  end

  -- The code may still run, so the record stays until the reap
  local function abandon (record, event)
    record.abandoned, record.when = true, lease + ABANDONED_LEASE
    if event.finish and not outlives_finish(record) then
      finish(record)
    end
    return OK
  end

  local function settle_finished (record)
    if outlives_finish(record) then
      carry_out_pending(record)
      return OK
    end
    leave(record)
    record.finished = true
    return OK
  end

  local function settle_done (record)
    if record.fate == AGAIN_FATE then
      carry_out_pending(record)
    else
      leave(record)
    end
    return OK
  end

  local function settle_failed (record, event)
    record.failures = record.failures + 1
    if record.failures >= record.max_tries then
      return die(record, event.error)
    end

    set_error(record, event.error)
    if event.delay < 0 then
      return wait_in_old_place(record)
    end
    return delay(record, event.delay)
  end

  local function settle (record, event)
    if is_stale(record, event) then
      return STALE
    elseif event.how == SETTLE_ABANDONED then
      return abandon(record, event)
    elseif event.finish then
      return settle_finished(record)
    elseif record.fate == DROP_FATE then
      leave(record)
      return OK
    elseif event.how == SETTLE_DONE then
      return settle_done(record)
    elseif record.cancelled then
      return die(record, 'cancelled')
    elseif event.how == SETTLE_FAILED then
      return settle_failed(record, event)
    elseif event.how == SETTLE_REJECTED then
      return die(record, event.error)
    elseif event.how == SETTLE_POSTPONED then
      return delay(record, event.delay)
    end
    return wait_in_old_place(record)
  end

  local function due (record)
    if record.state ~= DELAYED_STATE then
      return ABSENT
    end
    record.state = WAITING_STATE
    to_tail(record)
    return OK
  end

  -- A pending add is not carried out here: each new process adds everything anew in its start, often
  -- before the dead one's runs are reaped, and that must not revive a killer
  local function die_of_crashes (record)
    take_newest_info(record)
    record.fate = PLAIN_FATE
    return die(record, 'its worker died while it ran')
  end

  local function reap (record)
    if record.state ~= RUNNING_STATE then
      return ABSENT
    elseif record.fate == DROP_FATE then
      leave(record)
      return OK
    elseif record.cancelled then
      return die(record, 'cancelled')
    elseif record.abandoned then
      return wait_in_old_place(record)
    end

    record.crashes = record.crashes + 1
    --@mutant redis-reap-no-cap: if record then return wait_in_old_place(record) end
    if record.crashes < max(record.max_crashes, 1) then
      return wait_in_old_place(record)
    end
    return die_of_crashes(record)
  end

  local function bury_junk (record, reason)
    if record.state ~= WAITING_STATE and record.state ~= DELAYED_STATE then
      return ABSENT
    end
    return die(record, reason)
  end

  return {
    add = add, finish = finish, unfinish = unfinish, remove_task = remove_task, cancel = cancel,
    retry_dead = retry_dead, settle = settle, due = due, reap = reap, bury_junk = bury_junk,
  }
end
