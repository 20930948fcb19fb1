//! `ringback::Client` against a real engine over HTTP, and against servers that break.
//! Uses the library only as other crates can.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use actix_rt::time::timeout;
use actix_web::{App, HttpServer};
use futures_util::TryStreamExt;
use ringback::Engine;
use ringback::bodies::{NewExecution, WantedLimits, WantedRetry};
use ringback::client::{Client, DeliveryFilter, Error, Event, Filter, Position, Stream, Window};
use ringback::domain::{ExecutionId, Status, Timestamp};

use super::receiver::TestReceiver;
use super::scripted::Scripted;
use super::support::{KEY, LONG, builder};

/// An engine behind a server of the test's own.
struct Scene {
    engine: Engine,
    client: Client,
    url: String,
    _data_dir: tempfile::TempDir,
}

impl Scene {
    async fn start() -> Self {
        let (builder, data_dir) = builder();
        let engine = builder.allow_callbacks_to("127.0.0.1").start().await.unwrap();
        let routes = engine.routes();
        let server = HttpServer::new(move || {
            App::new().service(actix_web::web::scope("/rb").configure(routes.clone()))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/rb", server.addrs()[0]);
        actix_rt::spawn(server.run());
        let client = Client::builder(&url).token(KEY).build().unwrap();
        Self { engine, client, url, _data_dir: data_dir }
    }
}

fn sh(code: &str) -> NewExecution {
    NewExecution { language: Some("sh".into()), code: code.into(), ..NewExecution::default() }
}

fn client_of(server: &TestReceiver) -> Client {
    Client::builder(server.url("")).token("hunter2").build().unwrap()
}

/// Within the time that any of this may take.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    timeout(LONG, work).await.expect("it comes to an end in time")
}

#[actix_rt::test]
async fn an_execution_is_submitted_waited_for_and_read() {
    let scene = Scene::start().await;
    let client = &scene.client;
    let wanted = NewExecution {
        stdin: Some("hi".into()),
        env: [("NAME".into(), "value".into())].into(),
        labels: [("app".into(), "shop".into())].into(),
        metadata: [("n".into(), 1.into())].into_iter().collect(),
        timeout: Some(30.0),
        limits: Some(WantedLimits { output_bytes: Some(1000), ..WantedLimits::default() }),
        on_interrupt: Some("rerun".into()),
        ..sh(r#"cat; echo " $NAME"; echo '{"a": 1}' > $RINGBACK_RESULT; echo err >&2"#)
    };
    let accepted = client.submit(&wanted).await.unwrap();
    assert_eq!(accepted.labels["app"], "shop");
    let ended = soon(client.wait(accepted.id, None)).await.unwrap();
    assert_eq!((ended.status, ended.stdout.as_deref()), (Status::Completed, Some("hi value\n")));
    assert_eq!(ended.result.as_ref().unwrap().get(), r#"{"a":1}"#);
    let read = client.get(accepted.id).await.unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), serde_json::to_string(&ended).unwrap());

    let stdout = client.output(ended.id, Stream::Stdout).await.unwrap();
    assert_eq!((&stdout.bytes[..], stdout.total), (&b"hi value\n"[..], Some(9)));
    assert!(!stdout.is_truncated);
    assert_eq!(&client.output(ended.id, Stream::Stderr).await.unwrap().bytes[..], b"err\n");
    let part = |range: (std::ops::Bound<u64>, std::ops::Bound<u64>)| async move {
        client.output_part(ended.id, Stream::Stdout, range).await.map(|part| part.bytes)
    };
    use std::ops::Bound::{Excluded, Included, Unbounded};
    assert_eq!(&part((Included(3), Excluded(5))).await.unwrap()[..], b"va");
    assert_eq!(&part((Excluded(2), Included(3))).await.unwrap()[..], b"v");
    assert_eq!(&part((Included(3), Unbounded)).await.unwrap()[..], b"value\n");
    assert_eq!(part((Included(99), Unbounded)).await.unwrap_err().status(), Some(416));
}

#[actix_rt::test]
async fn a_wait_ends_with_its_time_and_a_cancel_ends_an_execution() {
    let scene = Scene::start().await;
    let client = &scene.client;
    let id = client.submit(&sh("exec sleep 1000")).await.unwrap().id;
    let waiting = client.wait(id, Some(Duration::from_millis(200)));
    assert!(!soon(waiting).await.unwrap().status.is_terminal(), "as it stands then");
    assert!(client.wait(id, Some(Duration::ZERO)).await.is_ok());
    let record = client.cancel(id, Some("enough")).await.unwrap();
    assert!(record.cancelling || record.status == Status::Cancelled);
    let ended = soon(client.wait(id, None)).await.unwrap();
    assert_eq!((ended.status, ended.cancel_reason.as_deref()), (Status::Cancelled, Some("enough")));
    assert_eq!(client.cancel(id, None).await.unwrap().cancel_reason.as_deref(), Some("enough"));
}

#[actix_rt::test]
async fn lists_come_by_the_page_or_as_a_stream_of_all() {
    let scene = Scene::start().await;
    let client = &scene.client;
    let mut ids = HashSet::new();
    for code in ["true", "exit 1", "true", "true", "true"] {
        let id = client.submit(&sh(code)).await.unwrap().id;
        soon(client.wait(id, None)).await.unwrap();
        ids.insert(id);
    }
    let filter = Filter { status: Some(Status::Failed), ..Filter::default() };
    assert_eq!(client.list(&filter).await.unwrap().data.len(), 1);
    let by_two = Filter { limit: Some(2), ..Filter::default() };
    let page = client.list(&by_two).await.unwrap();
    assert_eq!((page.data.len(), page.next_cursor.is_some()), (2, true));
    let all: Vec<_> = soon(client.list_all(by_two).try_collect()).await.unwrap();
    let found: HashSet<ExecutionId> = all.iter().map(|record| record.id).collect();
    assert_eq!((all.len(), found), (5, ids));
    let bad = Filter { limit: Some(0), ..Filter::default() };
    let error = client.list_all(bad).try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().contains("`limit`"), "{error}");
}

