// Chihuo.js - chihuo as a JavaScript program expects it: classes with plain methods, plain values, promises
//
// SPDX-License-Identifier: LGPL-2.1-or-later

// gjs runs this when a program asks for Chihuo, and _init() with the namespace as it comes out of the typelib. JavaScript
// can only be called on its own thread, so all tasks are begun there, many at a time (begin_tasks), and answered when
// make_task or its promise has ended. What C waits for is never a promise: hold() keeps a run open while start goes on.

const { Gio, GLib, GObject } = imports.gi;
const System = imports.system;

// Each task that was seen here is an object that only a collection frees, and gjs does not know how much hangs on it:
// without one every so many tasks it gets slower and slower
const TASKS_PER_COLLECTION = 2000;

// What a class may say of its loops, beside its name
const CONSTANTS = {
    CONCURRENCY: 'set_default_concurrency',
    SERVER_CONFIG: 'set_default_server_config',
};

let Chihuo;
let nBegun = 0;

function nameType(value) {
    if (value === null || value === undefined)
        return `${value}`;
    if (typeof value !== 'object')
        return typeof value;
    return value.constructor?.name ?? 'object';
}

function checkId(id) {
    if (typeof id !== 'string')
        throw new TypeError(`task id: expected a string, not ${nameType(id)}`);
    return id;
}

// JSON.stringify would make something else of them without a word
function refuseWhatJsonHasNot(key, value) {
    if (typeof value === 'number' ? !Number.isFinite(value)
        : typeof value === 'function' || typeof value === 'symbol' || value instanceof Map || value instanceof Set)
        throw new TypeError(`JSON has no ${typeof value === 'number' ? value : nameType(value)}${key && ` (“${key}”)`}`);
    return value;
}

function toJson(id, info) {
    let json;
    try {
        json = JSON.stringify(info ?? null, refuseWhatJsonHasNot);
    } catch (e) {
        throw new TypeError(`info of task “${id}”: ${e.message}`);
    }
    return json;
}

// A method that calls a pair of C functions and gives a promise of what the second one returns. `prepare` makes the
// arguments of the first one; what it throws rejects the promise
function promise(begin, finish, prepare = (...args) => args) {
    return function (...args) {
        return new Promise((resolve, reject) => {
            begin.call(this, ...prepare.apply(this, args), null, (source, result) => {
                try {
                    resolve(finish.call(this, result));
                } catch (e) {
                    reject(e);
                }
            });
        });
    };
}

function toGError(error) {
    if (error instanceof GLib.Error)
        return error;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
    return new GLib.Error(Chihuo.Error, Chihuo.Error.FAILED, text);
}

// --- tasks ---

function newTask(id, info, options = {}) {
    const task = Chihuo.Task.new_from_json(checkId(id), toJson(id, info));
    for (const [key, value] of Object.entries(options)) {
        switch (key) {
        case 'flags':
            break;
        case 'delay':
            task.set_delay(value);
            break;
        case 'priority':
            task.set_priority(value);
            break;
        case 'timeout':
            task.set_timeout(value);
            break;
        case 'maxTries':
            task.set_max_tries(value);
            break;
        default:
            throw new TypeError(`add_task: there is no option “${key}”; ` +
                'expected flags, delay, priority, timeout or maxTries');
        }
    }
    return task;
}

function extendTask(prototype) {
    Object.defineProperty(prototype, 'id', { get() { return this.get_id(); }, configurable: true });
    Object.defineProperty(prototype, 'info', { get() { return JSON.parse(this.get_json()); }, configurable: true });

    for (const name of ['fail', 'reject']) {
        const inC = prototype[name];
        prototype[name] = function (error) {
            return inC.call(this, toGError(error));
        };
    }
}

// Many tasks end in one go, before the main loop goes on: one call tells of all of them
let done = [];

function completeSoon(task) {
    if (done.push(task) === 1)
        Promise.resolve().then(completeNow);
}

function completeNow() {
    const tasks = done;
    done = [];
    if (tasks.length > 0)
        Chihuo.Task.complete_all(tasks);
}

// What make_task has returned, or what its promise was kept with
function answer(task, value) {
    if (value === undefined || value === null || value === true)
        completeSoon(task);
    else if (value === false)
        task.fail_message('make_task returned false');
    else
        task.fail_message(`make_task returned ${nameType(value)}: expected nothing, true or false`);
}

function beginTask(loop, task) {
    try {
        const value = loop.make_task(task.get_id(), JSON.parse(task.get_json()), task);
        if (value instanceof Promise)
            value.then(result => answer(task, result), error => task.fail(error ?? 'rejected without a reason'));
        else
            answer(task, value);
    } catch (e) {
        task.fail(e);
    }
}

