#!/usr/bin/gjs -m
// thumbnails.js - makes all pictures of a folder small, each of them once
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// thumbnails.js FOLDER SIZE [SERVER_CONFIG]
//
// Writes FOLDER/small/NAME.png for each picture in FOLDER, at most SIZE pixels wide and high. What is finished is
// remembered, by default in FOLDER/small/tasks.db: after ^C, a crash or a new picture, another run does what is left.

import Chihuo from 'gi://Chihuo?version=1';
import GdkPixbuf from 'gi://GdkPixbuf?version=2.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

// What blocks in C blocks JavaScript, too, so the files are read and written asynchronously
Gio._promisify(GdkPixbuf.Pixbuf, 'new_from_stream_at_scale_async', 'new_from_stream_finish');
Gio._promisify(Gio.File.prototype, 'read_async', 'read_finish');
Gio._promisify(Gio.File.prototype, 'replace_contents_bytes_async', 'replace_contents_finish');

const Thumbnails = GObject.registerClass(class Thumbnails extends Chihuo.Loop {
    async start() {
        const files = this.folder.enumerate_children('standard::name,standard::content-type', 0, null);
        const names = [];
        for (const info of files) {
            if (info.get_content_type()?.startsWith('image/'))
                names.push(info.get_name());
        }
        await this.add_tasks(names.sort().map(name => [name, { size: this.size }]));
    }

    async make_task(name, { size }, task) {
        const cancellable = task.get_cancellable();
        const picture = this.folder.get_child(name);
        const small = this.folder.get_child('small').get_child(`${name}.png`);

        const source = await picture.read_async(GLib.PRIORITY_DEFAULT, cancellable);
        const pixbuf = await GdkPixbuf.Pixbuf.new_from_stream_at_scale_async(source, size, size, true, cancellable);
        const [, bytes] = pixbuf.save_to_bufferv('png', [], []);
        await small.replace_contents_bytes_async(bytes, null, false, Gio.FileCreateFlags.NONE, cancellable);

        print(`${name}: ${pixbuf.get_width()} × ${pixbuf.get_height()}`);
        await this.task_finish(name);
    }
});

if (ARGV.length < 2) {
    printerr('Usage: thumbnails.js FOLDER SIZE [SERVER_CONFIG]');
    System.exit(64);
}

const folder = Gio.File.new_for_commandline_arg(ARGV[0]);
const small = folder.get_child('small');
if (!small.query_exists(null))
    small.make_directory(null);

const loop = new Thumbnails({
    name: 'thumbnails',
    concurrency: 4,
    server_config: ARGV[2] ?? JSON.stringify({ backend: 'sqlite', path: small.get_child('tasks.db').get_path() }),
    run_forever: false,
    max_tries: 3,
});
loop.folder = folder;
loop.size = Number(ARGV[1]);

System.exit(Chihuo.run(loop));
