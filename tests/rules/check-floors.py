#!/usr/bin/env python3
# check-floors.py - includes go down, never up, never sideways between backends, never in a circle
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re

import rules

# The floors of doc/hacking.md. A new file has to be written down here: one that is not is an error. A part without a
# header of its own (chihuo-keys-text.c) is where its type is. Files in chihuo/backends/ are on floor 3, and belong to
# the backend that is the second part of their name.
FLOORS = {
    0: 'error enums version fork clock treap backoff mutant',
    1: 'payload json keys config cancel-cell task',
    2: 'item record task-life batch stats backend record-codec simple-backend '
       'simple-claim simple-page simple-queue simple-storage simple-upkeep',
    4: 'registry',
    5: 'store-client store parcel call request sweeping bell engine event runner worker workers helper events queue '
       'loop snapshot',
    6: 'run',
}
BACKENDS = 3
PROGRAMS = 7
GENERATED = ('config.h', 'chihuo-redis-script-texts.h')

# A header that only some files may know: the header, and what the path of those files begins with
GUARDED = (
    ('libsoup/', 'chihuo/programs/'),
    ('sqlite3.h', 'chihuo/backends/chihuo-sqlite-'),
    ('hiredis/', 'chihuo/backends/chihuo-redis-'),
)

# No I/O, no threads, no clock: they run in a simulation, too
PURE = ('chihuo-task-life', 'chihuo-engine')
IMPURE = re.compile(r'\b(g_get_monotonic_time|g_get_real_time|g_usleep|g_thread_\w+|g_mutex_\w+|g_cond_\w+|'
                    r'g_main_context_\w+|g_source_\w+|g_timeout_\w+|g_idle_\w+|g_random_\w+|GMutex|GThread)\b')

INCLUDE = re.compile(r'^#\s*include\s+([<"])([^>"]+)[>"]')


def floor_of(name, module):
    """The floor of a file, or None if nobody has said."""
    if name.startswith('chihuo/backends/'):
        return BACKENDS
    if name.startswith('chihuo/programs/'):
        return PROGRAMS
    for floor, stems in FLOORS.items():
        if module in ('chihuo-' + word for word in stems.split()):
            return floor
    return None


def includes(text):
    for number, line in enumerate(text.split('\n'), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == '"', match.group(2)


def check_own(name, module, where, target, known):
    """One #include "…" of one of the library's own headers."""
    if target in GENERATED:
        return None
    if os.path.basename(target) == 'chihuo.h':
        return None if name.startswith('chihuo/programs/') else where + 'the umbrella header is for programs only'
    if os.path.basename(target) not in known:
        return where + '%s is no header of the library' % target
    other = known[os.path.basename(target)]
    mine, theirs = floor_of(name, module), floor_of(other, rules.stem(other))
    if mine is None or theirs is None:
        return None
    if theirs > mine:
        return where + 'floor %d includes %s of floor %d: includes go down' % (mine, target, theirs)
    if mine == theirs == BACKENDS and rules.stem(name).split('-')[1] != rules.stem(other).split('-')[1]:
        return where + 'a backend includes %s of another one' % target
    return None


def check_foreign(name, where, target):
    for header, allowed in GUARDED:
        if target.startswith(header) and not name.startswith(allowed):
            return where + '<%s> is for %s… only' % (target, allowed)
    if os.path.basename(target).startswith('chihuo') and not name.startswith('chihuo/programs/'):
        return where + 'own headers are included with quotes'
    return None


def circles(graph):
    """The circles of a graph, each once, found by walking it depth first."""
    found, done = [], set()

    def walk(node, path):
        if node in path:
            found.append(path[path.index(node):] + [node])
        elif node not in done:
            for following in sorted(graph.get(node, ())):
                walk(following, path + [node])
            done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


def check(top):
    sources = [name for name in rules.files(top, 'chihuo', ending=('.c', '.h', '.h.in'))]
    known = {os.path.basename(name).replace('.h.in', '.h'): name for name in sources if not name.endswith('.c')}
    headers = rules.header_stems(top)
    problems, graph = [], {}
    for name in sources:
        module = rules.module(name, headers)
        text = rules.read(top, name)
        if os.path.basename(name) == 'chihuo.h':
            continue
        if floor_of(name, module) is None:
            problems.append('%s:1: on no floor: write it down in tests/rules/check-floors.py' % name)
        for number, own, target in includes(text):
            where = '%s:%d: ' % (name, number)
            problem = check_own(name, module, where, target, known) if own else check_foreign(name, where, target)
            if problem:
                problems.append(problem)
            if own and os.path.basename(target) in known and rules.family(rules.stem(target)) != rules.family(module):
                graph.setdefault(rules.family(module), set()).add(rules.family(rules.stem(target)))
        if module in PURE:
            for number, line in enumerate(rules.without_comments(text).split('\n'), 1):
                if IMPURE.search(line):
                    problems.append('%s:%d: pure file: %s' % (name, number, IMPURE.search(line).group()))
    for circle in circles(graph):
        problems.append('chihuo: modules include each other in a circle: %s' % ' → '.join(circle))
    return problems


def plant_include(name, target):
    def plant(top):
        write = rules.append if os.path.exists(os.path.join(top, name)) else rules.write
        write(top, name, '#include %s\n' % target)
    return plant


def plant_circle(top):
    rules.write(top, 'chihuo/chihuo-fork.h', '#include "chihuo-clock.h"\n')
    rules.write(top, 'chihuo/chihuo-clock.h', '')
    rules.write(top, 'chihuo/chihuo-clock.c', '#include "chihuo-fork.h"\n')


def plant_sideways(top):
    rules.write(top, 'chihuo/backends/chihuo-planted-backend.h', '')
    rules.write(top, 'chihuo/backends/chihuo-memory-planted.c', '#include "chihuo-planted-backend.h"\n')


PLANTS = (
    ('an upward include', plant_include('chihuo/chihuo-error.c', '"chihuo-batch.h"'), 'includes go down'),
    ('an upward include in a header', plant_include('chihuo/chihuo-payload.h', '"chihuo-item.h"'), 'includes go down'),
    ('a backend that includes another', plant_sideways, 'of another one'),
    ('a floor above that a backend uses', lambda top: (rules.write(top, 'chihuo/chihuo-registry.h', ''), rules.write(
        top, 'chihuo/backends/chihuo-memory-planted.c', '#include "chihuo-registry.h"\n')), 'includes go down'),
    ('the umbrella inside', plant_include('chihuo/chihuo-batch.c', '"chihuo.h"'), 'umbrella'),
    ('a file on no floor', plant_include('chihuo/chihuo-planted.c', '<glib.h>'), 'on no floor'),
    ('an unknown header', plant_include('chihuo/chihuo-batch.c', '"nowhere.h"'), 'no header of the library'),
    ('a circle through .c files', plant_circle, 'in a circle'),
    ('libsoup in the library', plant_include('chihuo/chihuo-batch.c', '<libsoup/soup.h>'), 'only'),
    ('SQLite above its backend', plant_include('chihuo/chihuo-record.c', '<sqlite3.h>'), 'only'),
    ('a clock in a pure file', lambda top: rules.append(top, 'chihuo/chihuo-task-life.c',
                                                        'gint64 a = g_get_real_time ();\n'), 'pure file'),
    ('own header in brackets', plant_include('chihuo/chihuo-batch.c', '<chihuo/chihuo-item.h>'), 'with quotes'),
)

if __name__ == '__main__':
    rules.main(check, PLANTS)
