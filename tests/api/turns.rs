//! Whose execution is next: by weight among tenants, by priority and age within one. Told by the order
//! in which programs begin, of which one runs at a time; no clock is looked at but that of the records.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::scoped::{add_keys_of, post_with_key};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::wait::{DEADLINE, eventually};

/// Where programs say that they begin and end, and a gate that some of them wait at.
pub struct Book {
    directory: PathBuf,
}

impl Book {
    /// An empty one, with the gate closed, that every program of a server can write in.
    pub fn of(app: &TestApp) -> Self {
        let directory = app.scratch().join("book");
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o755)).unwrap();
        let book = Self { directory };
        let file = OpenOptions::new().create(true).append(true).open(book.pages()).unwrap();
        file.set_permissions(Permissions::from_mode(0o666)).unwrap();
        book
    }

    fn pages(&self) -> PathBuf {
        self.directory.join("pages")
    }

    /// A program that writes this word.
    pub fn writes(&self, word: &str) -> String {
        format!("echo {word} >> {}", self.pages().display())
    }

    /// A program that writes this word when it begins, waits at the gate, and writes another one.
    pub fn waits(&self, begun: &str, ended: &str) -> String {
        let gate = self.directory.join("gate");
        let (begun, ended) = (self.writes(begun), self.writes(ended));
        format!("{begun}; until [ -e {} ]; do sleep 0.01; done; {ended}", gate.display())
    }

    pub fn open_gate(&self) {
        fs::write(self.directory.join("gate"), "").unwrap();
    }

    /// What has been written.
    pub fn words(&self) -> Vec<String> {
        let text = fs::read_to_string(self.pages()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// What has been written once that satisfies a condition.
    #[track_caller]
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        eventually(DEADLINE, what, || Some(self.words()).filter(|words| wanted(words)))
    }
}

/// A server that tells of its programs by a book, with a key for each of these tenants.
fn server<const N: usize>(
    tenants: [&str; N],
    change: impl FnOnce(Options) -> Options,
) -> (TestApp, Book, [String; N]) {
    let mut app = TestApp::with(|options| change(options.slots(1).way_open()));
    let keys = add_keys_of(&mut app, tenants);
    let book = Book::of(&app);
    (app, book, keys)
}

fn program(code: String) -> Value {
    json!({"language": "sh", "code": code})
}