function collectNowAndThen(n) {
    nBegun += n;
    if (nBegun < TASKS_PER_COLLECTION)
        return;
    nBegun = 0;
    System.gc();
}

// --- loops ---

function startLoop(loop) {
    const value = loop.start();
    if (value instanceof Promise) {
        loop.hold();
        value.then(() => loop.release(), error => {
            loop.fail(toGError(error));
            loop.release();
        });
    } else if (value === false) {
        throw new GLib.Error(Chihuo.Error, Chihuo.Error.FAILED, 'start returned false');
    }
    return true;
}

// A class is about to get its type: what it calls start and make_task becomes what C calls
function adaptClass(klass) {
    const own = name => Object.prototype.hasOwnProperty.call(klass.prototype, name);

    // not by assignment: that would look the name up in C, where it has no code
    const define = (name, value) => Object.defineProperty(klass.prototype, name, { value, configurable: true });

    if (own('start')) {
        define('vfunc_start', function () {
            try {
                return startLoop(this);
            } catch (e) {
                throw toGError(e);
            }
        });
    }
    if (own('make_task')) {
        define('vfunc_begin_tasks', function (tasks) {
            for (const task of tasks)
                beginTask(this, task);
            completeNow();
            collectNowAndThen(tasks.length);
            return true;
        });
    }
}

function setDefaults(klass) {
    klass.set_default_name(klass.NAME ?? klass.name);
    for (const [constant, setter] of Object.entries(CONSTANTS)) {
        if (Object.prototype.hasOwnProperty.call(klass, constant))
            klass[setter](klass[constant]);
    }
}

function extendLoop(Loop) {
    const { prototype } = Loop;
    const classInit = Loop._classInit;

    Loop._classInit = function (klass) {
        adaptClass(klass);
        const registered = classInit.call(this, klass);
        setDefaults(registered);
        return registered;
    };

    const add = promise(Chihuo.Queue.prototype.add_async, Chihuo.Queue.prototype.add_finish);
    const addMany = promise(prototype.add_tasks_async, prototype.add_tasks_finish);

    prototype.add_task = function (id, info = null, options = {}) {
        try {
            return add.call(this.get_queue(), newTask(id, info, options), options.flags ?? Chihuo.AddFlags.NONE);
        } catch (e) {
            return Promise.reject(e);
        }
    };
    prototype.add_tasks = function (entries, options = {}) {
        try {
            const tasks = Array.from(entries, ([id, info]) => newTask(id, info, options));
            return addMany.call(this, tasks, options.flags ?? Chihuo.AddFlags.NONE).then(([, nAdded]) => nAdded);
        } catch (e) {
            return Promise.reject(e);
        }
    };

    for (const name of ['task_finish', 'task_unfinish', 'task_finished', 'task_exists'])
        prototype[name] = promise(prototype[`${name}_async`], prototype[`${name}_finish`], id => [checkId(id)]);
    prototype.run = promise(prototype.run_async, prototype.run_finish);

    const fail = prototype.fail;
    prototype.fail = function (error) {
        fail.call(this, toGError(error));
    };
    prototype.sleep = function (seconds) {
        return new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, Math.ceil(seconds * 1000), () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        }));
    };
}

// --- running ---

// A class that the program has not registered itself, and those that it extends
function register(klass) {
    if (Object.prototype.hasOwnProperty.call(klass, '$gtype'))
        return klass;
    register(Object.getPrototypeOf(klass));
    return GObject.registerClass(klass);
}

function toLoop(classOrLoop) {
    if (classOrLoop instanceof Chihuo.Loop)
        return classOrLoop;
    if (typeof classOrLoop !== 'function' || !(classOrLoop.prototype instanceof Chihuo.Loop))
        throw new TypeError(`Chihuo.run: expected loops, or classes of loops, not ${nameType(classOrLoop)}`);
    return new (register(classOrLoop))();
}

// Runs loops, or classes of which it makes one each, as the one main loop of the program. Gives the exit status; an error
// goes to the standard error
function makeRun(runLoops) {
    return function (...loops) {
        loops = loops.map(toLoop);
        try {
            return runLoops(loops);
        } catch (e) {
            printerr(e.message);
            return Chihuo.run_get_exit_status(toGError(e));
        }
    };
}

function _init() {
    Chihuo = this;
    extendTask(Chihuo.Task.prototype);
    extendLoop(Chihuo.Loop);
    Chihuo.run = makeRun(Chihuo.run);
}
