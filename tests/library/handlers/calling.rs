//! What a handler is made and called with. Looks at no failure but those of Python's own calls.

use ringback::domain::{ExecutionSpec, PayloadKind};
use serde_json::{Value, json};

use super::{Site, body, called, configured, each_raises, each_returns, given, handler};

/// A handler with these parameters of its two methods, which returns what it was given.
fn declaring(of_init: &str, of_handle: &str) -> ExecutionSpec {
    handler(&format!(
        "\
def plain(names):
    return {{name: repr(value) for name, value in sorted(names.items()) if name != 'self'}}

class Handler:
    def __init__({of_init}):
        self.made = plain(locals())

    def handle_async({of_handle}):
        given = plain(locals())
        return {{'made': getattr(locals().get('self'), 'made', None), 'given': given}}
"
    ))
}

/// The same, called with a config, a payload and an id of a request.
fn with_all(of_init: &str, of_handle: &str) -> ExecutionSpec {
    let spec = ExecutionSpec { stdin: Some("[1]".into()), ..declaring(of_init, of_handle) };
    called(spec, |call| {
        call.config.insert("key".into(), json!("value"));
        call.request_id = Some("req_1".into());
    })
}

#[actix_rt::test]
async fn arguments_are_those_that_are_declared() {
    let (config, payload, id) = ("{'key': 'value'}", "[1]", "'req_1'");
    let both = json!({"payload": payload, "request_id": id});
    let cases = [
        ("self", "self", json!({}), json!({})),
        ("self, config", "self, payload", json!({"config": config}), json!({"payload": payload})),
        ("self, config", "self, request_id", json!({"config": config}), json!({"request_id": id})),
        ("self", "self, request_id, payload", json!({}), both.clone()),
        (
            "self, *, config",
            "self, *, payload",
            json!({"config": config}),
            json!({"payload": payload}),
        ),
        (
            "self, config, /",
            "self, request_id, /, payload",
            json!({"config": config}),
            both.clone(),
        ),
        (
            "self, more=1, /, config=2",
            "self, more=1, payload=2, /, *, request_id=3",
            json!({"config": config, "more": "1"}),
            json!({"more": "1", "payload": payload, "request_id": id}),
        ),
        (
            "self, more=None, config=None, /",
            "self, /, payload, more=(), *rest",
            json!({"config": config, "more": "None"}),
            json!({"more": "()", "payload": payload, "rest": "()"}),
        ),
        (
            "self, config, *rest",
            "self, **all",
            json!({"config": config, "rest": "()"}),
            json!({"all": "{'payload': [1], 'request_id': 'req_1'}"}),
        ),
        (
            "self, config",
            "self, payload, /, **all",
            json!({"config": config}),
            json!({"all": "{'request_id': 'req_1'}", "payload": payload}),
        ),
    ];
    each_returns(cases.map(|(of_init, of_handle, made, given)| {
        (with_all(of_init, of_handle), json!({"made": made, "given": given}))
    }))
    .await;
}

#[actix_rt::test]
async fn whatever_can_be_called_is_called_with_what_it_declares() {
    let decorated = "\
import functools

def logged(function):
    @functools.wraps(function)
    def wrapper(*arguments, **named):
        return function(*arguments, **named)
    return wrapper

class Handler:
    @logged
    def __init__(self, config):
        self.config = config

    @logged
    def handle_async(self, request_id):
        return {'config': self.config, 'request_id': request_id}
";
    let unbound = "\
class Handler:
    @staticmethod
    def handle_async(payload):
        return {'payload': payload}
";
    let of_the_class = "\
class Handler:
    @classmethod
    def handle_async(cls, payload):
        return {'payload': payload, 'name': cls.__name__}
";
    let inherited = "\
class Base:
    def __init__(self, config):
        self.config = config

    def handle_async(self, payload):
        return {'config': self.config, 'payload': payload}

class Handler(Base):
    pass
";
    let data = "\
import dataclasses

@dataclasses.dataclass
class Handler:
    config: dict

    def handle_async(self, payload):
        return {'config': self.config}
";
    let made_by_new = "\
class Handler:
    def __new__(cls, config):
        made = super().__new__(cls)
        made.config = config
        return made

    def handle_async(self):
        return {'config': self.config}
";
    let partial = "\
import functools

def handle(word, payload):
    return {word: payload}

class Handler:
    handle_async = functools.partial(handle, 'word')
";
    let object = "\
class Call:
    def __call__(self, payload, /, request_id):
        return {'payload': payload, 'request_id': request_id}

class Handler:
    handle_async = Call()
";
    let coroutine = "\
import asyncio

class Handler:
    async def handle_async(self, payload):
        await asyncio.sleep(0)
        return {'payload': payload}
";
    let config = json!({"a": [1]});
    let cases = [
        (decorated, json!({"config": config, "request_id": "req_1"})),
        (unbound, json!({"payload": {}})),
        (of_the_class, json!({"payload": {}, "name": "Handler"})),
        (inherited, json!({"config": config, "payload": {}})),
        (data, json!({"config": config})),
        (made_by_new, json!({"config": config})),
        (partial, json!({"word": {}})),
        (object, json!({"payload": {}, "request_id": "req_1"})),
        (coroutine, json!({"payload": {}})),
    ];
    each_returns(cases.map(|(code, wanted)| {
        let call = called(handler(code), |call| {
            call.config = config.as_object().unwrap().clone();
            call.request_id = Some("req_1".into());
        });
        (call, wanted)
    }))
    .await;
}

