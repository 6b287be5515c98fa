# model.py - judges logs of random sequences by task-life.csv alone
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""model.py TABLE N PROGRAM…: judges what "PROGRAM… --sequences 1 N" prints"""
import csv, json, subprocess, sys

ERRORS = {'-': '', 'given': 'given error', 'cancelled': 'cancelled', 'crashed': 'its worker died while it ran'}


class Refused(Exception):
    """What the log says cannot be"""


def expect(what, said, expected):
    if said != expected:
        raise Refused(f'{what}: the store said {said!r}, the table says {expected!r}')


class Table:
    def __init__(self, path):
        with open(path, encoding='utf-8') as lines:
            self.rows = list(csv.DictReader(line for line in lines if line[0] != '#'))

    def find(self, event, task, when):
        def fits(row):
            return (event in row['event'].split('|')
                    and all(row[k] == '*' or task[k] in row[k].split('|') for k in ('state', 'mark', 'fate'))
                    and all(w[1:] not in when if w[0] == '!' else w in when for w in row['when'].split()))
        found = [row for row in self.rows if fits(row)]
        expect(f'number of rows that fit {event} of {task} when {when}', len(found), 1)
        return found[0]


class Queue:
    def __init__(self, table):
        self.table, self.tasks, self.head, self.tail, self.token = table, {}, 0, 0, 0

    def task(self, id):
        return self.tasks.setdefault(id, dict(
            state='absent', mark='no', fate='plain', flags=set(), failures=0, crashes=0, info=None, error='',
            priority=0, place=0, due=0, pending=None, own=0, tries=0, max_crashes=0, token=0, claimant=None))

    def step(self, id, op, line, when=()):
        """One event: what the one row that fits says, is done"""
        task = self.task(id)
        pending = task['pending']
        last = {'last-try': task['failures'] + 1 >= task['tries'],
                'last-crash': task['crashes'] + 1 >= task['max_crashes']}
        when = {*when, *task['flags'], *('pending-' + w for w in (pending or {'when': ()})['when']),
                *(word for word in last if last[word])}
        row = self.table.find(op, task, when)

        for key in ('state', 'mark', 'fate'):
            task[key] = task[key] if row['next_' + key] == '=' else row['next_' + key]
        for key in ('failures', 'crashes'):
            task[key] = 0 if row[key] == '0' else task[key] + (row[key] == '+1')
        if row['next_flags'] != '=':
            task['flags'] = task['flags'] | {row['next_flags'][1:]} if row['next_flags'] != '-' else set()
        task['error'] = {**ERRORS, '=': task['error']}[row['error']]
        task['info'] = None if row['info'] == '-' else task['info']
        self.take(task, row, {'new': line, 'pending': pending}.get(row['info']), line)
        self.tail += row['place'] == 'tail'
        self.head -= row['place'] == 'head'
        task['place'] = {'tail': self.tail, 'head': self.head, 'keep': task['place']}[row['place']]
        task['pending'] = line if row['answer'] == 'again' else pending if task['fate'] == 'again' else None
        return row

    def take(self, task, row, add, line):
        """The info and what travels with it; a new life (its counters are 0) takes the whole add"""
        anew = add and row['failures'] == '0'
        if add:
            task['info'], task['own'] = add['info'], add['tries']
        if anew or (add is line and line['has_priority']):
            task['priority'] = add['priority']
        if row['next_state'] == 'delayed':
            task['due'] = line['now'] + (add if anew else line)['delay']

    def order(self, state):
        major = {'waiting': 'priority', 'delayed': 'due'}.get(state, 'state')
        return sorted((id for id, task in self.tasks.items() if task['state'] == state),
                      key=lambda id: (self.tasks[id][major], self.tasks[id]['place']))

    def look(self, look):
        task = self.task(look['id'])
        for key in ('state', 'mark', 'fate', 'failures', 'crashes', 'info', 'error'):
            expect(f"{key} of {look['id']}", look[key], task[key])
        expect(f"cancelled of {look['id']}", bool(look['cancelled']), 'cancelled' in task['flags'])

    def claim(self, line):
        for id in self.order('delayed'):
            if self.task(id)['due'] <= line['now']:
                self.step(id, 'due', line)

        suspects, chosen = line['suspects'], []
        for id in self.order('waiting'):
            suspect = self.task(id)['crashes'] > 0
            if len(chosen) < line['n'] and (suspects > 0 or not suspect):
                chosen.append(id)
                suspects -= suspect
        expect('claimed', [got['id'] for got in line['got']], chosen)
        for got in line['got']:
            task = self.task(got['id'])
            expect('the newest token', max(got['token'], self.token + 1), got['token'])
            self.token = got['token']
            expect('claim', self.step(got['id'], 'claim', line)['answer'], 'ok')
            task.update(token=got['token'], claimant=line['claimant'], tries=task['own'] or line['max_tries'],
                        max_crashes=line['max_crashes'])
            for key in ('info', 'failures', 'crashes'):
                expect(f"claimed {key} of {got['id']}", got[key], task[key])
        expect('what stays waiting', line['waiting'], len(self.order('waiting')))

    def reap(self, line):
        for look in sorted(line['looks'], key=lambda look: look['place']):
            task = self.task(look['id'])
            if task['state'] == 'running' and (task['claimant'] in line['claimants'] or 'abandoned' in task['flags']):
                self.step(look['id'], 'reap', line)
        for look in line['looks']:
            self.look(look)

    def request(self, line):
        task, when = self.task(line['id']), set(line.get('when', ()))
        said = {'stale': 'token' in line and (line['token'], line['claimant']) != (task['token'], task['claimant']),
                'finish': line.get('finish'), 'in-place': line.get('delay', 0) < 0,
                'delay': line['op'] == 'add' and line['delay'] > 0}
        line['when'] = when = when | {word for word in said if said[word]}
        expect(f"{line['op']} {line['id']}", line['answer'], self.step(line['id'], line['op'], line, when)['answer'])
        self.look(line['look'])


def judge(table, lines):
    """Judges sequences; says how many there were, or raises Refused with the place"""
    n = 0
    for number, line in enumerate(map(json.loads, lines), 1):
        if line['op'] == 'start':
            queue, n, seed = Queue(table), n + 1, line['seed']
            continue
        try:
            if line['op'] == 'list':
                expect('list of ' + line['state'], line['ids'].split(), queue.order(line['state']))
            else:
                {'claim': queue.claim, 'reap': queue.reap}.get(line['op'], queue.request)(line)
        except Refused as error:
            raise Refused(f'seed {seed}, line {number}: {line}\n{error}') from None
    return n


if __name__ == '__main__':
    path, count, *program = sys.argv[1:]
    log = subprocess.run([*program, '--sequences', '1', count], stdout=subprocess.PIPE, text=True, check=True)
    print(judge(Table(path), log.stdout.splitlines()), 'sequences judged')
