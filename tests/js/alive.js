// alive.js - a program that ends while its loop runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later

import Chihuo from 'gi://Chihuo?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

const Sleeper = GObject.registerClass(class Sleeper extends Chihuo.Loop {
    async make_task() { await this.sleep(3600); }
});

const loop = new Sleeper({ name: 'q', concurrency: 4, server_config: ARGV[0] });
const mainLoop = new GLib.MainLoop(null, false);
loop.connect('task-started', () => mainLoop.quit());
loop.add_tasks([['a', 1], ['b', 2]]).then(() => loop.run()).catch(logError);
mainLoop.run();
print('the end');