/// Submits with a tenant's key, and gives the id.
#[track_caller]
fn submit(app: &TestApp, key: &str, body: &Value) -> String {
    let answer = post_with_key(app, key, "/v1/executions", body).expect(202);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Takes the only slot until the gate is opened.
#[track_caller]
fn take_the_slot(app: &TestApp, book: &Book, key: &str) {
    submit(app, key, &program(book.waits("first", "over")));
    book.wait_for("the slot is taken", |words| words == ["first"]);
}

fn count(word: &str, words: &[String]) -> usize {
    words.iter().filter(|written| *written == word).count()
}

/// Puts so many executions of a tenant's into the queue of a server that is down.
fn fill_queue(app: &TestApp, tenant: &str, code: &str, count: u32) {
    let mut database = Connection::open(app.data_dir().join("ringback.db")).unwrap();
    let transaction = database.transaction().unwrap();
    transaction
        .execute_batch("CREATE TEMP TABLE fresh (id BLOB PRIMARY KEY, created_at INTEGER NOT NULL)")
        .unwrap();
    transaction
        .execute(
            "INSERT INTO fresh
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
             SELECT randomblob(16), 1750000000000 + n FROM number",
            [count],
        )
        .unwrap();
    for (sql, text) in [
        (
            "INSERT INTO executions (id, tenant, language, created_at, timeout_ms, labels, metadata)
             SELECT id, ?1, 'sh', created_at, 60000, '{}', '{}' FROM fresh",
            tenant,
        ),
        (
            "INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
             SELECT id, 'fail', 1000, 'own', ?1 FROM fresh",
            code,
        ),
        (
            "INSERT INTO queue (id, tenant, state, epoch, attempt, turn)
             SELECT id, ?1, 'queued', 0, 1, created_at FROM fresh",
            tenant,
        ),
    ] {
        let changed = transaction.execute(sql, [text]).unwrap();
        assert_eq!(changed, count as usize, "{sql}");
    }
    transaction.commit().unwrap();
}

#[test]
fn behind_a_hundred_thousand_of_another_tenant_nobody_waits_for_more_than_one() {
    let (mut app, book, [few]) = server(["few"], |options| {
        options
            .env("RINGBACK_QUEUE__MAX_TOTAL", "200000")
            .env("RINGBACK_QUEUE__MAX_PER_TENANT", "200000")
    });
    app.terminate();
    fill_queue(&app, "many", &book.waits("many", "over"), 100_000);
    app.restart();
    book.wait_for("the slot is taken", |words| words == ["many"]);
    submit(&app, &few, &program(book.writes("few")));
    book.open_gate();
    let words = book.wait_for("it has begun", |words| count("few", words) == 1);
    let begun: Vec<&String> = words.iter().filter(|word| *word != "over").collect();
    let at = begun.iter().position(|word| *word == "few").unwrap();
    assert!((1..=2).contains(&at), "behind the one that ran, and at most one more: {begun:?}");
}

/// Twenty of each wait; how they begin.
fn weights(app: &mut TestApp, (book, keys): (&Book, &[String; 2]), restart: bool) {
    let [heavy, light] = keys;
    take_the_slot(app, book, light);
    for _ in 0..20 {
        submit(app, light, &program(book.writes("light")));
        submit(app, heavy, &program(book.writes("heavy")));
    }
    if restart {
        app.kill9();
        app.restart();
    }
    book.open_gate();
    let words = book.wait_for("all have begun", |words| {
        count("heavy", words) == 20 && count("light", words) == 20
    });
    let begun: Vec<String> =
        words.into_iter().filter(|word| word != "first" && word != "over").collect();
    // Both wait until the heavy one has nothing left, which is after 26 or 27 starts.
    for length in 1..=24 {
        let (heavy, light) = (count("heavy", &begun[..length]), count("light", &begun[..length]));
        let is_fair = heavy <= 3 * light + 3 && 3 * light <= heavy + 3;
        assert!(is_fair, "{heavy} to {light} of {length}: {begun:?}");
    }
}

fn weighted() -> (TestApp, Book, [String; 2]) {
    server(["heavy", "light"], |options| options.env("RINGBACK_TENANTS__HEAVY__WEIGHT", "3"))
}

#[test]
fn starts_follow_the_weights_of_tenants() {
    let (mut app, book, keys) = weighted();
    weights(&mut app, (&book, &keys), false);
}

#[test]
fn starts_follow_the_weights_also_after_the_server_was_killed() {
    let (mut app, book, keys) = weighted();
    weights(&mut app, (&book, &keys), true);
}

#[test]
fn a_higher_priority_is_sooner_and_equal_ones_are_in_the_order_of_coming() {
    let (app, book, [key]) = server(["t"], |options| options);
    take_the_slot(&app, &book, &key);
    for round in ["a", "b"] {
        for priority in 0..=3 {
            let code = book.writes(&format!("{priority}{round}"));
            let body = json!({"language": "sh", "code": code, "priority": priority});
            submit(&app, &key, &body);
        }
        submit(&app, &key, &program(book.writes(&format!("none-{round}"))));
    }
    book.open_gate();
    let words = book.wait_for("all have begun", |words| words.len() == 12);
    let expected = ["3a", "3b", "2a", "2b", "1a", "none-a", "1b", "none-b", "0a", "0b"];
    assert_eq!(words[2..], expected);
}

#[test]
fn a_lower_priority_waits_for_what_comes_so_much_later_and_no_longer() {
    const STEP_MS: i64 = 50;
    // The records have the wall's time, and turns the steady one: near the edge either may be first.
    const EDGE_MS: i64 = 25;
    let (app, book, [key]) =
        server(["t"], |options| options.env("RINGBACK_QUEUE__PRIORITY_STEP", "50ms"));
    take_the_slot(&app, &book, &key);
    let send = |priority: u8, word: &str| {
        let body = json!({"language": "sh", "code": book.writes(word), "priority": priority});
        let id = submit(&app, &key, &body);
        created_at(&super::scoped::with_key(&app, &key, &format!("/v1/executions/{id}")).json())
    };
    let old = send(0, "old");
    let mut young = Vec::new();
    eventually(DEADLINE, "one has come three steps later", || {
        let word = format!("young-{}", young.len());
        let later = send(3, &word) - old;
        young.push((word, later));
        (later > 3 * STEP_MS + EDGE_MS).then_some(())
    });
    book.open_gate();
    let words = book.wait_for("all have begun", |words| words.len() == young.len() + 3);
    let place = |word: &str| words.iter().position(|written| written == word).unwrap();
    for (word, later) in &young {
        if (later - 3 * STEP_MS).abs() > EDGE_MS {
            let is_sooner = place(word) < place("old");
            assert_eq!(is_sooner, *later < 3 * STEP_MS, "{word}, {later} ms later: {words:?}");
        }
    }
}

fn created_at(record: &Value) -> i64 {
    let text = record["created_at"].as_str().unwrap();
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

#[test]
fn a_priority_is_in_the_record_and_must_be_one() {
    let app = TestApp::start();
    let told = |body: Value| app.record(&app.submit(body).id)["priority"].clone();
    assert_eq!(told(json!({"language": "sh", "code": "true"})), 1);
    assert_eq!(told(json!({"language": "sh", "code": "true", "priority": 0})), 0);
    assert_eq!(told(json!({"language": "sh", "code": "true", "priority": null})), 1);
    for bad in [json!(4), json!(-1), json!("high"), json!(1.5)] {
        let body = json!({"language": "sh", "code": "true", "priority": bad});
        let sentence = super::problem::expect_blame(&app.post("/v1/executions", &body), "priority");
        assert!(sentence.contains("from 0 to 3"), "{sentence}");
    }
}

#[test]
fn a_function_has_a_priority_and_its_caller_may_want_another() {
    let app = TestApp::start();
    let definition = json!({"language": "sh", "code": "true", "priority": 2});
    let function = app.request("PUT", "/v1/functions/f").json(&definition).send().expect(201);
    assert_eq!(function.json()["priority"], 2);
    let told = |body: Value| {
        let answer = app.post("/v1/functions/f/invoke", &body).expect(202);
        app.record(answer.json()["id"].as_str().unwrap())["priority"].clone()
    };
    assert_eq!(told(json!({})), 2);
    assert_eq!(told(json!({"priority": 3})), 3);
    let refusal = app.post("/v1/functions/f/invoke", &json!({"priority": 9}));
    super::problem::expect_blame(&refusal, "priority");
    let bad = json!({"language": "sh", "code": "true", "priority": 4});
    let refusal = app.request("PUT", "/v1/functions/g").json(&bad).send();
    super::problem::expect_blame(&refusal, "priority");
}
