// test-loop.js - loops written in JavaScript: what they are given, what they give, and what may go wrong
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Chihuo from 'gi://Chihuo?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';
import { assert, assertEqual, assertRejects, run, test } from './tap.js';

let nLoops = 0;

// Each on a store of its own, and over when there is nothing left to do
const options = (more = {}) => ({ name: 'q', server_config: `memory:${++nLoops}`, run_forever: false, ...more });

function makeClass(methods) {
    const klass = class extends Chihuo.Loop {};
    Object.entries(methods).forEach(([name, value]) =>
        Object.defineProperty(klass.prototype, name, { value, configurable: true, writable: true }));
    return GObject.registerClass({ GTypeName: `Test${++nLoops}` }, klass);
}

function make(methods, more) {
    return new (makeClass(methods))(options({ max_tries: 1, ...more }));
}

async function runOne(make_task, info = null) {
    const loop = make({ make_task });
    await loop.add_task('a', info);
    await loop.run();
    return loop.get_queue().look('a');
}

test('values travel as they are', async () => {
    for (const value of [null, true, 0, -1.5, 'ä\u0001"', [], [1, [2]], { b: { c: null }, '': 1 }]) {
        let seen;
        await runOne((id, info) => { seen = [id, info]; }, value);
        assertEqual(JSON.stringify(seen), JSON.stringify(['a', value]));
    }
});

test('a plain method is done when it returns', async () => {
    const task = await runOne(function (id) { return this.task_finish(id) instanceof Promise; });
    assert(task.get_finished());
});

test('an async method is done when its promise is kept', async () => {
    let ended = false;
    const task = await runOne(async function (id) {
        await this.sleep(0.01);
        await this.task_finish(id);
        ended = true;
    });
    assert(ended && task.get_finished());
});

test('what fails says why', async () => {
    const cases = [
        [() => false, /make_task returned false/],
        [() => 5, /make_task returned number: expected nothing, true or false/],
        [() => new Map(), /make_task returned Map/],
        [() => { throw new RangeError('no room'); }, /RangeError: no room/],
        [() => { throw 'a string'; }, /a string/],
        [async () => { throw new RangeError('no room'); }, /RangeError: no room/],
        [() => Promise.reject(), /rejected without a reason/],
        [() => { throw new GLib.Error(Chihuo.Error, Chihuo.Error.TOO_LARGE, 'far too large'); }, /^far too large$/],
        [(id, info, task) => { task.fail(new Error('mine')); }, /Error: mine/],
    ];
    for (const [make_task, expected] of cases) {
        const task = await runOne(make_task);
        assertEqual(task.get_state(), Chihuo.TaskState.DEAD);
        assert(expected.test(task.get_last_error()), task.get_last_error());
    }
});

test('a promise that nobody keeps is abandoned, and the loop goes on', async () => {
    const loop = make({ make_task(id) { return id === 'lost' ? new Promise(() => {}) : undefined; } });
    await loop.add_task('lost');
    await loop.add_task('b');
    let ended = false;
    const ending = loop.run().then(() => { ended = true; });
    while (!ended) {
        await loop.sleep(0.005);
        System.gc();
    }
    await ending;
    const task = loop.get_queue().look('lost');
    assertEqual(task.get_state(), Chihuo.TaskState.DEAD);
    assert(/without an answer/.test(task.get_last_error()), task.get_last_error());
    assertEqual(await loop.task_exists('b'), false);
});

test('the task itself comes third', async () => {
    let seen;
    await runOne((id, info, task) => {
        seen = [task.id, task.info.x, task.get_tries(), task.is_cancelled()];
        task.set_progress(0.5, 'half');
    }, { x: 1 });
    assertEqual(JSON.stringify(seen), '["a",1,1,false]');
});

test('a begun task may be answered by hand', async () => {
    const task = await runOne((id, info, self) => { self.reject(new TypeError('never')); });
    assertEqual(task.get_state(), Chihuo.TaskState.DEAD);
    assert(/TypeError: never/.test(task.get_last_error()));
});

