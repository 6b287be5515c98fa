-- look.lua - what is known of one id
-- SPDX-License-Identifier: LGPL-2.1-or-later

local id = ARGV[2]
local ends, mark = call('ZSCORE', LEASES, id), call('HGET', FINISHED, id)

return {
  call('HGET', TASKS, id), call('HGET', RUNS, id), ends and tonumber(ends), call('HGET', PENDING, id),
  mark and parse_mark(mark),
}