#[actix_rt::test]
async fn what_cannot_be_given_is_pythons_own_error() {
    let missing = |function: &str, name: &str| {
        format!("TypeError: {function}() missing 1 required positional argument: '{name}'")
    };
    each_raises([
        (declaring("self, settings", "self"), missing("Handler.__init__", "settings")),
        (declaring("self", "self, data, payload"), missing("Handler.handle_async", "data")),
        (declaring("self", "self, data, /, payload"), missing("Handler.handle_async", "data")),
        (
            declaring("self", ""),
            "TypeError: Handler.handle_async() takes 0 positional arguments but 1 was given".into(),
        ),
    ])
    .await;
}

#[actix_rt::test]
async fn a_payload_is_what_its_kind_says() {
    let told = || body("return {'type': type(payload).__name__, 'value': repr(payload)}");
    let wanted = |kind: &str, value: &str| json!({"type": kind, "value": value});
    let json_of = |text: &str| given(told(), PayloadKind::Json, text);
    each_returns([
        (
            json_of(" {\"a\": [1, 2.5, null, true]}\n"),
            wanted("dict", "{'a': [1, 2.5, None, True]}"),
        ),
        (json_of("\"€ \\ud83e\\udd80\""), wanted("str", "'€ 🦀'")),
        (json_of("12345678901234567890123"), wanted("int", "12345678901234567890123")),
        (json_of("null"), wanted("NoneType", "None")),
        (given(told(), PayloadKind::Text, "{\"a\":\r\n1}€"), wanted("str", "'{\"a\":\\r\\n1}€'")),
        (given(told(), PayloadKind::Text, ""), wanted("str", "''")),
        (
            given(told(), PayloadKind::Bytes, "AP/igqw="),
            wanted("bytes", "b'\\x00\\xff\\xe2\\x82\\xac'"),
        ),
        (given(told(), PayloadKind::Bytes, ""), wanted("bytes", "b''")),
    ])
    .await;
}

#[actix_rt::test]
async fn a_payload_that_is_no_json_is_told_before_any_code_runs() {
    let code = "print('ran')\nclass Handler:\n    def handle_async(self):\n        return {}\n";
    let sites = Site::both().await;
    let seen = sites[0].run(given(handler(code), PayloadKind::Bytes, "A")).await;
    let error = seen.outcome.error().unwrap_or_default();
    assert!(error.starts_with("The payload is not base64: "), "{seen:#?}");
    for payload in ["", " ", "{", "{'a': 1}", "{} {}", "[NaN]", "[Infinity]", "01"] {
        for site in &sites {
            let seen = site.run(given(handler(code), PayloadKind::Json, payload)).await;
            let error = seen.outcome.error().unwrap_or_default();
            let words = error.strip_prefix("The payload is not JSON: ").unwrap_or_default();
            let are_pythons = ["Expecting ", "Extra data: ", "NaN is ", "Infinity is "]
                .iter()
                .any(|beginning| words.starts_with(beginning));
            assert!(are_pythons, "{payload}: {seen:#?}");
            seen.raised(1, &error);
            assert_eq!((seen.stdout.as_str(), seen.stderr), ("", format!("{error}\n")));
        }
    }
}

#[actix_rt::test]
async fn the_input_is_empty_once_the_payload_has_been_read() {
    let code = "\
import sys
class Handler:
    def handle_async(self, payload):
        return {'payload': payload, 'rest': sys.stdin.read()}
";
    let spec = given(handler(code), PayloadKind::Text, "all of it");
    each_returns([(spec, json!({"payload": "all of it", "rest": ""}))]).await;
}

#[actix_rt::test]
async fn a_request_that_has_no_id_has_the_executions() {
    let code = "import os\nreturn {'same': request_id == os.environ['RINGBACK_EXECUTION_ID']}";
    each_returns([(body(code), json!({"same": true}))]).await;
}

#[actix_rt::test]
async fn a_config_arrives_as_it_was_given() {
    let code = "\
import json
class Handler:
    def __init__(self, config, metrics_client):
        self.config = config
    def handle_async(self):
        return {'as_text': json.dumps(self.config, ensure_ascii=False), 'config': self.config}
";
    let config = json!({"ü\"\\\n'": ["\u{0}", "\u{2028}", 1.5, null, false, {}], "b": 1, "a": 2});
    let text = "{\"ü\\\"\\\\\\n'\": [\"\\u0000\", \"\u{2028}\", 1.5, null, false, {}], \"b\": 1, \"a\": 2}";
    let wanted = json!({"as_text": text, "config": config});
    each_returns([(configured(handler(code), config), wanted)]).await;
}

#[actix_rt::test]
async fn every_method_of_the_metrics_client_may_be_called() {
    let code = "\
import copy
class Handler:
    def __init__(self, metrics_client):
        self.metrics = copy.copy(metrics_client)
    def handle_async(self):
        self.metrics.gauge('depth', 3)
        self.metrics.increment('calls', value=1, tags={'a': 'b'})
        return {'said': self.metrics.histogram('x', 1.5)}
";
    each_returns([(handler(code), json!({"said": Value::Null}))]).await;
}
