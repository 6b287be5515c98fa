#!/usr/bin/env python3
# check-output.py - chihuo-bench says what it should, in the form it should; how fast is no test
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-output.py BENCH NAME..."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as etree

FIELDS = {'name': str, 'unit': str, 'rate': float, 'rounds': int}
SMALL = ('--rounds', '1', '--size', 'small')

# What some have beside a rate
MORE = {'memory-process': ('ratio', 'ceiling', 'pool'), 'sqlite-8': ('slowest', 'busy'), 'latency': ('p50', 'p99'),
        'growth': ('ratio', 'delayed', 'delayed-ratio'), 'sqlite-add': ('ratio', 'file-system'),
        'sqlite-process': ('ratio', 'ceiling', 'bare'), 'redis-add': ('ratio', 'bare-64'),
        'redis-process': ('ratio', 'bare-64'), 'redis-latency': ('p50', 'p99'), 'redis-rtt': ('ratio', 'bare-64'),
        'lodis-add': ('ratio', 'ceiling'), 'lodis-process': ('ratio', 'ceiling'), 'lodis-latency': ('p50', 'p99')}
VARIANTS = {'latency': {'memory', 'sqlite', 'sqlite-process'}, 'growth': {'memory', 'sqlite'},
            'footprint': {'waiting-task', 'idle-memory', 'idle-sqlite'},
            'redis-add': {'unix', 'tcp', 'everysec'}, 'redis-process': {'unix', 'tcp', 'everysec'},
            'redis-footprint': {'waiting-task', 'finished-id'},
            'lodis-server': {'aget', 'arpushnx', 'arpushnx-synced'}, 'lodis-add': {'safe', 'safe-synced'},
            'lodis-process': {'safe', 'safe-synced', 'plain'}, 'lodis-latency': {'safe', 'plain'},
            'lodis-idle': {'safe', 'plain'}}


def run(bench, *arguments, status=0):
    """What it prints."""
    done = subprocess.run([bench, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == status, '%s: exit status %d' % (arguments, done.returncode)
    return done.stdout


def check_object(result):
    name = result.get('name')
    for field, kind in FIELDS.items():
        assert isinstance(result.get(field), kind), '%s: %s is no %s' % (name, field, kind.__name__)
    assert result['rate'] > 0, '%s: nothing was done' % name
    for field in MORE.get(name, ()):
        assert field in result, '%s: no %s' % (name, field)
    if 'ratio' in result:
        assert result['ceiling'] > 0 and result['ratio'] > 0, '%s: no ceiling' % name


def check_json(bench, names, folder):
    drawing = os.path.join(folder, 'table.svg')
    only = [word for name in names for word in ('--only', name)]
    lines = run(bench, '--json', '--svg', drawing, '--folder', folder, *SMALL, *only).splitlines()
    results = [json.loads(line) for line in lines]
    for result in results:
        check_object(result)
    found = [result['name'] for result in results]
    assert sorted(set(found)) == sorted(names), found
    for name in VARIANTS.keys() & set(names):
        variants = VARIANTS[name]
        assert {result['variant'] for result in results if result['name'] == name} == variants, name

    bars = etree.parse(drawing).getroot().findall('.//{http://www.w3.org/2000/svg}rect')
    n_drawn = sum('ceiling' in result for result in results)
    assert len(bars) == 2 * n_drawn + 1, '%d bars for %d results' % (len(bars), n_drawn)
    assert os.listdir(folder) == ['table.svg'], 'files are left: %s' % os.listdir(folder)


def check_table(bench, names, folder):
    lines = run(bench, '--only', 'memory-add', '--only', 'footprint', '--folder', folder, *SMALL).splitlines()
    assert 'cores' in lines[0] and 'SQLite' in lines[0] and 'files on' in lines[0], lines[0]
    assert 'medians of 1 rounds' in lines[1], lines[1]
    assert [line.split()[0] for line in lines[4:]] == ['memory-add'] + 3 * ['footprint'], lines


def main(bench, names):
    assert run(bench, '--list').split() == names
    if shutil.which('redis-server') is None:
        print('redis-server is missing: nothing is said of it')
        names = [name for name in names if not name.startswith('redis-')]
    # those that are there may lack a part of their own, and take minutes
    names = [name for name in names if name != 'redis-peers']
    run(bench, '--only', 'nothing-of-that-name', status=64)
    run(bench, '--rounds', '0', status=64)
    run(bench, '--size', 'huge', status=64)
    run(bench, '--folder', '/nowhere/at/all', status=73)
    with tempfile.TemporaryDirectory(prefix='chihuo-bench-') as folder:
        check_json(bench, names, folder)
    with tempfile.TemporaryDirectory(prefix='chihuo-bench-') as folder:
        check_table(bench, names, folder)


if __name__ == '__main__':
    main(os.path.abspath(sys.argv[1]), sys.argv[2:])