test('start adds, and the run waits for its promise', async () => {
    const seen = [];
    const loop = make({
        async start() {
            for (let i = 0; i < 3; i++) {
                await this.sleep(0.01);
                await this.add_task(`${i}`, i);
            }
        },
        make_task(id, info) { seen.push(info); },
    });
    await loop.run();
    assertEqual(JSON.stringify(seen), '[0,1,2]');
});

test('a start that fails ends the run', async () => {
    const failing = [
        [async () => { throw new Error('no database'); }, /Error: no database/],
        [() => { throw new Error('no database'); }, /Error: no database/],
        [() => false, /start returned false/],
    ];
    for (const [start, expected] of failing)
        await assertRejects(make({ start, make_task() {} }).run(), expected);
});

test('an add answers', async () => {
    const loop = make({ make_task() {} });
    assertEqual(await loop.add_task('a', 1), Chihuo.AddResult.ADDED);
    assertEqual(await loop.add_task('a', 2), Chihuo.AddResult.EXISTS);
    assertEqual(await loop.add_tasks([['a', 1], ['b', 2], ['c', { d: 3 }]]), 2);
    assertEqual(await loop.task_exists('c'), true);
    await loop.task_finish('c');
    assertEqual(await loop.task_finished('c'), true);
    assertEqual(await loop.add_task('c'), Chihuo.AddResult.FINISHED);
    assertEqual(await loop.add_task('c', null, { flags: Chihuo.AddFlags.EVEN_FINISHED }), Chihuo.AddResult.ADDED);
    await loop.task_finish('c');
    await loop.task_unfinish('c');
    assertEqual(await loop.task_finished('c'), false);
});

test('options of an add', async () => {
    const loop = make({ make_task() {} });
    await loop.add_task('late', null, { delay: 60, priority: -3, timeout: 5, maxTries: 2 });
    const task = loop.get_queue().look('late');
    assertEqual(task.get_state(), Chihuo.TaskState.DELAYED);
    assertEqual(task.get_priority(), -3);
    await assertRejects(loop.add_task('x', null, { dealy: 1 }), /there is no option “dealy”/);
});

test('bad values are refused by name, and nothing is sent', async () => {
    const loop = make({ make_task() {} });
    const circle = {};
    circle.self = circle;
    await assertRejects(loop.add_task(5, null), /TypeError.*expected a string, not number/);
    await assertRejects(loop.add_task('', null), /id/);
    await assertRejects(loop.add_task('a', () => 1), /TypeError.*info of task “a”: JSON has no function/);
    await assertRejects(loop.add_task('a', circle), /TypeError.*info of task “a”/);
    await assertRejects(loop.add_task('a', 10n), /TypeError.*info of task “a”.*BigInt/);
    await assertRejects(loop.add_tasks([['ok', 1], ['a', Symbol('s')]]), /info of task “a”: JSON has no symbol/);
    await assertRejects(loop.add_task('a', new Set([1])), /info of task “a”: JSON has no Set/);
    await assertRejects(loop.add_task('a', { b: [new Map()] }), /info of task “a”: JSON has no Map \(“0”\)/);
    await assertRejects(loop.add_task('a', { b: NaN }), /info of task “a”: JSON has no NaN \(“b”\)/);
    await assertRejects(loop.task_finish(undefined), /expected a string, not undefined/);
    assertEqual(loop.get_queue().get_stats().waiting, 0);
});

