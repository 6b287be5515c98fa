#!/usr/bin/env python3
# check-leaks.py - nothing private gets out: neither into the GIR nor into the library's symbols
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""check-leaks.py TOP GIR LIBRARY"""

import re
import subprocess
import sys

import rules

HEADER = re.compile(r'<source-position filename="(?:\.\./)*(?:[^"]*/)?(chihuo/[^"]+\.h)"')
IDENTIFIER = re.compile(r'c:identifier="(chihuo_\w+)"')
PUBLIC = re.compile(r'^CHIHUO_AVAILABLE_IN_ALL\s+(?:[\w ]+?[\s*]+)(chihuo_\w+)\s*\(', re.M)
DECLARED = re.compile(r'^G_DECLARE_\w+ \(Chihuo\w+, (chihuo_\w+),', re.M)


def installed(top):
    """The installed headers."""
    listed = re.search(r'public_headers = files\((.*?)\n\)', rules.read(top, 'chihuo/meson.build'), re.S)
    names = ['chihuo/' + name for name in re.findall(r"'([^']+)'", listed.group(1))]
    assert len(names) > 5, 'chihuo/meson.build: public_headers not found'
    return names


def promised(top, headers):
    """The functions that the installed headers promise."""
    names = set()
    for header in headers:
        text = rules.without_comments(rules.read(top, header))
        names |= set(PUBLIC.findall(text)) | {name + '_get_type' for name in DECLARED.findall(text)}
    return names


def check(headers, public, gir, symbols):
    """What is in the GIR or in the library, and in no installed header; and the other way round."""
    problems = ['%s: in the GIR, and not installed' % name for name in sorted(set(HEADER.findall(gir)))
                if name not in headers and name != 'chihuo/chihuo-version.h']
    problems += ['%s(): in the GIR, and not public' % name for name in sorted(set(IDENTIFIER.findall(gir)))
                 if name not in public]
    problems += ['%s: exported, and in no installed header' % name for name in sorted(symbols - public)]
    problems += ['%s(): promised, and not in the library' % name for name in sorted(public - symbols)]
    return problems


def exported(library):
    """The dynamic symbols that a library defines."""
    lines = subprocess.run(['nm', '--dynamic', '--defined-only', library], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return {line.split()[-1] for line in lines}


def self_test():
    """A leak of each kind is found."""
    gir = '<source-position filename="../chihuo/chihuo-%s.h" line="3"/> c:identifier="chihuo_%s"'
    headers, public = ['chihuo/chihuo-a.h'], {'chihuo_a'}
    assert check(headers, public, gir % ('a', 'a'), {'chihuo_a'}) == []
    for found in ((gir % ('b', 'a'), {'chihuo_a'}), (gir % ('a', 'b'), {'chihuo_a'}),
                  (gir % ('a', 'a'), {'chihuo_a', 'chihuo_b'}), (gir % ('a', 'a'), set())):
        assert len(check(headers, public, *found)) == 1, found


def main(top, gir, library):
    self_test()
    with open(gir, encoding='utf-8') as file:
        text = file.read()
    headers = installed(top)
    problems = check(headers, promised(top, headers), text, exported(library))
    print('\n'.join(problems) or 'nothing private gets out')
    return 1 if problems else 0


if __name__ == '__main__':
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
