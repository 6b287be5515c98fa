#!/usr/bin/env python3
# model.py - judges logs of random sequences by task-life.csv alone
#
# SPDX-License-Identifier: LGPL-2.1-or-later
"""model.py TABLE N PROGRAM…: judges N sequences of what "PROGRAM… --sequences 1 N" prints"""
import copy, csv, json, subprocess, sys

ABSENT = dict(state='absent', mark='no', fate='plain', flags=set(), failures=0, crashes=0, info=None,
              error='', priority=0, place=0, pending=None, tries=0, max_crashes=0, token=0, claimant=None)


class Refused(Exception):
    """What the log says cannot be"""


def claim(what, said, expected):
    if said != expected:
        raise Refused(f'{what}: the store said {said!r}, the table says {expected!r}')


class Table:
    def __init__(self, path):
        with open(path, encoding='utf-8') as lines:
            self.rows = list(csv.DictReader(line for line in lines if line[0] != '#'))

    def find(self, event, task, when):
        def fits(row):
            words = row['when'].split()
            return (event in row['event'].split('|') and
                    all(row[k] == '*' or task[k] in row[k].split('|') for k in ('state', 'mark', 'fate'))
                    and all(w[1:] not in when if w[0] == '!' else w in when for w in words))
        found = [row for row in self.rows if fits(row)]
        if len(found) != 1:
            raise Refused(f'{len(found)} rows fit {event} {task} {when}')
        return found[0]


class Queue:
    def __init__(self, table):
        self.table, self.tasks, self.head, self.tail, self.token = table, {}, 0, 0, 0

    def task(self, id):
        return self.tasks.setdefault(id, copy.deepcopy(ABSENT))

    def step(self, id, op, line, when=()):
        task = self.task(id)
        when = set(when) | task['flags'] | {'pending-' + w for w in (task['pending'] or {}).get('when', ())}
        if task['failures'] + 1 >= task['tries']:
            when.add('last-try')
        if task['crashes'] + 1 >= task['max_crashes']:
            when.add('last-crash')
        row, before = self.table.find(op, task, when), dict(task)
        for key in ('state', 'mark', 'fate'):
            task[key] = task[key] if row['next_' + key] == '=' else row['next_' + key]
        task['flags'] = (set() if row['next_flags'] == '-' else task['flags'] |
                         ({row['next_flags'][1:]} if row['next_flags'] != '=' else set()))
        for key in ('failures', 'crashes'):
            task[key] = 0 if row[key] == '0' else task[key] + (row[key] == '+1')
        self.take_info(task, {'new': line, 'pending': before['pending']}.get(row['info']), row, before, line)
        if row['place'] == 'tail':
            self.tail += 1
            task['place'] = self.tail
        elif row['place'] == 'head':
            self.head -= 1
            task['place'] = self.head
        if row['error'] != '=':
            task['error'] = {'-': '', 'given': 'given error', 'cancelled': 'cancelled'}.get(row['error'], 'crash')
        if row['answer'] == 'again':
            task['pending'] = line
        elif task['fate'] != 'again':
            task['pending'] = None
        return row

    def take_info(self, task, source, row, before, line):
        if row['info'] == '-':
            task['info'] = None
        fresh = row['failures'] == '0' and source        # a new life: its priority and its delay, too
        if source:
            task['info'], task['own'] = source['info'], source['tries']
            if fresh or (source is line and source['has_priority']):
                task['priority'] = source['priority']
        if task['state'] == 'delayed' and (row['next_state'] == 'delayed'):
            delay = source['delay'] if fresh or source is line else line['delay']
            task['due'] = line['now'] + delay

    def order(self, state):
        key = {'waiting': 'priority', 'delayed': 'due'}.get(state)
        found = [(t[key] if key else 0, t['place'], id) for id, t in self.tasks.items() if t['state'] == state]
        return [id for _, _, id in sorted(found)]

    def look(self, look):
        task = self.task(look['id'])
        for key in ('state', 'mark', 'fate', 'failures', 'crashes', 'info'):
            claim(f"{look['id']}: {key}", look[key], task[key])
        claim(f"{look['id']}: cancelled", look['cancelled'], int('cancelled' in task['flags']))
        if task['error'] == 'crash':
            claim('error', 'worker died' in look['error'], True)
        else:
            claim(f"{look['id']}: error", look['error'], task['error'])

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
        claim('claimed', [got['id'] for got in line['got']], chosen)
        for got in line['got']:
            task = self.task(got['id'])
            claim('token grows', got['token'] > self.token, True)
            self.token = got['token']
            claim('row', self.step(got['id'], 'claim', line)['answer'], 'ok')
            task.update(token=got['token'], claimant=line['claimant'], tries=task['own'] or line['max_tries'],
                        max_crashes=line['max_crashes'])
            for key in ('info', 'failures', 'crashes'):
                claim(f"{got['id']}: claimed {key}", got[key], task[key])
        claim('left waiting', line['waiting'], len(self.order('waiting')))

    def reap(self, line):
        for look in sorted(line['looks'], key=lambda look: look['place']):
            task = self.task(look['id'])
            if task['state'] == 'running' and (task['claimant'] in line['claimants'] or 'abandoned' in task['flags']):
                self.step(look['id'], 'reap', line)
        for look in line['looks']:
            self.look(look)

    def judge(self, line):
        if line['op'] in ('claim', 'reap'):
            getattr(self, line['op'])(line)
        elif line['op'] == 'list':
            claim('list of ' + line['state'], line['ids'].split(), self.order(line['state'])
                  if line['state'] != 'running' else sorted(line['ids'].split(), key=lambda i: self.task(i)['place']))
        else:
            task, when = self.task(line['id']), set(line.get('when', ()))
            if task['state'] == 'running' and 'token' in line and (line['token'], line['claimant']) != (
                    task['token'], task['claimant']):
                when.add('stale')
            when |= {'finish'} if line.get('finish') else set()
            when |= {'delay'} if line['op'] == 'add' and line['delay'] else set()
            when |= {'in-place'} if line.get('delay', 0) < 0 else set()
            line['when'] = sorted(when)
            claim(f"{line['op']} {line['id']}: answer", line['answer'], self.step(line['id'], line['op'], line, when)['answer'])
            self.look(line['look'])


def judge(table, lines):
    """Judges sequences; says how many there were, or raises Refused with the place"""
    queue, history, n = None, [], 0
    for text in lines:
        line = json.loads(text)
        if line['op'] == 'start':
            queue, history, n = Queue(table), [text], n + 1
            continue
        history.append(text)
        try:
            queue.judge(line)
        except Refused as error:
            raise Refused(''.join(history[-12:]) + f'{history[0]}{error}') from None
    return n


def main(path, n, *program):
    log = subprocess.run([*program, '--sequences', '1', n], stdout=subprocess.PIPE, text=True, check=True)
    judged = judge(Table(path), log.stdout.splitlines(keepends=True))
    print(f'{judged} sequences judged')
    return judged != int(n)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
