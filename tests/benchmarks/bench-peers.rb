#!/usr/bin/env ruby
# bench-peers.rb - what Sidekiq does in a second, with jobs that do nothing
#
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bench-peers.rb sidekiq SERVER N: as bench-peers.py. Its worker process is told to require this very file, too.

require 'sidekiq'

CONCURRENCY = 8

class Nothing
  include Sidekiq::Worker

  def perform; end
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def jobs_a_second(n)
  begin_at = now
  yield
  n / (now - begin_at)
end

def wait_until
  sleep 0.002 until yield
end

# From its first job to its last one: a program's start is no work
def work_all(queue, n)
  worker = spawn('sidekiq', '--require', File.expand_path(__FILE__), '--concurrency', CONCURRENCY.to_s,
                 out: File::NULL, err: File::NULL)
  wait_until { queue.size < n }
  worked = jobs_a_second(n) { wait_until { queue.size.zero? } }
  Process.kill(:TERM, worker)
  Process.wait(worker)
  worked
end

def main(server, n)
  require 'sidekiq/api'
  ENV['REDIS_URL'] = server
  Redis.silence_deprecations = true # or it complains of each job: Sidekiq is older than its client here
  added = jobs_a_second(n) { n.times { Nothing.perform_async } }
  puts "#{added} #{work_all(Sidekiq::Queue.new, n)}"
end

main(ARGV[1], Integer(ARGV[2])) if $PROGRAM_NAME == __FILE__
