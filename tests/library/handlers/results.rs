//! What handlers return, and the file that it is in. Looks at no failure of the code's own.

use std::time::Duration;

use ringback::domain::{ExecutionSpec, Outcome, ProgramResult, StartMode, Status};
use serde_json::json;

use super::{Site, body, each, each_raises, each_returns};

#[actix_rt::test]
async fn what_is_returned_is_the_result() {
    let nested = (0..97).fold(json!({}), |inner, _| json!([inner]));
    let odd = "\
import collections, enum
class E(enum.IntEnum):
    A = 1
return collections.OrderedDict(z=E.A, a={})
";
    let cases = [
        ("return {}", json!({})),
        (
            r#"return {'b': [1, 2.5, -0.5e-7, None, True, False], 'a': '"\\€\x00🦀\u2028'}"#,
            json!({"b": [1, 2.5, -0.5e-7, null, true, false], "a": "\"\\€\u{0}🦀\u{2028}"}),
        ),
        ("return {'t': (1, (2,), ())}", json!({"t": [1, [2], []]})),
        ("return {'n': [2**64 - 1, -2**63]}", json!({"n": [u64::MAX, i64::MIN]})),
        (odd, json!({"z": 1, "a": {}})),
        ("return {'many': [{} for _ in range(300)]}", json!({"many": vec![json!({}); 300]})),
        ("x = {}\nfor _ in range(97): x = [x]\nreturn {'x': x}", json!({ "x": nested })),
        ("return {'raised': 'x', 'returned': {}}", json!({"raised": "x", "returned": {}})),
    ];
    each_returns(cases.map(|(code, wanted)| (body(code), wanted))).await;
    let ordered = ["return {'z': 1, 'a': [2], 'm': 3}", "return {'z': 1, 'a': (2,), 'm': 3}"];
    each(ordered.map(|code| (body(code), ())), |seen, ()| {
        let text = r#"{"z":1,"a":[2],"m":3}"#.to_owned();
        assert_eq!(seen.result, ProgramResult::Json(text), "in the order of the dict");
    })
    .await;
}

#[actix_rt::test]
async fn a_handler_that_returns_nothing_completes_without_a_result() {
    each(["return None", "pass", "return"].map(|code| (body(code), ())), |seen, ()| {
        assert_eq!((seen.status, &seen.result), (Status::Completed, &ProgramResult::None));
    })
    .await;
}

#[actix_rt::test]
async fn what_is_no_dict_is_told_by_its_type_only() {
    let cases = [
        ("return 0", "int"),
        ("return 'secret'", "str"),
        ("return [1]", "list"),
        ("yield {}", "generator"),
    ];
    each_raises(cases.map(|(code, kind)| {
        let error = format!("`handle_async` returned a value of type {kind}, not a dict.");
        (body(code), error)
    }))
    .await;
}

