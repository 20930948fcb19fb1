//! Every route is in the document, and everything in the document is a route.

use std::collections::BTreeSet;

use actix_web::introspection::IntrospectionTree;
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, HttpResponse, web};
use ringback::Ringback;
use serde_json::Value;

use super::document::operations;
use crate::support::app::TestApp;

const KEY: &str = "a-key-of-16-characters";

/// All routes of an application that has no others, as actix itself reports them.
async fn reported() -> Vec<Value> {
    let data_dir = tempfile::tempdir().unwrap();
    let engine = Ringback::builder().data_dir(data_dir.path()).api_key(KEY).slots(1);
    // The main function of a test is not ours to call anything in.
    let engine = engine.launcher_binary(env!("CARGO_BIN_EXE_ringback")).start().await.unwrap();
    let tell =
        async |tree: web::Data<IntrospectionTree>| HttpResponse::Ok().body(tree.report_as_json());
    let routes = engine.routes();
    let app = App::new().configure(routes).route("/-", web::get().to(tell));
    let app = init_service(app).await;
    let request = TestRequest::get().uri("/-").to_request();
    let body = call_and_read_body(&app, request).await;
    engine.shutdown(std::time::Duration::ZERO).await;
    serde_json::from_slice(&body).unwrap()
}

/// A path as the document has it: without the patterns of its places.
fn plain(path: &str) -> String {
    let mut plain = String::new();
    let mut rest = path;
    while let Some((before, inside)) = rest.split_once('{') {
        // A pattern may have braces of its own, but none of ours has.
        let (place, after) = inside.split_once('}').expect("a place ends");
        let name = place.split(':').next().unwrap_or_default();
        plain += &format!("{before}{{{name}}}");
        rest = after;
    }
    plain + rest
}

#[actix_rt::test]
async fn every_route_is_in_the_document_and_nothing_else_is() {
    let mut routes = BTreeSet::new();
    for item in reported().await {
        let path = plain(item["full_path"].as_str().unwrap());
        for method in item["methods"].as_array().unwrap() {
            routes.insert(format!("{} {path}", method.as_str().unwrap()));
        }
    }
    assert!(routes.remove("GET /-"), "actix reports routes: {routes:?}");
    let written: BTreeSet<String> = operations()
        .iter()
        .map(|operation| operation.name())
        // It is described so that its 405 is, and is no route of its own.
        .filter(|name| name != "POST /v1/sandboxes")
        .collect();
    let missing: Vec<_> = routes.difference(&written).collect();
    assert!(missing.is_empty(), "the document has not: {missing:?}");
    let missing: Vec<_> = written.difference(&routes).collect();
    assert!(missing.is_empty(), "there is no route for: {missing:?}");
}

/// Each parameter of a query is known where the document has it, and no other is.
#[test]
fn every_parameter_of_a_query_is_known() {
    let app = TestApp::start();
    let unknown = |path: String, name: &str| {
        let answer = app.get(&path);
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().any(|error| error["field"] == name && error["code"] == "unknown_field")
    };
    for operation in operations() {
        if operation.method != "GET" || !operation.is_ours() {
            continue;
        }
        let path = operation.example_path();
        let mut has_query = false;
        for parameter in operation.parameters().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let full = format!("{} {name}", operation.name());
            assert!(!unknown(format!("{path}?{name}=1"), name), "{full}");
            has_query |= operation.path != "/readyz";
        }
        if has_query {
            assert!(unknown(format!("{path}?colour=red"), "colour"), "{}", operation.name());
        }
    }
}
