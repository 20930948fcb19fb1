//! Every error of these routes has Fetch Hive's shape, `{"error": "<sentence>"}`, and where Fetch Hive
//! has a sentence, that one.

use serde_json::{Value, json};

use super::{INVOKE, RUNS, SAYS_AND_SLEEPS, SLEEPS, call, call_back_to, deploy, error_of};
use crate::scoped::{add_key, add_key_of, with_key};
use crate::support::app::TestApp;
use crate::support::client::Answer;

const NAME_MISSING: &str = "Missing required field: deployment or variant";
const URL_MISSING: &str = "callback_url is required when async is enabled";
const URL_INVALID: &str = "callback_url must be a valid URL";

/// Nothing has been accepted.
#[track_caller]
fn nothing_runs(app: &TestApp) {
    assert_eq!(app.get("/v1/executions").json()["data"], json!([]));
}

#[test]
fn a_missing_deployment_or_variant_is_told_in_fetch_hives_words() {
    let app = TestApp::start();
    deploy(&app, "sh", "true");
    let cases = [
        json!({}),
        json!({"deployment": "flow"}),
        json!({"variant": "prod"}),
        json!({"deployment": null, "variant": "prod"}),
        json!({"deployment": "flow", "variant": null}),
        json!({"deployment": "", "variant": "prod"}),
        json!({"deployment": "flow", "variant": ""}),
        // Before anything else that is wrong.
        json!({"deployment": "flow", "async": {"enabled": true}, "metadata": 1}),
    ];
    for body in cases {
        assert_eq!(error_of(&app.post(INVOKE, &body), 400), NAME_MISSING, "{body}");
    }
    nothing_runs(&app);
}

#[test]
fn a_missing_callback_url_is_told_in_fetch_hives_words() {
    let app = TestApp::start();
    deploy(&app, "sh", "true");
    let cases = [
        json!({"enabled": true}),
        json!({"enabled": true, "callback_url": null}),
        json!({"enabled": true, "callback_url": ""}),
    ];
    for asynchronous in cases {
        let mut body = call();
        body["async"] = asynchronous;
        assert_eq!(error_of(&app.post(INVOKE, &body), 400), URL_MISSING, "{body}");
    }
    nothing_runs(&app);
}

#[test]
fn a_url_that_is_none_or_that_is_refused_is_told_in_fetch_hives_words_and_why_in_the_log() {
    let app =
        TestApp::with(|options| options.env("RINGBACK_REQUEST__CALLBACK_URL_CHARS_MAX", "100"));
    deploy(&app, "sh", "true");
    let too_long = format!("http://127.0.0.1/{}", "x".repeat(200));
    let urls = [
        json!("nowhere"),
        json!("ftp://127.0.0.1/"),
        json!("http://"),
        json!("http://10.1.2.3/"),
        json!("http://169.254.169.254/latest"),
        json!("https://[fd00::1]/"),
        json!(too_long),
        json!(7),
        json!({"url": "http://127.0.0.1/"}),
    ];
    for url in urls {
        let mut body = call();
        body["async"] = json!({"enabled": true, "callback_url": url});
        assert_eq!(error_of(&app.post(INVOKE, &body), 400), URL_INVALID, "{url}");
    }
    nothing_runs(&app);
    let log = app.stderr();
    assert!(log.contains("a callback_url is refused: ") && log.contains("10.1.2.3"), "{log}");
    assert!(log.contains("a callback_url is refused: it is too long"), "{log}");
}

#[test]
fn whatever_else_is_wrong_is_told_by_the_name_of_the_field() {
    let app = TestApp::with(|options| options.env("RINGBACK_EXECUTION__STDIN_BYTES_MAX", "10000"));
    deploy(&app, "sh", "true");
    let mut many = serde_json::Map::new();
    many.extend((0..17).map(|number| (number.to_string(), Value::from(number))));
    let large = "x".repeat(10_000);
    let cases = [
        (json!({"deployment": 7}), "`deployment`"),
        (json!({"variant": ["prod"]}), "`variant`"),
        (json!({"async": true}), "`async`"),
        (json!({"async": {"enabled": "yes"}}), "`async.enabled`"),
        (json!({"metadata": []}), "`metadata`"),
        (json!({"metadata": {"a": {"b": 1}}}), "`metadata.a`"),
        (json!({"metadata": many}), "`metadata`"),
        (json!({"metadata": {"a": "x".repeat(300)}}), "`metadata.a`"),
        (json!({"cancel_on_disconnect": 1}), "`cancel_on_disconnect`"),
        (json!({"inputs": large}), "`inputs`"),
    ];
    for (wrong, named) in cases {
        let mut body = call();
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let error = error_of(&app.post(INVOKE, &body), 400);
        assert!(error.contains(named), "{named}: {error}");
    }
    let mut body = call_back_to("http://127.0.0.1:8080/");
    body["cancel_on_disconnect"] = json!(true);
    let error = error_of(&app.post(INVOKE, &body), 400);
    assert!(error.contains("`cancel_on_disconnect`"), "{error}");
    nothing_runs(&app);
}

