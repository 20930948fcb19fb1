//! The power cut at every moment that matters: what was answered with 202 is on the disk that is
//! left, and a store that syncs less is caught. Works on a trace of what a real server asked of the
//! kernel; ends no server.

mod disk;
mod random;
mod trace;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rusqlite::Connection;
use serde_json::json;

use self::disk::Disk;
use self::random::Random;
use self::trace::{Step, Which, parse};
use super::strace::Strace;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::server::Server;

const CLIENTS: usize = 3;
const SUBMISSIONS_EACH: usize = 10;

/// How many cuts are made beside those at the answers.
const CUTS_ANYWHERE: usize = 60;

/// What the calls of a server say that was submitted to, from its start to its end in order.
struct Recorded {
    /// What was on disk before.
    before: Disk,
    steps: Vec<Step>,
    accepted: BTreeSet<String>,
    key: Vec<u8>,
}

fn record(change: impl FnOnce(Options) -> Options) -> Recorded {
    let mut app = TestApp::with(|options| change(options.slots(2)));
    let file = app.scratch().join("trace");
    let calls = "trace=pwrite64,write,fsync,fdatasync,ftruncate,unlink,sendto,writev";
    let output = file.to_string_lossy().into_owned();
    let options = ["-y", "-xx", "-s", "1000000", "-e", calls, "-e", "signal=none", "-o", &output];
    let strace = Strace::attach(app.pid(), &options);
    let database = app.data_dir().join("ringback.db");
    let before = Disk::of(&database);

    let program = json!({"language": "sh", "code": "true"});
    let submit = || (0..SUBMISSIONS_EACH).map(|_| app.submit(program.clone()).id);
    let accepted: BTreeSet<String> = std::thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| submit().collect::<Vec<_>>())).collect();
        clients.into_iter().flat_map(|client| client.join().expect("no panic")).collect()
    });
    accepted.iter().for_each(|id| {
        app.finished(id);
    });
    // The end in order copies the log back and removes it, which is worth cutting as well.
    app.terminate();
    strace.wait();
    let steps = parse(&fs::read_to_string(file).expect("strace has written it"), &database);
    let key = fs::read(app.data_dir().join("secrets.key")).expect("the server has made one");
    Recorded { before, steps, accepted, key }
}

/// Cuts the power after each of these numbers of steps, and shows what is left: the directory, and
/// the ids that had been answered by then.
fn cut_at(
    recorded: &Recorded,
    mut cuts: Vec<usize>,
    random: &mut Random,
    mut look: impl FnMut(&Path, &BTreeSet<String>),
) {
    cuts.sort_unstable();
    let mut disk = recorded.before.clone();
    let mut answered = BTreeSet::new();
    let mut done = 0;
    let scratch = tempfile::tempdir().expect("a temporary directory");
    for (number, cut) in cuts.into_iter().enumerate() {
        for step in &recorded.steps[done..cut] {
            disk.take(step);
            if let Step::Accepted(id) = step {
                answered.insert(id.clone());
            }
        }
        done = cut;
        let left = scratch.path().join(number.to_string());
        disk.after_power_loss(random, &left);
        look(&left, &answered);
    }
}

/// Cuts the power at every answer and anywhere else; gives the answered ids that were lost, and
/// how many disks were looked at.
fn lost_at_cuts(recorded: &Recorded) -> (BTreeSet<String>, usize) {
    let mut random = Random::of_this_run();
    let steps = recorded.steps.iter().enumerate();
    let answers = steps.filter(|(_, step)| matches!(step, Step::Accepted(_)));
    let mut cuts: Vec<usize> = answers.map(|(at, _)| at + 1).collect();
    cuts.extend((0..CUTS_ANYWHERE).map(|_| random.below(recorded.steps.len() + 1)));
    let disks = cuts.len();
    let mut lost = BTreeSet::new();
    cut_at(recorded, cuts, &mut random, |left, answered| {
        lost.extend(answered.difference(&ids_in(left)).cloned());
    });
    (lost, disks)
}

/// The ids in a database, which must be sound.
#[track_caller]
fn ids_in(directory: &Path) -> BTreeSet<String> {
    let database = Connection::open(directory.join("ringback.db")).expect("it can be opened");
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("it can be looked at");
    assert_eq!(sound, "ok", "{}", directory.display());
    let mut select = database.prepare("SELECT lower(hex(id)) FROM executions").expect("the schema");
    let ids = select.query_map([], |row| row.get::<_, String>(0)).expect("it can be read");
    ids.map(|id| format!("exec_{}", id.expect("a row"))).collect()
}

#[test]
fn what_was_answered_survives_a_loss_of_power() {
    let recorded = record(|options| options);
    let answered: BTreeSet<_> = recorded
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Accepted(id) => Some(id.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(answered, recorded.accepted, "the trace has every answer");
    let (lost, disks) = lost_at_cuts(&recorded);
    assert_eq!(lost, BTreeSet::new(), "lost on {disks} disks");
    assert_eq!(disks, CLIENTS * SUBMISSIONS_EACH + CUTS_ANYWHERE);
}

#[test]
fn a_server_starts_on_whatever_a_loss_of_power_has_left() {
    let recorded = record(|options| options);
    let mut random = Random::of_this_run();
    let is_copied_back = |step: &Step| matches!(step, Step::Written { file: Which::Database, .. });
    // While the log is copied back the database may be shorter than it says.
    let closing = recorded.steps.iter().position(is_copied_back).expect("it was copied back");
    let all = recorded.steps.len();
    let mut cuts: Vec<_> = (0..10).map(|_| closing + random.below(all + 1 - closing)).collect();
    cuts.extend((0..5).map(|_| random.below(closing)));
    cut_at(&recorded, cuts, &mut random, |left, _| {
        fs::write(left.join("secrets.key"), &recorded.key).expect("a file of the test's");
        let closed = fs::Permissions::from_mode(0o600);
        fs::set_permissions(left.join("secrets.key"), closed).expect("a file of the test's");
        let mut server = Server::spawn(&Options::default(), left);
        let started = server.ready();
        assert!(started.is_ok(), "{}", server.stderr());
    });
}

#[test]
fn a_store_that_does_not_sync_each_commit_is_found_out() {
    let recorded = record(|options| options.env("FAILPOINTS", "synchronous=return(NORMAL)"));
    let (lost, disks) = lost_at_cuts(&recorded);
    assert!(!lost.is_empty(), "nothing is missing on {disks} disks: the test sees nothing");
}
