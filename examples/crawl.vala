// crawl.vala - a task that adds tasks: counts the files of a folder tree, with async methods
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// crawl-vala FOLDER [SERVER_CONFIG]
//
// One task is one folder, its id the folder's URI. It adds a task for each folder below it, writes what it has counted
// into a second queue, and marks itself as finished. Each step may be repeated without harm, so an interrupted crawl
// goes on where it was: the totals are the sum over the second queue, not something kept in memory.

class Crawl : Chihuo.Loop {
    public File root;
    public Chihuo.Queue totals;

    public Crawl (File root, string? server_config) {
        Object (name: "crawl", server_config: server_config, concurrency: 16, run_forever: false,
                max_crashes: uint.MAX);
        this.root = root;
        totals = new Chihuo.Queue ("crawl-totals", server_config);
    }

    public override bool start () throws Error {
        add_task (root.get_uri ());
        return true;
    }

    // On the main context: it must not block, so it only begins
    public override bool begin_task (Chihuo.Task task) throws Error {
        crawl.begin (task);
        return true;
    }

    private async void crawl (Chihuo.Task task) {
        try {
            yield crawl_folder (File.new_for_uri (task.get_id ()), task.get_cancellable ());
            yield task_finish_async (task.get_id ());
            task.complete ();
        } catch (Error e) {
            task.fail (e);
        }
    }

    private async void crawl_folder (File folder, Cancellable cancellable) throws Error {
        var entries = yield folder.enumerate_children_async ("standard::name,standard::type,standard::size",
            FileQueryInfoFlags.NOFOLLOW_SYMLINKS, Priority.DEFAULT, cancellable);
        int64 n_files = 0, n_bytes = 0;
        Chihuo.Task[] below = {};

        for (;;) {
            var infos = yield entries.next_files_async (100, Priority.DEFAULT, cancellable);
            if (infos == null)
                break;
            foreach (var info in infos) {
                if (info.get_file_type () == FileType.DIRECTORY) {
                    below += new Chihuo.Task (folder.get_child (info.get_name ()).get_uri (), null);
                } else {
                    n_files++;
                    n_bytes += info.get_size ();
                }
            }
        }

        yield add_tasks_async (below, Chihuo.AddFlags.NONE, null, null);
        yield totals.add_async (new Chihuo.Task.from_json (folder.get_uri (), @"[$n_files,$n_bytes]"),
                                Chihuo.AddFlags.REPLACE);
    }

    // A page at a time
    public void print_totals () throws Error {
        int64 n_folders = 0, n_files = 0, n_bytes = 0;
        string? after = null;

        for (;;) {
            var page = totals.list (Chihuo.TaskState.WAITING, after, 1000);
            if (page.length == 0)
                break;
            foreach (var folder in page) {
                var numbers = folder.dup_info ().get_array ();
                n_folders++;
                n_files += numbers.get_int_element (0);
                n_bytes += numbers.get_int_element (1);
                after = folder.get_cursor ();
            }
        }
        print (@"$n_folders folders, $n_files files, $n_bytes bytes\n");
    }
}

int main (string[] args) {
    if (args.length < 2) {
        printerr ("Usage: crawl-vala FOLDER [SERVER_CONFIG]\n");
        return 64;
    }

    try {
        var crawl = new Crawl (File.new_for_commandline_arg (args[1]), args[2]);
        int status = Chihuo.run ({ crawl });
        crawl.print_totals ();
        return status;
    } catch (Error e) {
        printerr ("%s\n", e.message);
        return 1;
    }
}