#[test]
fn an_unknown_deployment_or_variant_is_404_with_a_sentence() {
    let mut app = TestApp::start();
    deploy(&app, "sh", "true");
    let body = |deployment: &str, variant: &str| {
        let mut body = call_back_to("http://127.0.0.1:8080/");
        body["deployment"] = json!(deployment);
        body["variant"] = json!(variant);
        body
    };
    for (deployment, variant) in [("flow", "default"), ("other", "prod"), ("prod", "flow")] {
        let error = error_of(&app.post(INVOKE, &body(deployment, variant)), 404);
        let expected =
            format!("There is no deployment `{deployment}` with the variant `{variant}`.");
        assert_eq!(error, expected);
    }
    // What can be no name names nothing, and is not repeated.
    for (deployment, variant, field) in
        [("a/b", "prod", "`deployment`"), ("flow", "<script>", "`variant`")]
    {
        let error = error_of(&app.post(INVOKE, &body(deployment, variant)), 404);
        assert!(error.contains(field) && !error.contains('<'), "{error}");
    }
    let key = add_key_of(&mut app, "other");
    let asked = app.anonymous("POST", INVOKE).json(&call());
    let theirs = asked.header("authorization", &format!("Bearer {key}")).send();
    let expected = "There is no deployment `flow` with the variant `prod`.";
    assert_eq!(error_of(&theirs, 404), expected);
    nothing_runs(&app);
}

#[test]
fn a_body_that_is_no_json_object_is_400_and_one_of_another_type_415() {
    let app = TestApp::start();
    let send = |kind: &str, body: &[u8]| {
        app.request("POST", INVOKE).header("content-type", kind).bytes(body).send()
    };
    for body in [&b"{"[..], b"", b"[]", b"{\"deployment\": \"\xff\"}"] {
        let error = error_of(&send("application/json", body), 400);
        assert!(error.contains("JSON"), "{error}");
    }
    let error = error_of(&send("text/plain", b"{}"), 415);
    assert!(error.contains("application/json"), "{error}");
}

#[test]
fn a_body_that_is_too_large_is_413() {
    let app = TestApp::with(|options| options.env("RINGBACK_SERVER__BODY_BYTES_MAX", "10000"));
    let mut body = call();
    body["inputs"] = json!("x".repeat(20_000));
    error_of(&app.post(INVOKE, &body), 413);
}

#[test]
fn nobody_without_a_key_gets_in_anywhere() {
    let app = TestApp::start();
    let run = format!("{RUNS}/req_{}", "0".repeat(32));
    let log = format!("{run}/webhooks");
    for (method, path) in [("POST", INVOKE), ("GET", &*run), ("DELETE", &*run), ("GET", &*log)] {
        let answer = app.anonymous(method, path).send();
        error_of(&answer, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
}

#[test]
fn each_route_has_the_scope_that_it_needs() {
    let mut app = TestApp::start();
    let key = add_key(&mut app, &["metrics:read"]);
    let run = format!("{RUNS}/req_{}", "0".repeat(32));
    let log = format!("{run}/webhooks");
    let cases = [
        ("POST", INVOKE, "executions:write"),
        ("GET", &run, "executions:read"),
        ("DELETE", &run, "executions:cancel"),
        ("GET", &log, "deliveries:read"),
    ];
    for (method, path, scope) in cases {
        let request = app.anonymous(method, path).header("authorization", &format!("Bearer {key}"));
        let error = error_of(&request.send(), 403);
        assert!(error.contains(&format!("`{scope}`")), "{method} {path}: {error}");
    }
    let key = add_key(&mut app, &["executions:read"]);
    error_of(&with_key(&app, &key, &run), 404);
}

#[test]
fn other_methods_are_405_and_other_paths_404_in_this_shape() {
    let app = TestApp::start();
    let run = format!("{RUNS}/req_{}", "0".repeat(32));
    let log = format!("{run}/webhooks");
    let allowed = |answer: &Answer| answer.header("allow").map(str::to_owned);
    for (method, path, methods) in
        [("GET", INVOKE, "POST"), ("PUT", &*run, "DELETE, GET"), ("DELETE", &*log, "GET")]
    {
        let answer = app.request(method, path).send();
        error_of(&answer, 405);
        assert_eq!(allowed(&answer).as_deref(), Some(methods), "{method} {path}");
    }
    for path in ["/v1/workflow", "/v1/workflow/", "/v1/workflow/x", RUNS, "/v1/workflow/runs/a/b"] {
        error_of(&app.get(path), 404);
    }
    // What only begins so is ours.
    assert_eq!(app.get("/v1/workflows").expect(404).json()["code"], "not_found");
}

#[test]
fn a_full_queue_says_when_to_come_back() {
    for (setting, status) in
        [("RINGBACK_QUEUE__MAX_PER_TENANT", 429), ("RINGBACK_QUEUE__MAX_TOTAL", 503)]
    {
        let app = TestApp::with(|options| options.slots(1).env(setting, "1"));
        deploy(&app, "sh", SAYS_AND_SLEEPS);
        let body = call_back_to("http://127.0.0.1:8080/");
        super::begin(&app, &body);
        app.wait_for_program(SLEEPS);
        assert_eq!(super::invoke(&app, &body)["run_status"], "queued");
        for body in [body, call()] {
            let refused = app.post(INVOKE, &body);
            error_of(&refused, status);
            let seconds = refused.header("retry-after").and_then(|text| text.parse::<u64>().ok());
            assert!(seconds.is_some_and(|seconds| seconds >= 1), "{setting}");
        }
    }
}
