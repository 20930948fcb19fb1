//! The filters of the list of executions, alone and together, and what its cursors are good for. Its order
//! and its pages without filters are looked at where executions are read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::problem::{expect_blame, expect_problem};
use super::scoped::add_key_of;
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};

#[track_caller]
fn page(app: &TestApp, query: &str) -> (Vec<String>, Option<String>) {
    let page = app.get(&format!("/v1/executions?{query}")).expect(200).json();
    let data = page["data"].as_array().expect("a page has data").iter();
    let ids = data.map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    (ids, page["next_cursor"].as_str().map(str::to_owned))
}

/// All pages of a list with these filters.
#[track_caller]
fn all(app: &TestApp, filters: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (some, next) = page(app, &format!("{filters}&limit={limit}{cursor}"));
        assert!(some.len() <= limit);
        seen.extend(some);
        let Some(next) = next else { return seen };
        cursor = format!("&cursor={next}");
    }
}

fn run(app: &TestApp, body: Value) -> String {
    app.run(body)["id"].as_str().unwrap().to_owned()
}

fn sh(code: &str, labels: Value) -> Value {
    json!({"language": "sh", "code": code, "labels": labels})
}

#[test]
fn each_filter_finds_what_it_says_and_several_go_together() {
    let app = TestApp::start();
    let definition = json!({"language": "sh", "code": "true"});
    app.request("PUT", "/v1/functions/f").json(&definition).send().expect(201);
    let good = run(&app, sh("true", json!({"team": "a", "größe": "☃ + &"})));
    let bad = run(&app, sh("exit 3", json!({"team": "a", "stage": "1"})));
    let late = run(
        &app,
        json!({"language": "sh", "code": "sleep 100", "timeout": 0.1,
        "labels": {"team": "b", "stage": "1"}}),
    );
    let python = run(&app, json!({"code": "pass", "labels": {"team": "b"}}));
    let called = app.post("/v1/functions/f/invoke", &json!({"labels": {"team": "c"}})).expect(202);
    let called = called.json()["id"].as_str().unwrap().to_owned();
    app.finished(&called);
    let waits = app
        .submit(json!({"language": "sh", "code": "exec sleep 1000",
        "labels": {"team": "a"}}))
        .id;
    app.wait_for_program("sleep 1000");
    let encoded = "label.gr%C3%B6%C3%9Fe=%E2%98%83+%2B+%26";
    for (filters, expected) in [
        ("cause=exited", vec![&called, &python, &bad, &good]),
        ("cause=timeout", vec![&late]),
        ("cause=memory_limit", vec![]),
        ("status=failed", vec![&late, &bad]),
        ("status=failed&cause=exited", vec![&bad]),
        ("status=running", vec![&waits]),
        ("status=running&label.team=a", vec![&waits]),
        ("status=running&cause=exited", vec![]),
        ("language=python", vec![&python]),
        ("language=sh&status=completed", vec![&called, &good]),
        ("language=nothing", vec![]),
        ("function=f", vec![&called]),
        ("function=f&label.team=a", vec![]),
        ("label.team=a", vec![&waits, &bad, &good]),
        ("label.team=a&label.stage=1", vec![&bad]),
        ("label.team=b&label.stage=1&cause=timeout", vec![&late]),
        ("label.team=b&language=python", vec![&python]),
        (encoded, vec![&good]),
        ("label.team=", vec![]),
        ("label.Team=a", vec![]),
    ] {
        for limit in [1, 2, 200] {
            let expected: Vec<String> = expected.iter().map(|id| (*id).clone()).collect();
            assert_eq!(all(&app, filters, limit), expected, "{filters} by {limit}");
        }
    }
    app.delete(&format!("/v1/executions/{waits}")).expect(202);
    app.finished(&waits);
    assert_eq!(all(&app, "cause=cancelled&status=cancelled&language=sh", 9), [waits]);
}

