// tap.js - a test runner in a few lines: TAP on the standard output
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import GLib from 'gi://GLib';
import System from 'system';

const tests = [];

export function test(name, func) {
    tests.push([name, func]);
}

export function assert(condition, message = 'not true') {
    if (!condition)
        throw new Error(message);
}

export function assertEqual(value, expected) {
    assert(value === expected, `${value} instead of ${expected}`);
}

export async function assertRejects(promise, expected) {
    try {
        await promise;
    } catch (e) {
        assert(expected.test(`${e.name}: ${e.message}`), `“${e.name}: ${e.message}” instead of ${expected}`);
        return;
    }
    throw new Error(`kept, instead of ${expected}`);
}

export function run() {
    const mainLoop = new GLib.MainLoop(null, false);
    let nFailed = 0;

    (async () => {
        print(`1..${tests.length}`);
        for (const [index, [name, func]] of tests.entries()) {
            try {
                await func();
                print(`ok ${index + 1} ${name}`);
            } catch (e) {
                print(`not ok ${index + 1} ${name}`);
                print(`# ${e}\n${e.stack}`.replaceAll('\n', '\n# '));
                nFailed++;
            }
        }
        mainLoop.quit();
    })();

    mainLoop.run();
    System.exit(nFailed > 0 ? 1 : 0);
}
