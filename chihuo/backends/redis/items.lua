-- items.lua - the items of a request, in runs of one kind
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Of a run of items only where it begins in ARGV is known, and how many arguments each has: the
-- first one is the id. An id that comes a second time has to see what became of it the first time.

local answers, n_answers = {}, 0

-- The ids of a run
local function get_ids (first, n, stride)
  local ids, at = {}, first

  for j = 1, n do
    ids[j] = ARGV[at]
    at = at + stride
  end
  return ids
end

-- Calls again(j) for each item of a run whose id came before in it
local function each_again (ids, n, again)
  local seen = {}

  for j = 1, n do
    local id = ids[j]
    if seen[id] then
      again(j, seen[id])
    else
      seen[id] = j
    end
  end
end

-- Items chosen out of a run take their steps: step(record, index in ARGV) gives the answer. They are
-- done in units, each of which ends before an id that came already
local function step_some (chosen, n, first, stride, step)
  local work = get_records()
  local from = 1

  while from <= n do
    local ids, seen, k = {}, {}, 0
    while from + k <= n do
      local id = ARGV[first + stride * (chosen[from + k] - 1)]
      if seen[id] then
        break
      end
      seen[id], k = true, k + 1
      ids[k] = id
    end

    for j, record in ipairs(work.load(ids, k)) do
      local number = chosen[from + j - 1]
      answers[n_answers + number] = step(record, first + stride * (number - 1))
      work.save(record)
    end
    work.flush()
    from = from + k
  end
end

local function step_all (first, n, stride, step)
  local chosen = {}

  for j = 1, n do
    chosen[j] = j
  end
  step_some(chosen, n, first, stride, step)
  n_answers = n_answers + n
end