#[test]
fn times_are_bounds_that_are_not_in_the_list_themselves() {
    let app = TestApp::start();
    let ids: Vec<String> = (0..4).map(|_| run(&app, sh("true", json!({})))).collect();
    let at = |index: usize| app.record(&ids[index])["created_at"].as_str().unwrap().to_owned();
    for (filters, expected) in [
        (format!("created_after={}", at(1)), vec![3, 2]),
        (format!("created_before={}", at(1)), vec![0]),
        (format!("created_after={}&created_before={}", at(0), at(3)), vec![2, 1]),
        (format!("created_after={}&created_before={}", at(3), at(0)), vec![]),
        (format!("created_after={0}&created_before={0}", at(2)), vec![]),
        ("created_after=2020-01-01T00:00:00%2B02:00".to_owned(), vec![3, 2, 1, 0]),
        ("created_after=2900-01-01T00:00:00Z".to_owned(), vec![]),
        ("created_before=1969-01-01T00:00:00Z".to_owned(), vec![]),
        (
            "created_before=9999-12-30T00:00:00Z&created_after=0001-01-01T00:00:00Z".to_owned(),
            vec![3, 2, 1, 0],
        ),
    ] {
        let expected: Vec<String> = expected.into_iter().map(|index| ids[index].clone()).collect();
        assert_eq!(all(&app, &filters, 1), expected, "{filters}");
        assert_eq!(all(&app, &format!("{filters}&language=sh&status=completed"), 9), expected);
    }
}

#[test]
fn a_cursor_leads_on_only_in_the_list_that_it_came_from() {
    let mut app = TestApp::start();
    let ids: Vec<String> = (0..3).map(|_| run(&app, sh("true", json!({"a": "1"})))).collect();
    let (_, cursor) = page(&app, "status=completed&label.a=1&limit=1");
    let cursor = cursor.expect("there is more");
    // The order of the filters and the length of the page are not part of it.
    let same = format!("limit=200&label.a=1&cursor={cursor}&status=completed");
    assert_eq!(page(&app, &same).0, [ids[1].clone(), ids[0].clone()]);
    for filters in [
        "",
        "status=completed",
        "label.a=1",
        "status=failed&label.a=1",
        "status=completed&label.a=2",
        "status=completed&label.a=1&language=sh",
        "status=completed&label.a=1&created_after=2020-01-01T00:00:00Z",
    ] {
        let answer = app.get(&format!("/v1/executions?{filters}&cursor={cursor}"));
        let problem = expect_problem(&answer, 400);
        assert_eq!(problem["errors"][0]["field"], "cursor", "{filters}: {problem:#}");
        assert_eq!(problem["errors"][0]["code"], "invalid", "{filters}: {problem:#}");
    }
    for path in ["deliveries", "functions"] {
        expect_blame(&app.get(&format!("/v1/{path}?cursor={cursor}")), "cursor");
    }
    // Nor can it be made, or be another tenant's.
    for at in [0, 1, 21, 22, cursor.len() - 1] {
        let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
        let mut edited = cursor.clone();
        edited.replace_range(at..=at, other);
        let query = format!("status=completed&label.a=1&cursor={edited}");
        expect_blame(&app.get(&format!("/v1/executions?{query}")), "cursor");
    }
    let stranger = add_key_of(&mut app, "stranger");
    let query = format!("/v1/executions?status=completed&label.a=1&cursor={cursor}");
    let theirs =
        app.anonymous("GET", &query).header("authorization", &format!("Bearer {stranger}"));
    expect_blame(&theirs.send(), "cursor");
    app.restart();
    assert_eq!(page(&app, &same).0.len(), 2, "it outlives the server");
}

