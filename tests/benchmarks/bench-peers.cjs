#!/usr/bin/env node
// bench-peers.cjs - what other task queues of Redis do in a second, with jobs that do nothing: those of node
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// bench-peers.cjs bullmq|bee-queue SERVER N: as bench-peers.py. NODE_PATH leads to the modules.

'use strict';

const CONCURRENCY = 8;

const now = () => Number(process.hrtime.bigint()) / 1e9;

// Jobs that go out side by side, as a program does that adds many
async function addAll(n, add) {
    const begin = now();
    for (let i = 0; i < n; i += 100)
        await Promise.all(Array.from({length: Math.min(100, n - i)}, add));
    return n / (now() - begin);
}

// From the first job that ends to the last one: a program's start is no work
function workAll(n, listen) {
    return new Promise(resolve => {
        let ended = 0, begin = 0;
        listen(() => {
            ended++;
            if (ended === 1)
                begin = now();
            if (ended === n)
                resolve((n - 1) / (now() - begin));
        });
    });
}

async function measureBullmq(server, n) {
    const {Queue, Worker} = require('bullmq');
    const connection = {host: server.hostname, port: Number(server.port), maxRetriesPerRequest: null};
    const queue = new Queue('peers', {connection});
    const added = await addAll(n, () => queue.add('nothing', {}, {removeOnComplete: true}));
    let worker;
    const worked = await workAll(n, ended => {
        worker = new Worker('peers', async () => {}, {connection, concurrency: CONCURRENCY});
        worker.on('completed', ended);
    });
    await worker.close();
    await queue.close();
    return [added, worked];
}

async function measureBeeQueue(server, n) {
    const Queue = require('bee-queue');
    const queue = new Queue('peers', {redis: {host: server.hostname, port: Number(server.port)}, removeOnSuccess: true});
    const added = await addAll(n, () => queue.createJob({}).save());
    const worked = await workAll(n, ended => {
        queue.on('succeeded', ended);
        queue.process(CONCURRENCY, async () => {});
    });
    await queue.close();
    return [added, worked];
}

const [, , peer, url, n] = process.argv;
const measure = {'bullmq': measureBullmq, 'bee-queue': measureBeeQueue}[peer];
measure(new URL(url), Number(n)).then(([added, worked]) => {
    console.log(`${added} ${worked}`);
    process.exit(0);
});
