//! How streams of events end: their clients go, or their server stops. And what shows in between that
//! both are there. Judges nothing of what is told.

use super::{go, names, of, output, path, submitted};
use crate::exposition::Exposition;
use crate::support::app::TestApp;
use crate::support::events::{EventStream, Item};
use crate::support::options::Options;
use crate::support::processes;
use crate::support::wait::{DEADLINE, eventually};
use rustix::process::Signal;

/// A server with programs that go on until they are let, and one of these.
fn gated(change: impl FnOnce(Options) -> Options) -> (TestApp, String) {
    let app = TestApp::with(|options| change(options.way_open()));
    let gate = app.scratch().join("go");
    let wait = format!("until [ -e {} ]; do sleep 0.01; done", gate.display());
    (app, format!("echo ready; {wait}; echo through"))
}

fn open_streams(app: &TestApp) -> f64 {
    let text = app.get("/metrics").expect(200).text();
    Exposition::parse(&text).value("ringback_event_streams", &[])
}

#[track_caller]
fn wait_for_streams(app: &TestApp, count: u32) {
    eventually(DEADLINE, format!("{count} streams are open"), || {
        (open_streams(app) == f64::from(count)).then_some(())
    });
}

fn descriptors(app: &TestApp) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", app.pid())).expect("it lives").count()
}

#[test]
fn a_client_that_goes_is_noticed_at_once_and_leaves_nothing_behind() {
    // No keep-alive comes while this test runs.
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__STREAM_KEEP_ALIVE", "1h"));
    let id = submitted(&app, "exec sleep 1000");
    app.wait_for_program("sleep 1000");
    let ways: [fn(EventStream); 4] = [
        EventStream::close,
        EventStream::reset,
        |stream| {
            stream.say_no_more();
            stream.close();
        },
        |stream| {
            stream.say_no_more();
            stream.reset();
        },
    ];
    let mut stream = of(&app, &id, None);
    assert_eq!(stream.event().data["status"], "running");
    wait_for_streams(&app, 1);
    stream.close();
    wait_for_streams(&app, 0);
    let before = descriptors(&app);
    for leave in ways {
        let streams: Vec<_> = (0..5).map(|_| of(&app, &id, None)).collect();
        wait_for_streams(&app, 5);
        streams.into_iter().for_each(leave);
        wait_for_streams(&app, 0);
    }
    eventually(DEADLINE, "all descriptors are given back", || {
        (descriptors(&app) <= before).then_some(())
    });
    assert_eq!(app.record(&id)["status"], "running", "who follows and goes cancels nothing");
    app.delete(&path(&id).replace("/events", "")).expect(202);
}

#[test]
fn a_client_that_only_stops_talking_is_told_the_rest() {
    let (app, until_let) = gated(|options| options);
    let id = submitted(&app, &until_let);
    let mut stream = of(&app, &id, None);
    stream.event();
    assert_eq!(stream.event().data["text"], "ready\n");
    stream.say_no_more();
    assert_eq!(stream.item(), Some(Item::Comment("keep-alive".to_owned())), "it is tried");
    go(&app);
    let rest = stream.until_end();
    assert_eq!(output(&rest, "stdout", 6), b"through\n");
}

#[test]
fn a_stream_of_which_nothing_is_to_be_told_says_that_it_lives() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__STREAM_KEEP_ALIVE", "50ms"));
    let id = submitted(&app, "exec sleep 1000");
    let mut stream = of(&app, &id, None);
    stream.event();
    for _ in 0..3 {
        assert_eq!(stream.item(), Some(Item::Comment("keep-alive".to_owned())));
    }
    app.delete(&path(&id).replace("/events", "")).expect(202);
    assert_eq!(stream.until_end().last().unwrap().data["status"], "cancelled");
}

#[test]
fn a_server_that_stops_ends_its_streams_first_and_its_programs_go_on() {
    let (mut app, until_let) =
        gated(|options| options.slots(1).env("RINGBACK_EXECUTION__DRAIN_TIMEOUT", "60s"));
    let done = submitted(&app, "printf done");
    app.finished(&done);
    let [runs, waits] = [(); 2].map(|()| submitted(&app, &until_let));
    let mut streams = [of(&app, &runs, None), of(&app, &waits, None)];
    let mut last = streams.each_mut().map(|stream| stream.event().id);
    let said = streams[0].event();
    assert_eq!(said.data["text"], "ready\n");
    last[0] = said.id;
    processes::signal(app.pid(), Signal::TERM);
    for stream in &mut streams {
        let bye = "the server is stopping; connect again".to_owned();
        assert_eq!(stream.item(), Some(Item::Comment(bye)));
        assert_eq!(stream.item(), Some(Item::Retry(2000)));
        assert_eq!(stream.item(), None, "it ends in order");
    }
    // Browsers give up on anything but a 200, so whoever comes again too early is told to come again.
    let mut again = of(&app, &runs, Some(&last[0]));
    assert_eq!(again.event().data["status"], "running");
    while again.item().is_some() {}
    assert_eq!(names(&of(&app, &done, None).until_end()), ["status", "stdout", "end"]);
    assert_eq!(app.record(&runs)["status"], "running", "it goes on");
    go(&app);
    assert_eq!(app.ended().code(), Some(0), "{}", app.stderr());

    app.restart();
    let rest = of(&app, &runs, Some(&last[0])).until_end();
    assert_eq!(names(&rest), ["status", "stdout", "end"]);
    assert_eq!(output(&rest, "stdout", 6), b"through\n");
    let rest = of(&app, &waits, Some(&last[1])).until_end();
    assert_eq!(output(&rest, "stdout", 0), b"ready\nthrough\n", "what waited has run");
}
