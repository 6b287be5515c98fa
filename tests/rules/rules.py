# rules.py - what the rule checks share: reading the tree, and testing the checks themselves
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A rule check is a function that takes the top folder and returns a list of problems, and a list of plants:
violations that it must find. Each script runs as

    check-NAME.py TOP                finds problems, one a line: file:line: what is wrong
    check-NAME.py --self-test TOP    plants each violation into a copy of the tree, and fails if one is not found
"""

import os
import re
import shutil
import sys
import tempfile

FOLDERS = ('.ci', 'chihuo', 'doc', 'examples', 'introspection', 'tests')
TOP_FILES = ('bootstrap', 'meson.build', 'meson_options.txt', 'README.md')
FAMILIES = ('chihuo-simple', 'chihuo-memory', 'chihuo-sqlite', 'chihuo-redis', 'chihuo-lodis', 'chihuo-queue')
DEFINITION = re.compile(r'^([a-z_][A-Za-z0-9_]*) \(')


def all_files(top):
    """Every file of the project, relative to its top folder, in order."""
    found = [name for name in TOP_FILES if os.path.isfile(os.path.join(top, name))]
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(top, folder)):
            folders[:] = sorted(name for name in folders if name != '__pycache__')
            found += [os.path.relpath(os.path.join(path, name), top) for name in sorted(names)
                      if not name.endswith('.pyc')]
    return found


def files(top, *folders, ending):
    """The files below some folders whose names end so."""
    return [name for name in all_files(top)
            if name.endswith(ending) and name.split(os.sep)[0] in folders]


def read(top, name):
    with open(os.path.join(top, name), encoding='utf-8', errors='replace') as file:
        return file.read()


def write(top, name, text):
    """For plants: writes a file of the copy."""
    path = os.path.join(top, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def append(top, name, text):
    """For plants: appends to a file of the copy."""
    write(top, name, read(top, name) + text)


def stem(name):
    """chihuo/backends/chihuo-memory-backend.c → chihuo-memory-backend; a private header is its type's, too"""
    base = os.path.basename(name)
    for ending in ('-private.h', '-internal.h', '.h.in', '.h', '.c'):
        if base.endswith(ending):
            return base[:-len(ending)]
    return base


def module(name, headers):
    """The stem of the type a file belongs to: chihuo-foo-text.c without a header of its own is a part of chihuo-foo.

    headers are the stems of all headers."""
    whole = stem(name)
    part = whole
    while part not in headers and '-' in part:
        part = part.rsplit('-', 1)[0]
    return part if part in headers else whole


def family(name):
    """The files of one type that was too big for one file: they may know each other, and share a prefix."""
    for word in FAMILIES:
        if name == word or name.startswith(word + '-'):
            return word
    return name


def header_stems(top):
    return {stem(name) for name in files(top, 'chihuo', ending=('.h', '.h.in'))} - {'chihuo'}


def without_comments(text):
    """C without comments and texts; every line keeps its number."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        if match.group().startswith('"'):
            return '""'
        return re.sub(r'[^\n]', ' ', match.group())

    return pattern.sub(blank, text)


def functions(text):
    """The definitions of a .c file, as (name, is static, first line, last line), lines from 1."""
    lines = without_comments(text).split('\n')
    found = []
    for number, line in enumerate(lines):
        match = DEFINITION.match(line)
        if match is None or number == 0:
            continue
        end = number
        while end < len(lines) and lines[end].strip() and not lines[end].rstrip().endswith((')', ';')):
            end += 1
        if end + 1 >= len(lines) or lines[end + 1].rstrip() != '{':
            continue
        last = end + 1
        while last < len(lines) and lines[last].rstrip() != '}':
            last += 1
        found.append((match.group(1), 'static' in lines[number - 1].split(), number, last + 1))
    return found


def copy(top, place):
    """A copy of what the checks read."""
    for name in all_files(top):
        target = os.path.join(place, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(top, name), target)


def self_test(top, check, plants):
    """Each plant is (what it is, function that plants it, a part of the problem that must be found)."""
    before = set(check(top))
    missed = []
    for what, plant, expected in plants:
        with tempfile.TemporaryDirectory(prefix='chihuo-rules-') as place:
            copy(top, place)
            plant(place)
            new = [problem for problem in check(place) if problem not in before]
            if not any(expected in problem for problem in new):
                missed.append('not found: %s (expected “%s”, got %s)' % (what, expected, new[:5]))
    print('%d violations planted, %d not found' % (len(plants), len(missed)))
    return missed


def main(check, plants):
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == '--self-test':
        problems = self_test(arguments[1], check, plants)
    elif len(arguments) == 1 and os.path.isdir(os.path.join(arguments[0], 'chihuo')):
        problems = check(arguments[0])
    else:
        sys.exit(__doc__)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
