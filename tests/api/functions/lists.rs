//! Lists of functions and of versions: their order, their pages, and what a query may ask for.
//! Calls none.

use serde_json::{Value, json};

use super::{put_again, put_new, script};
use crate::problem::{expect_blame, expect_problem};
use crate::support::app::TestApp;

/// All pages of a list, each as what `show` makes of its lines.
fn pages(app: &TestApp, path: &str, show: impl Fn(&Value) -> String) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("{path}{cursor}")).expect(200).json();
        pages.push(page["data"].as_array().unwrap().iter().map(&show).collect());
        let Some(next) = page["next_cursor"].as_str() else { return pages };
        cursor = format!("&cursor={next}");
    }
}

fn name(line: &Value) -> String {
    format!("{}/{}", line["name"].as_str().unwrap(), line["variant"].as_str().unwrap())
}

fn filled() -> TestApp {
    let app = TestApp::start();
    for (name, variant) in [("b", "z"), ("a", "default"), ("c", "default"), ("b", "a"), ("B", "x")]
    {
        let mut definition = script("true");
        definition["variant"] = json!(variant);
        put_new(&app, name, &definition);
    }
    app
}

#[test]
fn functions_are_listed_in_the_order_of_their_names_each_once() {
    let app = filled();
    put_again(&app, "a", &json!({"language": "bash", "code": "true"}));
    let page = app.get("/v1/functions").expect(200).json();
    assert_eq!(page["next_cursor"], json!(null));
    let names: Vec<_> = page["data"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(names, ["B/x", "a/default", "b/a", "b/z", "c/default"]);
    let newest = app.get("/v1/functions/a").expect(200).json();
    let expected = json!({"name": "a", "variant": "default", "version": 2,
        "created_at": newest["created_at"], "language": "bash"});
    assert_eq!(page["data"][1], expected);
    assert_eq!(
        pages(&app, "/v1/functions?limit=2", name),
        [vec!["B/x", "a/default"], vec!["b/a", "b/z"], vec!["c/default"]]
    );
    assert_eq!(pages(&app, "/v1/functions?limit=5", name).len(), 1, "no page is empty");
    assert_eq!(pages(&app, "/v1/functions?name=b&limit=1", name), [["b/a"], ["b/z"]]);
    assert_eq!(pages(&app, "/v1/functions?name=nobody", name), [Vec::<String>::new()]);
}

#[test]
fn versions_are_listed_the_newest_first() {
    let app = TestApp::start();
    put_new(&app, "f", &script("echo 1"));
    for number in 2..=5 {
        put_again(&app, "f", &script(&format!("echo {number}")));
    }
    let version = |line: &Value| line["version"].to_string();
    assert_eq!(
        pages(&app, "/v1/functions/f/versions?limit=2", version),
        [vec!["5", "4"], vec!["3", "2"], vec!["1"]]
    );
    let page = app.get("/v1/functions/f/versions").expect(200).json();
    let first = app.get("/v1/functions/f?version=1").expect(200).json();
    let expected = json!({"name": "f", "variant": "default", "version": 1,
        "created_at": first["created_at"], "language": "sh"});
    assert_eq!(page["data"][4], expected);
    expect_problem(&app.get("/v1/functions/g/versions"), 404);
    expect_problem(&app.get("/v1/functions/f/versions?variant=other"), 404);
}

#[test]
fn what_no_list_understands_is_refused_by_name() {
    let app = filled();
    for (path, field) in [
        ("/v1/functions?limit=0", "limit"),
        ("/v1/functions?limit=201", "limit"),
        ("/v1/functions?limit=x", "limit"),
        ("/v1/functions?cursor=x", "cursor"),
        ("/v1/functions?cursor=", "cursor"),
        ("/v1/functions?name=a/b", "name"),
        ("/v1/functions?variant=a", "variant"),
        ("/v1/functions?nmae=a", "nmae"),
        ("/v1/functions/a?version=0", "version"),
        ("/v1/functions/a?version=-1", "version"),
        ("/v1/functions/a?version=newest", "version"),
        ("/v1/functions/a?variant=", "variant"),
        ("/v1/functions/a?limit=1", "limit"),
        ("/v1/functions/a/versions?limit=0", "limit"),
        ("/v1/functions/a/versions?cursor=x", "cursor"),
        ("/v1/functions/a/versions?version=1", "version"),
    ] {
        expect_blame(&app.get(path), field);
    }
    expect_blame(&app.delete("/v1/functions/a?version=1"), "version");
    expect_blame(&app.request("POST", "/v1/functions/a/rotate-secret?x=1").send(), "x");
    assert_eq!(app.get("/v1/functions/a").expect(200).json()["version"], 1);
}
