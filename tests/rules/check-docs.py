#!/usr/bin/env python3
# check-docs.py - every public symbol is documented, every page is listed
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import re

import rules

BLOCK = re.compile(r'/\*\*\n +\* ([A-Za-z_]\w*(?::{1,2}[a-z][a-z0-9_-]*)?):[^\n]*\n(.*?)\*/', re.S)
PROTOTYPE = re.compile(r'^CHIHUO_AVAILABLE_IN_ALL\n(?:[\w ]+?[\s*]+)(chihuo_\w+)\s*\(', re.M)
ANY_PROTOTYPE = re.compile(r'^(?!typedef|#| )(?:[\w]+[\s*]+)+?(chihuo_\w+)\s*\([^;{]*;', re.M)
TYPE = re.compile(r'^typedef struct _\w+\s+(Chihuo\w+);|^\}\s*(Chihuo\w+);'
                  r'|^G_DECLARE_\w+ \((Chihuo\w+)|^typedef [^;{}]*\(\*\s*(Chihuo\w+)\)', re.M)
CONSTANT = re.compile(r'^# ?define (CHIHUO_\w+) +(?!\(chihuo_\w+_(?:get_type|quark))\S', re.M)
VTABLE = re.compile(r'^struct _(Chihuo\w+(?:Class|Interface))\n\{(.*?)^\};', re.M | re.S)
VFUNC = re.compile(r'\(\* (\w+)\)')
PROPERTY = re.compile(r'g_param_spec_\w+ \("([a-z-]+)"')
SIGNAL = re.compile(r'g_signal_new \("([a-z-]+)"')


def public_headers(top):
    """What chihuo/meson.build says is installed."""
    listed = re.search(r'public_headers = files\((.*?)\n\)', rules.read(top, 'chihuo/meson.build'), re.S)
    names = re.findall(r"'([^']+)'", listed.group(1)) if listed else []
    return ['chihuo/' + name for name in names] + ['chihuo/chihuo-version.h.in']


def type_name(stem):
    return ''.join(part.capitalize() for part in stem.split('-'))


def wanted(top, headers):
    """Each public symbol: where it is and its name."""
    for name in headers:
        text = rules.read(top, name)
        plain = rules.without_comments(text)
        for pattern in (PROTOTYPE, TYPE, CONSTANT):
            for match in pattern.finditer(plain):
                symbol = next(group for group in match.groups() if group)
                if not symbol.endswith(('_get_type', '_quark')) and '_TYPE_' not in symbol \
                   and symbol not in ('CHIHUO_ERROR', 'CHIHUO_AVAILABLE_IN_ALL', 'CHIHUO_INSIDE'):
                    yield name, symbol


def wanted_of_classes(top, headers):
    """Properties and signals of the classes that are public."""
    stems = {rules.stem(name) for name in headers}
    for name in rules.files(top, 'chihuo', ending='.c'):
        if rules.stem(name) not in stems:
            continue
        text = rules.read(top, name)
        owner = type_name(rules.stem(name))
        for symbol in PROPERTY.findall(text):
            yield name, '%s:%s' % (owner, symbol)
        for symbol in SIGNAL.findall(text):
            yield name, '%s::%s' % (owner, symbol)


def blocks(top):
    """All doc blocks: symbol → (file, text)."""
    found = {}
    for name in rules.files(top, 'chihuo', ending=('.c', '.h', '.h.in')):
        for match in BLOCK.finditer(rules.read(top, name)):
            found[match.group(1)] = (name, match.group(2))
    return found


def check_vfuncs(top, headers, documented):
    for name in headers:
        for table, body in VTABLE.findall(rules.read(top, name)):
            text = documented.get(table, ('', ''))[1]
            for vfunc in VFUNC.findall(body):
                if '@%s:' % vfunc not in text and '%s::%s' % (table, vfunc) not in documented:
                    yield '%s: the vfunc %s of %s is not documented' % (name, vfunc, table)


def check_exports(top, headers):
    for name in headers:
        plain = rules.without_comments(rules.read(top, name))
        exported = set(PROTOTYPE.findall(plain))
        for match in ANY_PROTOTYPE.finditer(plain):
            if match.group(1) not in exported:
                yield '%s: %s() has no CHIHUO_AVAILABLE_IN_ALL on the line above' % (name, match.group(1))


