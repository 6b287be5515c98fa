// squares.vala - two loops, twenty tasks: the first version's example, in Vala
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// squares-vala [SERVER_CONFIG]

class Squares : Chihuo.Loop {
    public Squares (string name, string? server_config) {
        Object (name: name, server_config: server_config, concurrency: 10, run_forever: false);
    }

    public override bool start () throws Error {
        for (int i = 0; i < 10; i++)
            add_task_json (@"$i", @"$(i * i)");
        return true;
    }

    public override bool make_task (Chihuo.Task task) throws Error {
        print ("power of %s is %s\n", task.get_id (), task.get_json ());
        return task_finish (task.get_id ());
    }
}

int main (string[] args) {
    try {
        return Chihuo.run ({ new Squares ("my-tasksA", args[1]), new Squares ("my-tasksB", args[1]) });
    } catch (Error e) {
        printerr ("%s\n", e.message);
        return 1;
    }
}
