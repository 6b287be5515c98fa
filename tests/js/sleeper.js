// sleeper.js - 150 tasks of an hour each, 100 at once, that watch for cancellation
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Chihuo from 'gi://Chihuo?version=1';
import GObject from 'gi://GObject';
import System from 'system';

let nRunning = 0;

const Sleeper = GObject.registerClass(class Sleeper extends Chihuo.Loop {
    async start() {
        await this.add_tasks(Array.from({ length: 150 }, (_, i) => [`${i}`, i]));
    }

    async make_task(id, info, task) {
        if (++nRunning === 100)
            print('all run');
        for (let i = 0; i < 36000 && !task.is_cancelled(); i++)
            await this.sleep(0.1);
        throw new Error('interrupted');
    }
});

System.exit(Chihuo.run(new Sleeper({ concurrency: 100, server_config: ARGV[0], shutdown_timeout: 10 })));