#[actix_rt::test]
async fn an_execution_is_followed_as_it_goes_on() {
    let scene = Scene::start().await;
    let code =
        r"trap 'printf tw\\377; echo e >&2; exit 2' TERM; echo one; while :; do sleep 0.01; done";
    let id = scene.client.submit(&sh(code)).await.unwrap().id;
    let mut events = scene.client.events(id, None);
    let (mut stdout, mut stderr, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
    let record = loop {
        match soon(events.next()).await.expect("it has not ended").unwrap() {
            Event::Status { status, attempt } => {
                assert_eq!(attempt, 1);
                statuses.push(status.into_owned());
            }
            Event::Stdout(piece) => {
                assert_eq!(piece.offset, stdout.len() as u64);
                stdout.extend_from_slice(&piece.bytes);
                // It ends only now, and what has come was told before.
                scene.client.cancel(id, None).await.unwrap();
            }
            Event::Stderr(piece) => stderr.extend_from_slice(&piece.bytes),
            Event::End(record) => break record,
        }
    };
    assert_eq!(stdout, b"one\ntw\xff");
    // The shell may say of its sleep that it was terminated.
    assert!(stderr.ends_with(b"e\n"), "{}", String::from_utf8_lossy(&stderr));
    assert_eq!((record.status, record.exit_code), (Status::Cancelled, Some(2)));
    assert!(statuses.ends_with(&["running".to_owned(), "cancelled".to_owned()]), "{statuses:?}");
    assert!(events.next().await.is_none(), "nothing after the end");

    let from = Position { stdout: 4, stderr: stderr.len() as u64 };
    let rest = scene.client.events(id, Some(from)).into_stream();
    let rest: Vec<_> = soon(rest.try_collect()).await.unwrap();
    let written = rest.iter().filter_map(|event| match event {
        Event::Stdout(piece) | Event::Stderr(piece) => Some((piece.offset, &piece.bytes[..])),
        _ => None,
    });
    assert_eq!(written.collect::<Vec<_>>(), [(4, &b"tw\xff"[..])]);
    assert!(matches!(rest.last(), Some(Event::End(_))));
    let unknown = scene.client.events(ExecutionId::generate(), None).next().await;
    assert_eq!(unknown.unwrap().unwrap_err().status(), Some(404));
}

#[actix_rt::test]
async fn deliveries_are_looked_after() {
    let scene = Scene::start().await;
    let client = &scene.client;
    let receiver = TestReceiver::answering([Scripted::status(500), Scripted::status(500)]);
    let begun = Timestamp::from_millis(0);
    let once = WantedRetry { schedule: Some(Vec::new()), max_age: None };
    let callback_url = Some(receiver.url("/hook"));
    let wanted = NewExecution { callback_url, retry: Some(once), ..sh("true") };
    let id = client.submit(&wanted).await.unwrap().id;
    let given_up = DeliveryFilter {
        status: Some("exhausted".into()),
        execution: Some(id),
        ..DeliveryFilter::default()
    };
    let delivery = soon(async {
        loop {
            match client.deliveries(&given_up).await.unwrap().data.pop() {
                Some(delivery) => break delivery,
                None => actix_rt::task::yield_now().await,
            }
        }
    })
    .await;
    assert_eq!(delivery.last_attempt.unwrap().tried.status_code, Some(500));
    let of_it = client.deliveries_of(id).await.unwrap();
    assert_eq!((of_it.len(), of_it[0].facts.id), (1, delivery.facts.id));
    assert_eq!(client.redeliver(delivery.facts.id).await.unwrap().facts.id, delivery.facts.id);
    receiver.wait_for(2);
    let is_given_up = async || {
        let delivery = client.delivery(delivery.facts.id).await.unwrap();
        delivery.facts.status == "exhausted" && delivery.attempts.len() == 2
    };
    soon(async {
        while !is_given_up().await {
            actix_rt::task::yield_now().await;
        }
    })
    .await;
    let window = Window { since: begun, until: None, host: None };
    let recovery = client.recover(&window).await.unwrap();
    assert_eq!(recovery.matched, 1);
    receiver.wait_for(3);
    soon(async {
        while client.recovery(recovery.id).await.unwrap().delivered != 1 {
            actix_rt::task::yield_now().await;
        }
    })
    .await;
}

#[actix_rt::test]
async fn the_server_itself_can_be_asked() {
    let scene = Scene::start().await;
    let runtimes = scene.client.runtimes().await.unwrap();
    assert!(runtimes.iter().any(|runtime| runtime.name == "sh"), "{runtimes:?}");
    assert!(scene.client.ready().await.unwrap());
    assert_eq!(scene.client.readiness().await.unwrap().slots, 2);
    let stranger = Client::builder(&scene.url).token("a-wrong-key-of-16-chars").build().unwrap();
    assert!(stranger.ready().await.unwrap(), "nobody needs a key for that");
    let error = stranger.runtimes().await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert!(!error.is_passing());
    scene.engine.shutdown(Duration::ZERO).await;
    assert!(!scene.client.ready().await.unwrap(), "it takes nothing on any more");
}

#[actix_rt::test]
async fn errors_say_what_happened_and_no_secret() {
    let mut gone = TestReceiver::start();
    let client = client_of(&gone);
    gone.take_down();
    let unreachable = client.get("exec_1").await.unwrap_err();
    assert!(matches!(unreachable, Error::Unreachable { .. }) && unreachable.is_passing());
    let check = async |answer: Scripted, expected: fn(&Error) -> bool| {
        let server = TestReceiver::answering([answer]);
        let error = client_of(&server).get("exec_1").await.unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
    };
    check(Scripted::close(), |error| matches!(error, Error::BrokenOff { .. })).await;
    check(Scripted::cut(200), |error| matches!(error, Error::BrokenOff { .. })).await;
    check(Scripted::status(204), |error| error.status() == Some(204)).await;
    check(Scripted::redirect(302, "http://192.0.2.1/"), |error| error.status() == Some(302)).await;
    let html = Scripted::status(200).body("<html>");
    check(html, |error| matches!(error, Error::Foreign { .. })).await;
    let problem = Scripted::status(403).body(r#"{"detail": "The scope is missing."}"#);
    check(problem, |error| error.to_string() == "The scope is missing.").await;
}

#[actix_rt::test]
async fn a_wait_outlives_the_loss_of_the_server_that_was_asked_first() {
    let never = Scripted::status(400).body(r#"{"detail": "Never."}"#);
    let server = TestReceiver::answering([Scripted::close(), Scripted::close(), never]);
    let error = soon(client_of(&server).wait("exec_1", None)).await.unwrap_err();
    assert_eq!(error.to_string(), "Never.");
    assert_eq!(server.received().len(), 3);
}

#[actix_rt::test]
async fn a_submission_that_may_not_have_arrived_is_sent_again_with_its_key() {
    let busy = || Scripted::status(503).body(r#"{"detail": "Later."}"#).header("retry-after", "0");
    let refused = Scripted::status(400).body(r#"{"detail": "Never."}"#);
    let server = TestReceiver::answering([busy(), Scripted::reset(), Scripted::cut(202), refused]);
    let client = client_of(&server);
    let error = soon(client.submit(&sh("true"))).await.unwrap_err();
    assert_eq!(error.to_string(), "Never.");
    let keys: Vec<_> = server
        .received()
        .iter()
        .map(|request| request.header("idempotency-key").unwrap().to_owned())
        .collect();
    assert!(keys.len() == 4 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let server = TestReceiver::always(busy());
    let client = client_of(&server);
    assert_eq!(client.submit_with("mine", &sh("true")).await.unwrap_err().status(), Some(503));
    assert!(server.received().iter().all(|r| r.header("idempotency-key") == Some("mine")));
    // What is only read is asked once: whoever asks can ask again.
    let asked = server.received().len();
    client.get("exec_1").await.unwrap_err();
    assert_eq!(server.received().len(), asked + 1);
}

#[test]
fn the_example_submits_follows_and_lists() {
    let own = std::env::current_exe().unwrap();
    let example: PathBuf = own.parent().unwrap().parent().unwrap().join("examples/client");
    assert!(example.exists(), "{} is missing: cargo build --examples", example.display());
    let url = actix_rt::System::new().block_on(async {
        let scene = Scene::start().await;
        let url = scene.url.clone();
        let mut command = std::process::Command::new(example);
        command.env("RINGBACK_SERVER", &url).env("RINGBACK_TOKEN", KEY);
        let output = actix_web::web::block(move || command.output().unwrap()).await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("line 1\nline 2\nline 3\n"), "{said}");
        assert!(said.contains("it ended as completed"), "{said}");
        assert_eq!(output.stderr, b"done\n");
        url
    });
    assert!(url.ends_with("/rb"), "it works below a path of the host's");
}
