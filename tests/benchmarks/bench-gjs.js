// bench-gjs.js - eats tasks in JavaScript; prints how many a second, and by how many MiB it grew
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// bench-gjs.js N

import Chihuo from 'gi://Chihuo?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

// The heap has its size after three
const ROUNDS = 10;
const BATCH = 1000;

const Eater = GObject.registerClass(class Eater extends Chihuo.Loop {
    make_task() {}
});

const getPages = () => Number(new TextDecoder().decode(GLib.file_get_contents('/proc/self/statm')[1]).split(' ')[1]);

// The same ids in each round, so that the store does not grow, either
async function eat(n) {
    const loop = new Eater({ name: 'bench', concurrency: 64, server_config: 'memory:', run_forever: false });
    for (let i = 0; i < n; i += BATCH)
        await loop.add_tasks(Array.from({ length: Math.min(BATCH, n - i) }, (_, k) => [`task-${i + k}`, k]));

    const before = GLib.get_monotonic_time();
    await loop.run();
    const seconds = (GLib.get_monotonic_time() - before) / 1e6;
    if (loop.n_done !== n)
        throw new Error(`${loop.n_done} of ${n} tasks were done`);
    return seconds;
}

const mainLoop = new GLib.MainLoop(null, false);
let status = 1;

(async () => {
    const n = Math.ceil(Number(ARGV[0]) / ROUNDS);
    let seconds = 0;
    const pages = [];
    for (let round = 0; round < ROUNDS; round++) {
        seconds += await eat(n);
        System.gc();
        pages.push(getPages());
    }
    print(`${n * ROUNDS / seconds} ${(pages.at(-1) - pages[2]) * 4096 / 2 ** 20}`);
    status = 0;
})().catch(logError).finally(() => mainLoop.quit());

mainLoop.run();
System.exit(status);
