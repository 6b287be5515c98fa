#!/usr/bin/gjs -m
// squares.js - two loops, twenty tasks: the first version's example, in JavaScript
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// squares.js [SERVER_CONFIG]

import Chihuo from 'gi://Chihuo?version=1';
import GObject from 'gi://GObject';
import System from 'system';

const Squares = GObject.registerClass(class Squares extends Chihuo.Loop {
    async start() {
        for (let i = 0; i < 10; i++)
            await this.add_task(`${i}`, i ** 2);
    }

    async make_task(id, info) {
        print(`power of ${id} is ${info}`);
        await this.task_finish(id);
    }
});

const server_config = ARGV[0] ?? null;
const loops = ['my-tasksA', 'my-tasksB'].map(name => new Squares({
    name, concurrency: 10, server_config, run_forever: false,
}));

System.exit(Chihuo.run(...loops));
