//! What connections and refusals cost: a little while they are there, and nothing afterwards. The server's
//! resident memory is compared with what it was before the same thing was done the first time.

use std::fs;

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::events::EventStream;
use crate::support::held::{Held, get, post};
use crate::support::wait::{DEADLINE, eventually};

/// How often the same is done.
const ROUNDS: usize = 4;

const MIB: u64 = 1024 * 1024;

/// What an allocator may keep to itself of what it was given back.
const SLACK: u64 = 8 * MIB;

/// Both ends of each connection are on this machine, and one of them is in this process.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the soft limit may be raised");
}

fn descriptors(app: &TestApp) -> usize {
    fs::read_dir(format!("/proc/{}/fd", app.pid())).expect("it lives").count()
}

#[track_caller]
fn wait_for_descriptors(app: &TestApp, what: &str, are: impl Fn(usize) -> bool) {
    eventually(DEADLINE, what, || are(descriptors(app)).then_some(()));
}

fn show(what: &str, bytes: u64) {
    println!("{what}: {} KiB", bytes / 1024);
}

/// Has so many of something at a time, again and again, and checks what each costs and that nothing stays.
/// What the first ones leave behind, the allocator does not use again as it was: the last are compared with
/// those before them.
#[track_caller]
fn check_cost<T: Send>(app: &TestApp, count: u64, one: impl Fn() -> T + Sync, each_max: u64) {
    let before = (app.rss_bytes(), descriptors(app));
    let mut peaks = Vec::new();
    for _ in 0..ROUNDS {
        let all = many(count, &one);
        wait_for_descriptors(app, "all are there", |now| now as u64 >= before.1 as u64 + count);
        peaks.push(app.rss_bytes());
        drop(all);
        wait_for_descriptors(app, "all have gone", |now| now <= before.1 + 8);
    }
    let each = peaks[0].saturating_sub(before.0) / count;
    show("each of the first", each);
    println!(
        "resident with all of them, in KiB: {:?}",
        peaks.iter().map(|peak| peak / 1024).collect::<Vec<_>>()
    );
    assert!(each < each_max, "{} KiB each", each / 1024);
    assert!(peaks[ROUNDS - 1] < peaks[ROUNDS - 2] + SLACK, "{peaks:?}");
}

/// So many of something, made by some at a time.
fn many<T: Send>(count: u64, one: &(impl Fn() -> T + Sync)) -> Vec<T> {
    const MAKERS: u64 = 8;
    std::thread::scope(|scope| {
        let share = || (0..count / MAKERS).map(|_| one()).collect::<Vec<T>>();
        let makers: Vec<_> = (0..MAKERS).map(|_| scope.spawn(share)).collect();
        makers.into_iter().flat_map(|maker| maker.join().expect("it was made")).collect()
    })
}

#[test]
fn two_thousand_idle_connections_cost_little_and_no_more_the_second_time() {
    raise_open_files();
    let app = TestApp::start();
    let used = || {
        let mut held = Held::send(app.address(), &get("/readyz"));
        assert_eq!(held.answer().0, 200);
        held
    };
    check_cost(&app, 2000, used, 64 * 1024);
}

#[test]
fn connections_that_have_said_nothing_cost_little_too() {
    raise_open_files();
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__HEADER_TIMEOUT", "1h"));
    check_cost(&app, 500, || Held::send(app.address(), b""), 64 * 1024);
}

#[test]
fn streams_of_events_cost_little_and_no_more_the_second_time() {
    raise_open_files();
    let app = TestApp::start();
    let id = app.submit(json!({"language": "sh", "code": "echo x; exec sleep 1000"})).id;
    app.wait_for_program("sleep 1000");
    let opened = || {
        let mut stream = EventStream::of(app.address(), &id, None);
        stream.event();
        assert_eq!(stream.event().data["text"], "x\n");
        stream
    };
    check_cost(&app, 1000, opened, 64 * 1024);
    app.delete(&format!("/v1/executions/{id}")).expect(202);
}

#[test]
fn floods_of_what_is_refused_cost_nothing_that_stays() {
    for (setting, status) in
        [("RINGBACK_QUEUE__MAX_PER_TENANT", 429), ("RINGBACK_QUEUE__MAX_TOTAL", 503)]
    {
        let app = TestApp::with(|options| options.slots(1).env(setting, "1"));
        let occupied = app.submit(json!({"language": "sh", "code": "exec sleep 1000"}));
        app.wait_for_program("sleep 1000");
        app.submit(json!({"language": "sh", "code": "true"}));
        let code = format!(": {}", "x".repeat(32 * 1024));
        let request = post("/v1/executions", &json!({"language": "sh", "code": code}));
        let flood = || {
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let mut held = Held::send(app.address(), &request);
                        assert_eq!(held.answer().0, status);
                        for _ in 0..250 {
                            held.say(&request);
                            assert_eq!(held.answer().0, status);
                        }
                    });
                }
            });
            app.rss_bytes()
        };
        let before = app.rss_bytes();
        let [first, second, third] = [(); 3].map(|()| flood());
        show("a flood of 2,000 refusals", first.saturating_sub(before));
        show("two more", third.saturating_sub(first));
        // Each flood brings 64 MiB.
        assert!(first < before + 32 * MIB, "{before} {first}");
        assert!(third < first + SLACK && second < first + SLACK, "{first} {second} {third}");
        let list = app.get("/v1/executions").expect(200).json();
        assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "nothing was kept");
        app.delete(&format!("/v1/executions/{}", occupied.id)).expect(202);
    }
}

/// The soft and the hard limit of open files of a process.
fn open_files(pid: u32) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().skip(3).take(2).map(str::to_owned).collect()
}

#[test]
fn the_server_may_open_as_many_files_as_it_is_let_and_says_when_that_is_few() {
    let limited = |how: &str| {
        let script = format!("ulimit {how} 700; exec \"$@\"");
        let starter = ["sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
        TestApp::with(|options| options.started_by(starter))
    };
    let app = limited("-Sn");
    let [soft, hard] = &open_files(app.pid())[..] else { panic!("two limits") };
    assert_eq!(soft, hard);
    assert_ne!(soft, "700");
    assert_eq!(app.run(json!({"language": "sh", "code": "ulimit -n"}))["stdout"], "1024\n");

    let app = limited("-n");
    assert_eq!(open_files(app.pid()), ["700", "700"]);
    let said = app.stderr();
    assert!(
        said.contains("700 files may be open at a time") && said.contains("LimitNOFILE"),
        "{said}"
    );
}
