# test-model.py - plants lies in honest logs, and wants each of them refused
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-model.py TABLE PROGRAM…"""
import json, subprocess, sys

from model import Refused, Table, judge

N = 40

# Each changes a line of the log, or says that it cannot (None)
def answer(line):
    return 'answer' in line and {**line, 'answer': 'ok' if line['answer'] != 'ok' else 'stale'}

def look(key, value):
    def change(line):
        seen = line.get('look')
        return seen and seen[key] != value and {**line, 'look': {**seen, key: value}}
    return change

def cancelled(line):
    seen = line.get('look')
    return seen and {**line, 'look': {**seen, 'cancelled': 1 - seen['cancelled']}}

def claimed(change):
    return lambda line: line['op'] == 'claim' and line['got'] and {**line, 'got': change(line['got'])}

def listed(line):
    return line['op'] == 'list' and ' ' in line['ids'] and {**line, 'ids': ' '.join(line['ids'].split()[::-1])}

def counted(line):
    return line['op'] == 'claim' and {**line, 'waiting': line['waiting'] + 1}

def unreaped(line):
    alive = line['op'] == 'reap' and [seen for seen in line['looks'] if seen['crashes'] > 0]
    return alive and {**line, 'looks': [{**seen, 'crashes': 0} for seen in line['looks']]}

LIES = {
    'another answer': answer,
    'another state': look('state', 'dead'),
    'a mark': look('mark', 'finished'),
    'another fate': look('fate', 'again'),
    'a failure too many': look('failures', 7),
    'a crash too many': look('crashes', 7),
    'another info': look('info', 999),
    'another error': look('error', 'invented'),
    'a cancellation': cancelled,
    'a task lost by a claim': claimed(lambda got: got[:-1]),
    'a task claimed twice': claimed(lambda got: got + got[:1]),
    'a claim in another order': claimed(lambda got: got[::-1] if len(got) > 1 else got + got),
    'an old token': claimed(lambda got: [{**one, 'token': 0} for one in got]),
    'a list in another order': listed,
    'one more waiting': counted,
    'an uncounted crash': unreaped,
}


def is_refused(table, lines, at, lie):
    try:
        judge(table, lines[:at] + [json.dumps(lie)] + lines[at + 1:])
    except Refused:
        return True
    return False


def check(table, lines, name, change):
    """The first, the last and some lines between that this lie can be told in"""
    places = [(at, lie) for at, line in enumerate(lines) if (lie := change(json.loads(line)))]
    chosen = places[::max(1, len(places) // 8)]
    caught = sum(is_refused(table, lines, at, lie) for at, lie in chosen)
    ok = chosen and caught == len(chosen)
    print(f"{'ok' if ok else 'not ok'} - {name}: {caught} of {len(chosen)} refused")
    return ok


def main(path, *program):
    table = Table(path)
    log = subprocess.run([*program, '--sequences', '1', str(N)], stdout=subprocess.PIPE, text=True, check=True)
    lines = log.stdout.splitlines()
    print(f'1..{len(LIES) + 1}')
    print('ok - the honest log' if judge(table, lines) == N else 'not ok - the honest log')
    return not all([check(table, lines, name, change) for name, change in LIES.items()])


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
