#!/usr/bin/env python3
# dump-api.py - prints what the bindings see, one symbol a line
#
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Turns a GIR file into a text that people can read in a diff.

    dump-api.py GIR                     prints it
    dump-api.py --check GIR EXPECTED    compares; a difference is shown and gives exit status 1
    dump-api.py --renew GIR EXPECTED    writes it
    dump-api.py --self-test             shows that a difference is found
"""

import difflib
import sys
import xml.etree.ElementTree as ET

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CONTAINERS = ('class', 'interface', 'record', 'union', 'boxed', 'enumeration', 'bitfield')
CALLABLES = ('method', 'function', 'constructor', 'virtual-method', 'callback')


def kind(element):
    return element.tag.split('}')[1]


def type_text(element):
    """The type of a parameter, a field or a return value."""
    array = element.find(CORE + 'array')
    if array is not None:
        how = [name for name in ('length', 'zero-terminated', 'fixed-size') if array.get(name)]
        extra = ', '.join('%s=%s' % (name, array.get(name)) for name in how)
        name = array.get('name')
        inner = type_text(array)
        return '%s[%s%s]' % (name + ' of ' + inner if name else inner, ' ' if extra else '', extra)
    simple = element.find(CORE + 'type')
    if simple is not None:
        inner = [type_text_of(child) for child in simple.findall(CORE + 'type')]
        return type_text_of(simple) + ('<%s>' % ', '.join(inner) if inner else '')
    if element.find(CORE + 'varargs') is not None:
        return '...'
    callback = element.find(CORE + 'callback')
    return callable_text(callback) if callback is not None else 'void'


def type_text_of(element):
    return element.get('name') or '?'


def value_text(element):
    """A parameter or return value, with all that a binding goes by."""
    words = []
    if element.get('direction', 'in') != 'in':
        words.append(element.get('direction'))
        if element.get('caller-allocates') == '1':
            words.append('caller-allocates')
    words.append(type_text(element))
    if element.get('nullable') == '1':
        words.append('nullable')
    if element.get('optional') == '1':
        words.append('optional')
    words.append(element.get('transfer-ownership', ''))
    for key in ('scope', 'closure'):
        if element.get(key):
            words.append('%s=%s' % (key, element.get(key)))
    return ' '.join(word for word in words if word)


def callable_text(element):
    parameters = element.find(CORE + 'parameters')
    texts = []
    for parameter in parameters if parameters is not None else ():
        if kind(parameter) == 'parameter':
            texts.append('%s: %s' % (parameter.get('name'), value_text(parameter)))
    back = element.find(CORE + 'return-value')
    text = '(%s) -> %s' % (', '.join(texts), value_text(back) if back is not None else 'void')
    if element.get('throws') == '1':
        text += ' throws'
    return text


def flags_text(element):
    names = ('shadows', 'shadowed-by', 'moved-to', 'deprecated', 'detailed', 'when', 'invoker')
    words = ['%s=%s' % (name, element.get(name)) for name in names if element.get(name)]
    if element.get('introspectable') == '0':
        words.append('HIDDEN')
    return ' {%s}' % ', '.join(words) if words else ''


def property_text(element):
    words = [type_text(element), element.get('transfer-ownership', '')]
    words += [name for name in ('writable', 'construct', 'construct-only') if element.get(name) == '1']
    return ' '.join(words)


def member_line(prefix, element):
    what = kind(element)
    if what in CALLABLES:
        return '%s%s %s %s%s' % (prefix, what, element.get('name'), callable_text(element), flags_text(element))
    if what == 'signal':
        return '%ssignal %s %s%s' % (prefix, element.get('name'), callable_text(element), flags_text(element))
    if what == 'property':
        return '%sproperty %s: %s%s' % (prefix, element.get('name'), property_text(element), flags_text(element))
    if what == 'field' and element.get('private') != '1':
        return '%sfield %s: %s' % (prefix, element.get('name'), type_text(element))
    if what == 'member':
        return '%smember %s = %s' % (prefix, element.get('name'), element.get('value'))
    if what == 'constant':
        return '%sconstant %s = %r' % (prefix, element.get('name'), element.get('value'))
    return None


def container_lines(element):
    head = '%s %s' % (kind(element), element.get('name') or element.get(GLIB + 'name'))
    if element.get('parent'):
        head += ' : ' + element.get('parent')
    names = [child.get('name') for child in element.findall(CORE + 'implements')]
    if names:
        head += ' implements ' + ', '.join(names)
    for key in ('abstract', 'final'):
        if element.get(key) == '1' or element.get(GLIB + key) == '1':
            head += ' ' + key
    if element.get(GLIB + 'error-domain'):
        head += ' error-domain=' + element.get(GLIB + 'error-domain')
    lines = [line for line in (member_line('  ', child) for child in element) if line]
    ordered = kind(element) in ('record', 'union', 'enumeration', 'bitfield')
    return [head + flags_text(element)] + (lines if ordered else sorted(lines))


def dump(gir):
    """The whole text of a GIR file. Version macros are left out: they change with each release."""
    namespace = ET.fromstring(gir).find(CORE + 'namespace')
    blocks = []
    for element in namespace:
        if kind(element) == 'constant' and element.get(C + 'type', '').startswith('CHIHUO_M') \
           or element.get('name') in ('MAJOR_VERSION', 'MINOR_VERSION', 'MICRO_VERSION', 'VERSION_S'):
            continue
        if kind(element) in CONTAINERS:
            blocks.append(container_lines(element))
        else:
            line = member_line('', element)
            if line:
                blocks.append([line])
    blocks.sort(key=lambda block: block[0].split(' ', 1)[1])
    title = '# %s %s: ninja -C build renew-api' % (namespace.get('name'), namespace.get('version'))
    return '\n'.join([title] + ['\n'.join(block) for block in blocks]) + '\n'


def check(gir, expected):
    """The lines of the difference: none where both are the same."""
    return list(difflib.unified_diff(expected.splitlines(), dump(gir).splitlines(),
                                     'expected', 'built', lineterm=''))


SAMPLE = '''<repository xmlns="http://www.gtk.org/introspection/core/1.0"
  xmlns:c="http://www.gtk.org/introspection/c/1.0" xmlns:glib="http://www.gtk.org/introspection/glib/1.0">
<namespace name="Demo" version="1"><record name="Thing"><method name="get">
<return-value transfer-ownership="none" nullable="1"><type name="utf8"/></return-value>
<parameters><instance-parameter name="self"><type name="Thing"/></instance-parameter>
<parameter name="n" transfer-ownership="none"><type name="guint"/></parameter></parameters>
</method></record></namespace></repository>'''


def self_test():
    good = dump(SAMPLE)
    assert 'method get (n: guint none) -> utf8 nullable none' in good, good
    assert check(SAMPLE, good) == []
    for old, new in (('nullable="1"', ''), ('transfer-ownership="none" nullable', 'transfer-ownership="full" nullable'),
                     ('name="guint"', 'name="gint"'), ('<method name="get">', '<method name="got">'),
                     ('<method name="get">', '<method name="get" throws="1">')):
        assert old in SAMPLE and check(SAMPLE.replace(old, new), good) != [], old
    print('self-test: 5 changes found')


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def main(arguments):
    if arguments == ['--self-test']:
        self_test()
    elif len(arguments) == 1:
        sys.stdout.write(dump(read(arguments[0])))
    elif len(arguments) == 3 and arguments[0] == '--renew':
        with open(arguments[2], 'w', encoding='utf-8') as file:
            file.write(dump(read(arguments[1])))
    elif len(arguments) == 3 and arguments[0] == '--check':
        difference = check(read(arguments[1]), read(arguments[2]))
        if difference:
            print('\n'.join(difference))
            print('the API is not the expected one; if it is meant: ninja -C build renew-api')
            return 1
    else:
        sys.exit(__doc__)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