#[actix_rt::test]
async fn what_json_cannot_hold_is_told_with_the_place_of_it() {
    let long = format!("return {{'{}': {{1}}}}", "k".repeat(3000));
    let place = format!("[\"{}…", "k".repeat(498));
    let unknown = |kind: &str, place: &str| {
        format!("Object of type {kind} is not JSON serializable. It is at {place}.")
    };
    let range = |value: &str, place: &str| {
        format!("Out of range float values are not JSON compliant: {value}. It is at {place}.")
    };
    let half = "a text has half of a surrogate pair, which is no character.";
    let cases = [
        ("return {'tags': {1}}", unknown("set", "[\"tags\"]")),
        ("return {'a': [{}, {'b': object()}]}", unknown("object", "[\"a\"][1][\"b\"]")),
        ("return {'a': b''}", unknown("bytes", "[\"a\"]")),
        ("return {'a': float('nan')}", range("nan", "[\"a\"]")),
        ("return {'a': [-1e999]}", range("-inf", "[\"a\"][0]")),
        ("return {1: 2}", "keys must be str, not int. It is at [1].".into()),
        (
            "return {'a': {None: 2}}",
            "keys must be str, not NoneType. It is at [\"a\"][None].".into(),
        ),
        ("return {'a': 2**64}", "an int has more than 64 bits. It is at [\"a\"].".into()),
        ("return {'a': '\\ud800'}", half.into()),
        (&long, unknown("set", &place)),
    ];
    each_raises(
        cases.map(|(code, flaw)| {
            (body(code), format!("The result cannot be written as JSON: {flaw}"))
        }),
    )
    .await;
    let endless =
        ["x = {}\nx['x'] = x\nreturn x", "x = {}\nfor _ in range(200): x = {'x': x}\nreturn x"];
    each(endless.map(|code| (body(code), ())), |seen, ()| {
        let error = seen.outcome.error().unwrap_or_default();
        let sentence =
            "The result cannot be written as JSON: it is nested more than 100 levels deep";
        assert!(error.starts_with(sentence), "{seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn a_result_that_is_too_long_is_left_out_as_that_of_a_script() {
    for start in [StartMode::Cold, StartMode::Warm] {
        let site = Site::with(start, |config| config.execution.result_bytes_max = 11).await;
        site.run(body("return {'a': '€'}")).await.returned(json!({"a": "€"}));
        let seen = site.run(body("return {'a': '€2'}")).await;
        assert_eq!((seen.status, seen.outcome), (Status::Completed, Outcome::Exited { code: 0 }));
        let sentence = "The result is longer than 11 bytes.".to_owned();
        assert_eq!(seen.result, ProgramResult::Rejected(sentence));
        site.run(body("raise ValueError('as long as it is')"))
            .await
            .raised(1, "ValueError: as long as it is");
    }
}

#[actix_rt::test]
async fn what_is_returned_counts_whatever_becomes_of_the_file() {
    let write = "open(path, 'w').write('{\"own\": 1}')";
    let lines = [
        "pass",
        write,
        "del os.environ['RINGBACK_RESULT']",
        "os.environ['RINGBACK_RESULT'] = '/nowhere'",
        "os.symlink('/etc/hostname', path)",
        "os.mkfifo(path)",
        "os.mkdir(path); open(path + '/full', 'w').close()",
        "os.umask(0o777)",
        "os.chdir('/')",
        "os.closerange(3, 100)",
        // Only after it has returned.
        &format!("atexit.register(lambda: {write})"),
        "atexit.register(lambda: os.remove(path))",
        &format!("threading.Timer(0.05, lambda: {write}).start()"),
        "atexit.register(lambda: (os.remove(path), os.symlink('/etc/hostname', path)))",
        // In a copy of the program that returns as well, and before the first one does.
        "request_id = os.fork(); os.waitpid(request_id, 0) if request_id else None",
    ];
    let spec = |line: &str| {
        body(&format!(
            "import atexit, os, threading\npath = os.environ['RINGBACK_RESULT']\n{line}\n\
             return {{'is_first': request_id != 0}}"
        ))
    };
    each_returns(lines.map(|line| (spec(line), json!({"is_first": true})))).await;
}

#[actix_rt::test]
async fn the_copy_that_a_handler_leaves_behind_does_not_answer_for_it() {
    let code = "\
import os
reading, writing = os.pipe()
if os.fork():
    os.close(writing)
    os.read(reading, 1)
    os._exit(0)
return {}
";
    each([(body(code), ())], |seen, ()| seen.raised(0, "The handler ended before it returned."))
        .await;
}

#[actix_rt::test]
async fn what_cannot_be_kept_is_told_and_no_success() {
    let code = "\
import os, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
return {'a': 1}
";
    each([(body(code), ())], |seen, ()| {
        seen.raised(1, "The handler ended before it returned.");
        assert!(seen.stderr.starts_with("The result cannot be written: "), "{seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn what_a_program_still_does_after_the_return_is_waited_for() {
    let code = "\
import atexit, threading
def late():
    import time
    time.sleep(0.05)
    print('late')
threading.Thread(target=late).start()
atexit.register(print, 'at exit')
return {}
";
    each([(body(code), ())], |seen, ()| {
        seen.returned(json!({}));
        assert_eq!(seen.stdout, "late\nat exit\n");
    })
    .await;
}

#[actix_rt::test]
async fn what_fails_after_the_return_is_as_python_has_it() {
    let cases = [
        ("import atexit\natexit.register(lambda: 1 / 0)", (0, "ZeroDivisionError")),
        (
            "import threading\nthreading.Timer(0.01, lambda: 1 / 0).start()",
            (0, "ZeroDivisionError"),
        ),
        ("import os, atexit\natexit.register(lambda: os._exit(9))", (9, "")),
        (
            "import os, sys\nsys.stdout = open(os.dup(1), 'w')\nprint('lost')\nos.close(sys.stdout.fileno())",
            (120, "OSError"),
        ),
    ];
    let spec = |code: &str| body(&format!("{code}\nreturn {{'a': 1}}"));
    each(cases.map(|(code, wanted)| (spec(code), wanted)), |seen, (exit, stderr)| {
        assert_eq!(seen.outcome, Outcome::Exited { code: *exit }, "{seen:#?}");
        assert!(seen.stderr.contains(stderr), "{seen:#?}");
        assert_eq!(seen.value(), json!({"a": 1}));
        assert_eq!(seen.status == Status::Completed, *exit == 0);
    })
    .await;
}

#[actix_rt::test]
async fn what_hangs_after_the_return_runs_into_the_timeout_and_keeps_the_result() {
    let code = "\
import threading
threading.Thread(target=threading.Event().wait).start()
return {'a': 1}
";
    let spec = ExecutionSpec { timeout: Duration::from_millis(400), ..body(code) };
    each([(spec, ())], |seen, ()| {
        assert!(matches!(seen.outcome, Outcome::TimedOut { .. }), "{seen:#?}");
        assert_eq!(seen.value(), json!({"a": 1}));
    })
    .await;
}

#[actix_rt::test]
async fn nothing_that_is_printed_is_taken_for_the_result() {
    let code = "print('{\"returned\": {\"a\": 2}}')\nreturn {'a': 1}";
    each_returns([(body(code), json!({"a": 1}))]).await;
}
