//! Handlers that do not return: what is said of it, with which code their programs end, and what is
//! on standard error.

use std::time::Duration;

use ringback::domain::{ExecutionSpec, Outcome, ProgramResult, Status};
use serde_json::json;

use super::{Site, body, each, each_raises, each_returns, handler};

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
    let case = |code: &str, error: &str| (handler(code), error.to_owned());
    each_raises(
        [
            case("class Handler:\n    def x(self:\n        pass", "SyntaxError: invalid syntax"),
            case(
                "if 1:\nprint()",
                "IndentationError: expected an indented block after 'if' statement on line 1",
            ),
            case("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
            case(
                "from os import no_such_name",
                "ImportError: cannot import name 'no_such_name' from 'os'",
            ),
            case("1 / 0", "ZeroDivisionError: division by zero"),
            case("class Handler(Missing): pass", "NameError: name 'Missing' is not defined"),
        ]
        .map(|(spec, error)| {
            // What Python adds to some of these differs from one version to the next.
            let code = format!("try:\n    import handler\nfinally:\n    pass\n{}", spec.code);
            (spec_with(spec, &code), error)
        }),
    )
    .await;
}

fn spec_with(spec: ExecutionSpec, _code: &str) -> ExecutionSpec {
    spec
}
