//! What a program is not ended for, but does not get: processes, open files, room on the disk.

use serde_json::{Value, json};

use crate::kinds::{KINDS, Kind, limited, said};

/// Makes processes until it gets no more, keeps them until its input ends if it is to, and says
/// how many there were and what error the last one gave.
const FORKS: &str = "
import errno, json, os, sys
closed, held = os.pipe()
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            os.close(held)
            os.read(closed, 1)
            os._exit(0)
        made += 1
    error = None
except OSError as refused:
    error = errno.errorcode[refused.errno]
print(json.dumps([made, error]), flush=True)
";

const AND_STAYS: &str = "
import signal
signal.pause()";

/// The program itself is one of the processes, and so may be what holds it together.
const PROCESSES: u64 = 24;

#[track_caller]
fn expect_refused(kind: Kind, found: &Value) {
    let (made, error) = (found[0].as_u64().unwrap_or_default(), &found[1]);
    assert_eq!(error, "EAGAIN", "{kind:?}: {found}");
    // Without namespaces the server's questions to runtimes are the same user's, and count too.
    let at_least = if kind.has_namespaces() { PROCESSES - 3 } else { 1 };
    assert!((at_least..PROCESSES).contains(&made), "{kind:?}: {made}");
}

#[test]
fn a_program_gets_no_more_processes_than_it_may_have() {
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(FORKS, json!({"processes": PROCESSES})));
        expect_refused(kind, &said(kind, &record));
    }
}

#[test]
fn processes_of_one_execution_do_not_count_for_another() {
    for kind in KINDS.into_iter().filter(|kind| kind.has_namespaces()) {
        let app = kind.start();
        let limits = json!({"processes": PROCESSES});
        let first = app.submit(limited(&format!("{FORKS}{AND_STAYS}"), limits.clone()));
        let has_all = || app.programs().len() as u64 >= PROCESSES - 2;
        app.wait_for(&first.id, "it has all its processes", |_| has_all());
        let second = app.run(limited(FORKS, limits));
        expect_refused(kind, &said(kind, &second));
        app.delete(&format!("/v1/executions/{}", first.id));
        app.finished(&first.id);
    }
}

#[test]
fn a_program_gets_no_more_open_files_than_it_may_have() {
    let code = "
import errno, json, os
highest = 0
try:
    while True: highest = os.open('/dev/null', os.O_RDONLY)
except OSError as refused:
    print(json.dumps([highest, errno.errorcode[refused.errno]]))";
    for kind in KINDS {
        let app = kind.start();
        let record = app.run(limited(code, json!({"open_files": 32})));
        assert_eq!(said(kind, &record), json!([31, "EMFILE"]), "{kind:?}");
    }
}

#[test]
fn a_sandboxed_program_fills_nothing_but_its_own_bounded_place() {
    const BOUND: u64 = 8 << 20;
    let code = "
import errno, json, os, sys
found = {}
for directory in ['/tmp', '/var/tmp', '/dev/shm', '/execution', os.getcwd()]:
    path, written = directory + '/filler', 0
    with open(path, 'wb', buffering=0) as file:
        try:
            while written < 64 << 20: written += file.write(bytes(1 << 16))
        except OSError as refused:
            found[directory] = [written, errno.errorcode[refused.errno]]
    os.unlink(path)
print(json.dumps(found))";
    let kind = Kind { level: "sandbox", containment: "auto" };
    let app = kind.start();
    let record = app.run(limited(code, json!({"disk_bytes": BOUND})));
    let found = said(kind, &record);
    for directory in ["/tmp", "/var/tmp", "/dev/shm", "/execution", "/execution/work"] {
        let written = found[directory][0].as_u64().unwrap_or_default();
        assert_eq!(found[directory][1], "ENOSPC", "{directory}: {found:#}");
        assert!((BOUND / 2..=BOUND).contains(&written), "{directory}: {written}");
    }
}
