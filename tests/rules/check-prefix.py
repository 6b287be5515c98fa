#!/usr/bin/env python3
# check-prefix.py - file = type = prefix: chihuo-foo-bar.c ⇔ chihuo_foo_bar_
#
# SPDX-License-Identifier: LGPL-2.1-or-later

import os

import rules

# What a file has beside its own prefix
ALSO = {
    'chihuo-json': ('chihuo_id_', 'chihuo_name_'),
    'chihuo-record': ('chihuo_cursor_',),
    'chihuo-record-codec': ('chihuo_record_',),
}


def check(top):
    problems = []
    headers = rules.header_stems(top)
    for name in rules.files(top, 'chihuo', ending='.c'):
        if name.startswith('chihuo/programs/'):
            continue
        module = rules.module(name, headers)
        own = module.replace('-', '_')
        shared = rules.family(module).replace('-', '_') + '_'
        for function, static, first, _ in rules.functions(rules.read(top, name)):
            if static or function == own:
                continue
            if not function.startswith((own + '_', shared) + ALSO.get(module, ())):
                problems.append('%s:%d: %s() should be static, or begin with %s_' % (name, first, function, own))
    for name in rules.files(top, 'tests', ending='.c'):
        if os.path.dirname(name) == 'tests' and rules.stem(name).startswith('test-'):
            problems += check_test(top, name)
    return problems


def check_test(top, name):
    """A test program has no function that others could call."""
    return ['%s:%d: %s() should be static' % (name, first, function)
            for function, static, first, _ in rules.functions(rules.read(top, name))
            if not static and function != 'main']


def plant(name, text):
    return lambda top: (rules.append if os.path.exists(os.path.join(top, name)) else rules.write)(top, name, text)


FOREIGN = 'void\nchihuo_elsewhere_do (void)\n{\n}\n'
PLANTS = (
    ('a function of another type', plant('chihuo/chihuo-batch.c', FOREIGN), 'should be static, or begin'),
    ('a function in a test', plant('tests/test-planted.c', FOREIGN), 'should be static'),
    ('a function with many parameters', plant('chihuo/chihuo-batch.c', 'int\nfree_it (int a,\n         int b)\n{\n}\n'),
     'free_it() should be static'),
)

if __name__ == '__main__':
    rules.main(check, PLANTS)
