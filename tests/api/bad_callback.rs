//! Callback addresses and headers that are refused when they are given, in every spelling.
//! What is refused only at delivery is tested with the deliveries.

use serde_json::{Value, json};

use super::problem::expect_blame;
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;

fn with_callback(url: &str) -> Value {
    json!({"language": "sh", "code": "true", "callback_url": url})
}

#[track_caller]
fn check_url(app: &TestApp, url: &str) {
    let answer = app.post("/v1/executions", &with_callback(url));
    assert_eq!(answer.status, 400, "{url:?} was taken: {}", answer.text());
    expect_blame(&answer, "callback_url");
    let answer = app.post("/execute/async", &with_callback(url));
    assert_eq!(answer.status, 400, "{url:?} was taken on the HopX route: {}", answer.text());
    // An empty one is as good as missing.
    if !url.is_empty() {
        assert_eq!(answer.json()["code"], "INVALID_REQUEST", "{url:?}");
    }
}

#[test]
fn a_callback_url_that_is_no_absolute_http_url_is_refused() {
    let app = TestApp::start();
    let urls = [
        "",
        "/hook",
        "hook",
        "//example.com/hook",
        "example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "unix:/run/docker.sock",
        "https://",
        "https:// example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://1.2.3.4.5/",
    ];
    for url in urls {
        check_url(&app, url);
    }
    let too_long = format!("https://example.com/{}", "a".repeat(2048));
    check_url(&app, &too_long);
    for not_text in [json!(7), json!(["https://example.com"]), json!({})] {
        let body = json!({"code": "1", "callback_url": not_text});
        expect_blame(&app.post("/v1/executions", &body), "callback_url");
    }
}

#[test]
fn credentials_and_fragments_in_a_callback_url_are_refused() {
    let app = TestApp::start();
    for url in [
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://:password@example.com/",
        "https://evil.com@127.0.0.1/",
        "https://example.com/#fragment",
        "https://127.0.0.1#@evil.com/",
    ] {
        check_url(&app, url);
    }
}

#[test]
fn this_machine_is_refused_in_every_spelling_when_the_operator_says_nothing() {
    let app = TestApp::with(Options::callbacks_only_to_the_world);
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.255.255.254",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "127.0.0.\n1",
        "127.0\t.0.1",
        "127.0.0.1\r\n",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[::ffff:0:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::1]",
    ] {
        check_url(&app, &format!("https://{host}/hook"));
        check_url(&app, &format!("https://{host}:8443/hook"));
    }
}

#[test]
fn private_link_local_metadata_and_reserved_addresses_are_refused() {
    let app = TestApp::with(Options::callbacks_only_to_the_world);
    for host in [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "0300.0250.1",
        "100.64.0.1",
        "169.254.169.254",
        "169.254.43518",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2001::1]",
        "[2002:a9fe:a9fe::1]",
        "[64:ff9b::a9fe:a9fe]",
        "[100::1]",
        "[3fff::1]",
        "[5f00::1]",
    ] {
        check_url(&app, &format!("https://{host}/"));
    }
}

#[test]
fn metadata_stays_refused_when_its_network_is_allowed() {
    let app = TestApp::with(|options| {
        options
            .argument("--allow-callback-to", "169.254.0.0/16")
            .argument("--allow-callback-to", "fd00::/8")
    });
    for url in ["http://169.254.169.254/", "https://169.254.169.254/", "https://[fd00:ec2::254]/"] {
        check_url(&app, url);
    }
}

#[test]
fn ports_on_which_other_protocols_speak_are_refused_even_where_callbacks_may_go() {
    let app = TestApp::start();
    for port in
        [22, 25, 465, 587, 2375, 2376, 3306, 5432, 6379, 6443, 8500, 9200, 10250, 11211, 27017]
    {
        check_url(&app, &format!("http://127.0.0.1:{port}/"));
    }
}

#[test]
fn plain_http_goes_only_to_what_the_operator_trusts() {
    let app = TestApp::with(Options::callbacks_only_to_the_world);
    for url in [
        "http://example.com/",
        "http:example.com",
        "http:///example.com",
        "http://93.184.216.34/",
        "http://evil.com\\@127.0.0.1/",
    ] {
        check_url(&app, url);
    }
    let app = TestApp::start();
    check_url(&app, "http://93.184.216.34/");
    let receiver = TestReceiver::start();
    app.submit(with_callback(&receiver.url("/")));
    receiver.first();
}

#[test]
fn names_that_always_mean_this_machine_are_refused_like_its_addresses() {
    let app = TestApp::with(Options::callbacks_only_to_the_world);
    for host in ["localhost", "localhost.", "LOCALHOST", "ⓛocalhost", "any.localhost"] {
        check_url(&app, &format!("https://{host}/hook"));
    }
}

#[test]
fn callback_headers_cannot_replace_ours_frame_the_request_or_reach_a_cloud() {
    let app = TestApp::start();
    for name in [
        "Host",
        "host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Content-Type",
        "Content-Encoding",
        "User-Agent",
        "webhook-id",
        "Webhook-Timestamp",
        "webhook-signature",
        "X-HopX-Signature",
        "x-hopx-timestamp",
        "X-Fetch-Hive-Signature",
        "Metadata-Flavor",
        "X-aws-ec2-metadata-token",
        "X-Goog-Anything",
        "Proxy-Authorization",
    ] {
        check_header(&app, name, json!("x"), name);
    }
}

#[test]
fn callback_headers_that_are_no_headers_are_refused_by_name() {
    let app = TestApp::start();
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"] {
        check_header(&app, "X-Run", json!(value), "X-Run");
    }
    check_header(&app, "X-Run", json!(1), "X-Run");
    check_header(&app, "X-Run", json!("v".repeat(4097)), "X-Run");
    for name in ["X Run", "X-Run:", "", "X-Rün", "X-Run\r\nX-Evil"] {
        check_header(&app, name, json!("1"), &name.escape_debug().to_string());
    }
    let many: serde_json::Map<_, _> = (0..21).map(|n| (format!("X-{n}"), json!("v"))).collect();
    let body = json!({"code": "1", "callback_headers": many});
    expect_blame(&app.post("/v1/executions", &body), "callback_headers");
    for not_an_object in [json!("X-Run: 1"), json!(["X-Run"])] {
        let body = json!({"code": "1", "callback_headers": not_an_object});
        expect_blame(&app.post("/v1/executions", &body), "callback_headers");
    }
}

#[track_caller]
fn check_header(app: &TestApp, name: &str, value: Value, named: &str) {
    let mut body = with_callback("http://127.0.0.1:8080/");
    body["callback_headers"] = json!({name: value});
    let answer = app.post("/v1/executions", &body);
    assert_eq!(answer.status, 400, "{name:?} was taken: {}", answer.text());
    let sentence = expect_blame(&answer, "callback_headers");
    assert!(sentence.contains(named), "the sentence names {named}: {sentence}");
    let answer = app.post("/execute/async", &body);
    assert_eq!(answer.status, 400, "{name:?} was taken on the HopX route: {}", answer.text());
}