test('a class has defaults, and a subclass its own', () => {
    const A = GObject.registerClass(class A extends Chihuo.Loop {
        static NAME = 'my-a';
        static CONCURRENCY = 7;
        static SERVER_CONFIG = 'memory:defaults';
    });
    const B = GObject.registerClass(class B extends A {
        static CONCURRENCY = 8;
    });
    const Named = GObject.registerClass(class Named extends Chihuo.Loop {});
    assertEqual(new A().get_name(), 'my-a');
    assertEqual(new A().concurrency, 7);
    assertEqual(new B().get_name(), 'my-a');
    assertEqual(new B().concurrency, 8);
    assertEqual(new B().server_config, 'memory:defaults');
    assertEqual(new A({ concurrency: 2 }).concurrency, 2);
    assertEqual(new Named().get_name(), 'Named');
});

test('methods are inherited', async () => {
    const A = makeClass({ make_task(id) { this.seen = id; } });
    const B = GObject.registerClass({ GTypeName: `Test${++nLoops}` }, class extends A {});
    const loop = new B(options());
    await loop.add_task('a');
    await loop.run();
    assertEqual(loop.seen, 'a');
});

// Each waits for the last one, so it only ends if all of them run at once
test('1,000 tasks run side by side', async () => {
    let meet;
    let nHere = 0;
    const all = new Promise(resolve => { meet = resolve; });
    const loop = make({
        async make_task() {
            if (++nHere === 1000)
                meet();
            await all;
        },
    }, { concurrency: 1000 });
    await loop.add_tasks(Array.from({ length: 1000 }, (_, i) => [`${i}`, null]));
    await loop.run();
    assertEqual(loop.n_done, 1000);
});

test('a stop gives running tasks back', async () => {
    const loop = make({
        async make_task(id, info, task) {
            this.set_stop(true);
            while (!task.is_cancelled())
                await this.sleep(0.01);
            throw new Error('stopped');
        },
    }, { shutdown_timeout: 5 });
    await loop.add_task('a');
    await loop.add_task('b');
    await loop.run();
    const ids = loop.get_queue().list(Chihuo.TaskState.WAITING, null, 10).map(task => task.get_id());
    assertEqual(ids.join(), 'a,b');
});

test('signals are heard', async () => {
    const heard = [];
    const loop = make({ make_task() {} });
    loop.connect('task-started', (_loop, task) => heard.push(`started ${task.get_id()}`));
    loop.connect('task-ended', (_loop, task, outcome) => heard.push(`ended ${outcome === Chihuo.Outcome.DONE}`));
    loop.connect('drained', () => heard.push('drained'));
    await loop.add_task('a');
    await loop.run();
    assertEqual(heard.join(), 'started a,ended true,drained');
});

test('a loop may be forgotten while it runs', async () => {
    let nSeen = 0;
    let ended = false;
    (() => {
        const loop = make({ async make_task() { await this.sleep(0.01); nSeen++; } }, { concurrency: 4 });
        loop.add_tasks(Array.from({ length: 40 }, (_, i) => [`${i}`, null])).then(() => loop.run()).then(() => { ended = true; });
    })();
    while (!ended) {
        System.gc();
        await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        }));
    }
    assertEqual(nSeen, 40);
});

const residentPages = () => Number(new TextDecoder().decode(GLib.file_get_contents('/proc/self/statm')[1]).split(' ')[1]);

test('memory stays as it is over 100,000 tasks', async () => {
    const Plain = makeClass({ make_task() {} });
    const pages = [];
    for (let round = 0; round < 10; round++) {
        const loop = new Plain(options({ concurrency: 64 }));
        for (let i = 0; i < 10; i++)
            await loop.add_tasks(Array.from({ length: 1000 }, (_, k) => [`${i}-${k}`, k]));
        await loop.run();
        System.gc();
        pages.push(residentPages());
    }
    assert(pages[9] < pages[2] + 2560, `pages: ${pages.join()}`);
});

test('Chihuo.run refuses what is no loop', () => {
    for (const wrong of [5, {}, Map, null]) {
        try {
            Chihuo.run(wrong);
        } catch (e) {
            assert(/expected loops, or classes of loops/.test(e.message), e.message);
            continue;
        }
        assert(false, `took ${wrong}`);
    }
});

run();
