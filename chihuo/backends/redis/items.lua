-- items.lua - the items of a request, in runs of one kind
-- SPDX-License-Identifier: LGPL-2.1-or-later
--
-- Of a run of items only where it begins in ARGV is known, and how many arguments each has: the
-- first one is the id. A run is cut where an id comes a second time, so that this one sees what
-- became of the first.

local answers, n_answers = {}, 0

-- Ends before an id that came already: the ids, how many there are
local function cut (first, stride, from, n)
  local ids, seen = {}, {}
  local k = 0

  for j = from, n - 1 do
    local id = ARGV[first + stride * j]
    if seen[id] then
      break
    end
    seen[id] = true
    k = k + 1
    ids[k] = id
  end
  return ids, k
end

-- step(record, index in ARGV) gives the answer
local function step_some (chosen, n_chosen, first, stride, base, step)
  local work = get_records()
  local ids = {}

  for k = 1, n_chosen do
    ids[k] = ARGV[first + stride * chosen[k]]
  end
  for k, record in ipairs(work.load(ids, n_chosen)) do
    answers[base + chosen[k]] = step(record, first + stride * chosen[k])
    work.save(record)
  end
  work.flush()
end

local function step_all (first, n, stride, step)
  local from = 0

  while from < n do
    local ids, k = cut(first, stride, from, n)
    local chosen = {}
    for j = 1, k do
      chosen[j] = from + j - 1
    end
    step_some(chosen, k, first, stride, n_answers + 1, step)
    from = from + k
  end
  n_answers = n_answers + n
end
