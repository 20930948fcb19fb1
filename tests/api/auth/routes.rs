//! Every route that there is, and by which scopes each is opened. Held to the list of the server by a test:
//! a route that is new there belongs here too.

use std::collections::BTreeSet;
use std::fs;

/// A route and the scopes each of which opens it; none where any credential does. What is in braces is
/// filled in by the tests.
pub type Route = (&'static str, &'static str, &'static [&'static str]);

const WRITE: &[&str] = &["executions:write"];
const READ: &[&str] = &["executions:read"];
const CANCEL: &[&str] = &["executions:cancel"];
const DELIVERIES: &[&str] = &["deliveries:read"];
const REDELIVER: &[&str] = &["deliveries:redeliver"];
const FUNCTIONS: &[&str] = &["functions:write"];
const SEE_FUNCTIONS: &[&str] = &["functions:write", "executions:read"];
const KEYS: &[&str] = &["keys:write"];
const METRICS: &[&str] = &["metrics:read"];
const ANY: &[&str] = &[];

/// Those that need a credential.
pub const GUARDED: &[Route] = &[
    ("POST", "/v1/executions", WRITE),
    ("GET", "/v1/executions", READ),
    ("GET", "/v1/executions/{execution}", READ),
    ("DELETE", "/v1/executions/{execution}", CANCEL),
    ("GET", "/v1/executions/{execution}/output/stdout", READ),
    ("GET", "/v1/executions/{execution}/events", READ),
    ("GET", "/v1/executions/{execution}/deliveries", DELIVERIES),
    ("GET", "/v1/deliveries", DELIVERIES),
    ("GET", "/v1/deliveries/{delivery}", DELIVERIES),
    ("POST", "/v1/deliveries/{delivery}/redeliver", REDELIVER),
    ("POST", "/v1/deliveries/recover", REDELIVER),
    ("GET", "/v1/deliveries/recover/{recovery}", &["deliveries:read", "deliveries:redeliver"]),
    ("POST", "/v1/callbacks/test", REDELIVER),
    ("GET", "/v1/functions", SEE_FUNCTIONS),
    ("PUT", "/v1/functions/{function}", FUNCTIONS),
    ("GET", "/v1/functions/{function}", SEE_FUNCTIONS),
    ("GET", "/v1/functions/{function}/versions", SEE_FUNCTIONS),
    ("POST", "/v1/functions/{function}/invoke", WRITE),
    ("POST", "/v1/functions/{function}/rotate-secret", FUNCTIONS),
    ("DELETE", "/v1/functions/{function}", FUNCTIONS),
    ("GET", "/v1/keys", KEYS),
    ("POST", "/v1/keys", KEYS),
    ("DELETE", "/v1/keys/{key}", KEYS),
    ("GET", "/v1/signing-secret", DELIVERIES),
    ("POST", "/v1/signing-secret", KEYS),
    ("DELETE", "/v1/signing-secret", KEYS),
    ("GET", "/v1/runtimes", READ),
    ("POST", "/v1/workflow/invoke", WRITE),
    ("GET", "/v1/workflow/runs/{run}", READ),
    ("DELETE", "/v1/workflow/runs/{run}", CANCEL),
    ("GET", "/v1/workflow/runs/{run}/webhooks", DELIVERIES),
    ("POST", "/apis/{function}", WRITE),
    ("GET", "/apis/{function}/{execution}", READ),
    ("POST", "/execute", WRITE),
    ("POST", "/execute/async", WRITE),
    ("GET", "/execute/async/{execution}", READ),
    ("DELETE", "/execute/async/{execution}", CANCEL),
    ("POST", "/execute/background", WRITE),
    ("GET", "/execute/processes", READ),
    ("GET", "/execute/stream", WRITE),
    ("DELETE", "/execute/kill?process_id={execution}", CANCEL),
    ("POST", "/execute/kill/{execution}", CANCEL),
    ("GET", "/processes", READ),
    ("POST", "/processes/{execution}/kill", CANCEL),
    ("GET", "/v1/sandboxes/{sandbox}", ANY),
    ("POST", "/v1/sandboxes/{sandbox}/token/refresh", ANY),
    ("GET", "/metrics", METRICS),
    ("GET", "/readyz?verbose", METRICS),
];

/// Those that are open to everybody.
const OPEN: [(&str, &str); 6] = [
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/health"),
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/.well-known/ringback-keys"),
];

/// A path without its query, and with every part in braces that may be anything.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().replace("/output/stdout", "/output/{}");
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The routes of the server, as its own list has them.
fn of_the_server() -> BTreeSet<(String, String)> {
    let source = fs::read_to_string("src/http/routes.rs").expect("the list of the routes");
    // An id that may have slashes is written as a pattern.
    let source = source.replace("hopx::SANDBOXES", "\"/v1/sandboxes\"").replace(":.+}", "}");
    let source = source.replace(":[^/]*}", "}");
    let mut prefix = "";
    let mut found = BTreeSet::new();
    for (at, _) in source.match_indices(['s', 'o', 'c']) {
        let rest = &source[at..];
        if rest.starts_with("config.service(") {
            prefix = "";
        } else if let Some(scope) = rest.strip_prefix("scope(\"") {
            prefix = scope.split('"').next().unwrap_or_default();
        } else if let Some(only) = rest.strip_prefix("only(\"") {
            let mut texts = only.split('"');
            let (path, methods) = (texts.next().unwrap(), texts.nth(1).unwrap());
            for method in methods.split(", ") {
                found.insert((method.to_owned(), shape(&format!("{prefix}{path}"))));
            }
        }
    }
    found
}

#[test]
fn no_route_is_missing_here() {
    let here: BTreeSet<_> = GUARDED
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .chain(OPEN)
        .map(|(method, path)| (method.to_owned(), shape(path)))
        .collect();
    let there = of_the_server();
    assert!(there.len() > 40, "the list can be read: {there:#?}");
    let missing: Vec<_> = there.symmetric_difference(&here).collect();
    assert!(missing.is_empty(), "only in one of the two lists: {missing:#?}");
}