#[test]
fn cursors_of_other_lists_are_guarded_in_the_same_way() {
    let app = TestApp::start();
    for name in ["a", "b", "c"] {
        for code in ["true", "false"] {
            let definition = json!({"language": "sh", "code": code});
            app.request("PUT", &format!("/v1/functions/{name}")).json(&definition).send();
        }
    }
    let cursor = |path: &str| {
        let page = app.get(&format!("{path}?limit=1")).expect(200).json();
        page["next_cursor"].as_str().expect("there is more").to_owned()
    };
    let (functions, versions) = (cursor("/v1/functions"), cursor("/v1/functions/a/versions"));
    app.get(&format!("/v1/functions?cursor={functions}")).expect(200);
    app.get(&format!("/v1/functions/a/versions?cursor={versions}")).expect(200);
    for path in [
        format!("/v1/functions?cursor={versions}"),
        format!("/v1/functions?name=b&cursor={functions}"),
        format!("/v1/functions/a/versions?cursor={functions}"),
        format!("/v1/functions/b/versions?cursor={versions}"),
        format!("/v1/functions/a/versions?variant=default&cursor={versions}"),
    ] {
        expect_blame(&app.get(&path), "cursor");
    }
}

#[test]
fn a_parameter_is_given_once_and_legibly() {
    let app = TestApp::start();
    for (query, field) in [
        ("limit=1&limit=1", "limit"),
        ("status=failed&status=completed", "status"),
        ("label.a=1&label.a=2", "label.a"),
        ("limit=%", "limit"),
        ("status=%zz", "status"),
        ("language=%ff", "language"),
        ("label.=1", "label."),
        ("cause=bored", "cause"),
        ("cause=", "cause"),
        ("created_after=yesterday", "created_after"),
        ("created_after=15m", "created_after"),
        ("created_before=2026-02-30T00:00:00Z", "created_before"),
        ("created_before=", "created_before"),
        ("offset=1", "offset"),
        ("count=true", "count"),
    ] {
        expect_blame(&app.get(&format!("/v1/executions?{query}")), field);
    }
    for path in ["/v1/deliveries?limit=1&limit=2", "/v1/functions?limit=1&limit=2"] {
        expect_blame(&app.get(path), "limit");
    }
    let id = run(&app, sh("true", json!({})));
    expect_blame(&app.get(&format!("/v1/executions/{id}?wait=1&wait=2")), "wait");
    expect_blame(&app.delete(&format!("/v1/executions/{id}?purge=true&purge=true")), "purge");
    expect_blame(
        &app.get(&format!("/v1/executions/{id}/output/stdout?offset=1&offset=1")),
        "offset",
    );
}

#[test]
fn a_list_that_is_taken_while_executions_come_and_end_has_each_of_them_once() {
    let app = TestApp::with(|options| options.slots(2));
    let before: BTreeSet<String> =
        (0..30).map(|_| app.submit(sh("true", json!({"n": "1"}))).id).collect();
    for filters in ["", "label.n=1", "language=sh"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (some, next) = page(&app, &format!("{filters}&limit=3{cursor}"));
            seen.extend(some);
            app.submit(sh("true", json!({"n": "1"})));
            let Some(next) = next else { break };
            cursor = format!("&cursor={next}");
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{filters}: none comes twice");
        assert!(once.is_superset(&before), "{filters}: none is skipped");
    }
    eventually(DEADLINE, "all have ended", || {
        (all(&app, "status=queued", 200).is_empty() && all(&app, "status=running", 200).is_empty())
            .then_some(())
    });
}

#[test]
fn a_page_that_has_been_looked_for_long_enough_leads_on_from_there() {
    let app = TestApp::with(|options| options.failpoints("page-looks=return(3)"));
    let found = run(&app, sh("true", json!({"a": "1", "b": "1"})));
    for _ in 0..7 {
        run(&app, sh("true", json!({"a": "1"})));
    }
    // What has the one label is led to, and of each it is looked whether it has the other as well.
    let (first, next) = page(&app, "label.a=1&label.b=1");
    assert_eq!((first.len(), next.is_some()), (0, true));
    assert_eq!(all(&app, "label.a=1&label.b=1", 9), std::slice::from_ref(&found));
    assert_eq!(page(&app, "label.b=1"), (vec![found], None), "and here nothing is in the way");
    let (first, next) = page(&app, "label.a=1");
    assert_eq!((first.len(), next.is_some()), (3, true));
    assert_eq!(all(&app, "label.a=1", 2).len(), 8);
}