def check_pages(top):
    listed = re.search(r'content_files = \[(.*?)\]', rules.read(top, 'doc/chihuo.toml.in'), re.S)
    listed = re.findall(r'"([^"]+)"', listed.group(1)) if listed else []
    present = [os.path.basename(name) for name in rules.files(top, 'doc', ending='.md')]
    for name in present:
        if name not in listed:
            yield 'doc/%s: not listed in doc/chihuo.toml.in' % name
    for name in listed:
        if name not in present:
            yield 'doc/chihuo.toml.in: lists %s, which is not there' % name


def check(top):
    headers = public_headers(top)
    documented = blocks(top)
    problems = []
    for name in headers:
        if not os.path.exists(os.path.join(top, name)):
            return ['chihuo/meson.build: %s is not there' % name]
    symbols = list(wanted(top, headers)) + list(wanted_of_classes(top, headers))
    for name, symbol in symbols:
        if symbol not in documented:
            problems.append('%s: %s is not documented' % (name, symbol))
        elif not re.search(r'^ *\* Since: \d+\.\d+$', documented[symbol][1], re.M):
            problems.append('%s: %s has no “Since:”' % (documented[symbol][0], symbol))
    names = {symbol for _, symbol in symbols}
    defined = {function for name in rules.files(top, 'chihuo', ending='.c')
               for function, _, _, _ in rules.functions(rules.read(top, name))}
    for symbol, (name, _) in sorted(documented.items()):
        if symbol.startswith('chihuo_') and symbol not in names | defined and not symbol.endswith('_quark'):
            problems.append('%s: %s() is documented, and is not there' % (name, symbol))
    problems += check_vfuncs(top, headers, documented)
    problems += check_exports(top, headers)
    problems += check_pages(top)
    return problems


def plant(name, text):
    return lambda top: rules.append(top, name, text)


def replace(name, old, new):
    def planting(top):
        text = rules.read(top, name)
        assert old in text, '%s: the plant needs “%s”' % (name, old)
        rules.write(top, name, text.replace(old, new))
    return planting


DECLARED = '\nCHIHUO_AVAILABLE_IN_ALL\nvoid chihuo_batch_planted (void);\n'
PLANTS = (
    ('an undocumented function', plant('chihuo/chihuo-batch.h', DECLARED), 'chihuo_batch_planted is not documented'),
    ('an undocumented enum', plant('chihuo/chihuo-batch.h', '\ntypedef enum\n{\n  A\n} ChihuoPlanted;\n'),
     'ChihuoPlanted is not documented'),
    ('an undocumented struct', plant('chihuo/chihuo-batch.h', '\ntypedef struct _ChihuoPlanted ChihuoPlanted;\n'),
     'ChihuoPlanted is not documented'),
    ('an undocumented constant', plant('chihuo/chihuo-batch.h', '\n#define CHIHUO_PLANTED 3\n'),
     'CHIHUO_PLANTED is not documented'),
    ('an undocumented property', plant('chihuo/chihuo-batch.c', 'g_param_spec_int ("planted", NULL, NULL)\n'),
     'ChihuoBatch:planted is not documented'),
    ('an undocumented signal', plant('chihuo/chihuo-batch.c', 'g_signal_new ("planted",\n'),
     'ChihuoBatch::planted is not documented'),
    ('an undocumented vfunc', replace('chihuo/chihuo-backend.h', '  gboolean  (* close) ',
                                      '  gboolean  (* planted) (void);\n  gboolean  (* close) '), 'the vfunc planted'),
    ('a block without a version', replace('chihuo/chihuo-batch.c', ' * Since: 1.0\n', ''), 'has no “Since:”'),
    ('a block of nothing', plant('chihuo/chihuo-batch.c', '/**\n * chihuo_batch_ghost:\n *\n * Since: 1.0\n */\n'),
     'is not there'),
    ('a function that is not exported', plant('chihuo/chihuo-batch.h', '\nvoid chihuo_batch_planted (void);\n'),
     'no CHIHUO_AVAILABLE_IN_ALL'),
    ('a page that is not listed', lambda top: rules.write(top, 'doc/planted.md', ''), 'not listed'),
    ('a listed page that is not there', lambda top: os.remove(os.path.join(top, 'doc', 'hacking.md')),
     'lists hacking.md'),
)

if __name__ == '__main__':
    rules.main(check, PLANTS)
