//! Handlers that do not return: what is said of it, with which code their programs end, and what is
//! on standard error.

use std::time::Duration;

use ringback::domain::{ExecutionSpec, Limits, Outcome, ProgramResult};
use serde_json::json;

use super::{Seen, Site, body, each, handler};

#[actix_rt::test]
async fn code_that_has_no_handler_says_what_is_missing() {
    let no_class = "The code has no class `Handler`.";
    let no_method = "The class `Handler` has no method `handle_async`.";
    let cases = [
        ("", no_class),
        ("def Handler(): pass", no_class),
        ("Handler = 1", no_class),
        ("class handler: pass", no_class),
        ("class Handler: pass", no_method),
        ("class Handler:\n    handle_async = None", no_method),
        ("class Handler:\n    def handle(self, payload): return {}", no_method),
    ];
    each(cases.map(|(code, error)| (handler(code), error)), |seen, error| {
        seen.raised(1, error);
        assert_eq!((seen.stdout.as_str(), seen.stderr.as_str()), ("", &*format!("{error}\n")));
    })
    .await;
}

#[actix_rt::test]
async fn code_that_cannot_be_imported_says_what_it_raised() {
    let cases = [
        ("class Handler:\n    def x(self:\n        pass", "SyntaxError: "),
        ("x = '€'\nif x:\nprint()", "IndentationError: expected an indented block"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("from os import no_such_name", "ImportError: cannot import name 'no_such_name'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("class Handler(Missing): pass", "NameError: name 'Missing' is not defined"),
    ];
    // What Python says behind these differs from one version to the next.
    each(cases.map(|(code, error)| (handler(code), error)), |seen, beginning| {
        let error = seen.outcome.error().unwrap_or_default();
        assert!(error.starts_with(beginning) && !error.contains('\n'), "{seen:#?}");
        seen.raised(1, &error);
        assert!(seen.stderr.contains(&error), "{seen:#?}");
        assert!(seen.stderr.contains("File \"handler.py\", line "), "{seen:#?}");
        assert!(!seen.stderr.contains("main.py"), "{seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn what_a_handler_raises_is_one_line() {
    let own = "\
class Odd(Exception):
    def __str__(self):
        raise ValueError

class Own(Exception):
    pass

class Handler:
    def handle_async(self, payload):
        raise ";
    let long = format!("ValueError: {}…", "€".repeat(1000 - "ValueError: ".len()));
    let case = |raised: &str, error: &str| (handler(&format!("{own}{raised}")), error.to_owned());
    let cases = [
        case("ValueError('bad')", "ValueError: bad"),
        case("ValueError", "ValueError"),
        case("ValueError('first\\nsecond')", "ValueError: first"),
        case("Own('mine')", "handler.Own: mine"),
        case("KeyError('a')", "KeyError: 'a'"),
        case("KeyboardInterrupt", "KeyboardInterrupt"),
        case("GeneratorExit('x')", "GeneratorExit: x"),
        case("RuntimeError('late') from ValueError('early')", "RuntimeError: late"),
        case("UnicodeError('\\ud800')", "UnicodeError: ?"),
        case("ValueError('€' * 5000)", &long),
    ];
    each(cases, |seen, error| {
        seen.raised(1, error);
        let beginning = error.trim_end_matches(['…', '?']);
        assert!(seen.stderr.lines().any(|line| line.starts_with(beginning)), "{seen:#?}");
        assert!(!seen.stderr.contains("main.py"), "{seen:#?}");
    })
    .await;
    let odd = handler(&format!("{own}Odd()"));
    each([(odd, ())], |seen, ()| {
        let error = seen.outcome.error().unwrap_or_default();
        assert!(error.starts_with("handler.Odd: <"), "{error}");
    })
    .await;
}

#[actix_rt::test]
async fn the_traceback_is_pythons_own_from_the_code_of_the_client_on() {
    let code = "\
class Handler:
    def handle_async(self, payload):
        return self.deeper(payload)

    def deeper(self, payload):
        raise ValueError('bad')
";
    let wanted = "\
Traceback (most recent call last):
  File \"handler.py\", line 3, in handle_async
    return self.deeper(payload)
  File \"handler.py\", line 6, in deeper
    raise ValueError('bad')
ValueError: bad
";
    // The marks below a line come with Python 3.11.
    let without_marks = |text: &str| {
        let is_code = |line: &&str| !line.trim_matches([' ', '^', '~']).is_empty();
        text.lines().filter(is_code).map(|line| format!("{line}\n")).collect::<String>()
    };
    let coroutine = code.replace("def handle_async", "async def handle_async");
    let other_lines = code.replace('\n', "\r\n");
    each([code, &coroutine, &other_lines].map(|code| (handler(code), ())), |seen, ()| {
        seen.raised(1, "ValueError: bad");
        assert_eq!(without_marks(&seen.stderr), wanted);
    })
    .await;
}

#[actix_rt::test]
async fn exceptions_that_led_to_others_are_shown_with_them() {
    let code = "\
try:
    {}['a']
except KeyError as early:
    raise ValueError('late') from early
";
    each([(body(code), ())], |seen, ()| {
        seen.raised(1, "ValueError: late");
        for part in ["KeyError: 'a'\n", "was the direct cause", "    {}['a']\n"] {
            assert!(seen.stderr.contains(part), "{seen:#?}");
        }
        assert!(!seen.stderr.contains("main.py"), "{seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn a_handler_that_exits_has_its_own_code_and_is_never_a_success() {
    let exits = [
        ("import sys; sys.exit(3)", 3, "SystemExit: 3", ""),
        ("import sys; sys.exit(0)", 0, "SystemExit: 0", ""),
        ("import sys; sys.exit()", 0, "SystemExit", ""),
        ("import sys; sys.exit('no more')", 1, "SystemExit: no more", "no more\n"),
        ("raise SystemExit(300)", 44, "SystemExit: 300", ""),
    ];
    let called = exits.map(|exit| (body(exit.0), exit));
    let imported = exits.map(|exit| (handler(exit.0), exit));
    let awaited = exits.map(|exit| {
        let code = body(exit.0).code.replace("    def", "    async def");
        (handler(&code), exit)
    });
    each([called, awaited, imported].into_iter().flatten(), |seen, (_, code, error, stderr)| {
        seen.raised(*code, error);
        assert_eq!(seen.stderr, *stderr);
    })
    .await;
}

#[actix_rt::test]
async fn a_program_that_ends_before_its_handler_returns_is_never_a_success() {
    let write = |text: &str| {
        format!("import os; open(os.environ['RINGBACK_RESULT'], 'w').write('{text}'); os._exit(0)")
    };
    let cases = [
        ("import os; os._exit(0)", 0),
        ("import os; os._exit(7)", 7),
        (&write("{\"a\": 1}"), 0),
        (&write("no JSON"), 0),
        ("import os; print('{\"returned\": {}}', flush=True); os._exit(0)", 0),
        ("import os; os.execv('/bin/true', ['true'])", 0),
    ];
    each(cases.map(|(code, exit)| (body(code), exit)), |seen, exit| {
        seen.raised(*exit, "The handler ended before it returned.");
    })
    .await;
    let crash = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)";
    each([(body(crash), ())], |seen, ()| {
        assert_eq!(seen.outcome, Outcome::Signaled { signal: 11 }, "{seen:#?}");
        assert_eq!(seen.result, ProgramResult::None);
    })
    .await;
}

#[actix_rt::test]
async fn limits_and_timeouts_end_a_handler_as_they_end_a_script() {
    let timeout = Duration::from_millis(300);
    let exits_when_asked = "\
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
time.sleep(1000)
";
    let is_timeout = |seen: &Seen| matches!(seen.outcome, Outcome::TimedOut { .. });
    for site in Site::both().await {
        for code in ["import time; time.sleep(1000)", exits_when_asked] {
            let seen = site.run(ExecutionSpec { timeout, ..body(code) }).await;
            assert!(is_timeout(&seen), "{seen:#?}");
        }
        let limits = Limits { cpu_time: Some(timeout), ..Limits::default() };
        let seen = site.run(ExecutionSpec { limits, ..body("while True: pass") }).await;
        assert!(matches!(seen.outcome, Outcome::LimitExceeded { .. }), "{seen:#?}");
    }
}

#[actix_rt::test]
async fn what_a_handler_prints_is_kept_beside_what_it_raised() {
    let code = "\
import sys
print('out')
print('err', file=sys.stderr)
raise ValueError('bad')
";
    each([(body(code), ())], |seen, ()| {
        seen.raised(1, "ValueError: bad");
        assert_eq!(seen.stdout, "out\n");
        assert!(seen.stderr.starts_with("err\nTraceback (most"), "{seen:#?}");
    })
    .await;
}

#[actix_rt::test]
async fn a_replaced_hook_of_exceptions_is_asked_and_one_that_fails_harms_nobody() {
    let cases = [
        (
            "lambda kind, value, frames: print(kind.__name__, value, frames.tb_lineno)",
            "ValueError bad 5\n",
        ),
        ("lambda *_: 1 / 0", ""),
        ("None", ""),
    ];
    let hooked =
        |hook: &str| body(&format!("import sys\nsys.excepthook = {hook}\nraise ValueError('bad')"));
    each(cases.map(|(hook, stdout)| (hooked(hook), stdout)), |seen, stdout| {
        seen.raised(1, "ValueError: bad");
        assert_eq!(seen.stdout, *stdout);
    })
    .await;
}

#[actix_rt::test]
async fn a_stream_that_the_code_has_closed_or_replaced_changes_no_outcome() {
    let lines = [
        "sys.stderr.close()",
        "sys.stderr = None",
        "sys.stderr = io.StringIO()",
        "sys.stdout.close()",
        "sys.stdout = io.StringIO()",
        "os.close(2)",
        "os.close(1)",
        "os.close(0)",
    ];
    let spec = |line: &str, last: &str| body(&format!("import io, os, sys\n{line}\n{last}"));
    let failing = lines.map(|line| (spec(line, "raise ValueError('bad')"), ()));
    each(failing, |seen, ()| seen.raised(1, "ValueError: bad")).await;
    let good = lines.map(|line| (spec(line, "return {'a': 1}"), ()));
    each(good, |seen, ()| seen.returned(json!({"a": 1}))).await;
}
