//! What a program returns by writing JSON to the file named by `$RINGBACK_RESULT`.
//! Looks at no output.

use serde_json::{Value, json};

use super::program::{expect_end, python, sh};
use crate::support::app::TestApp;

/// Runs a program that writes these words as its result.
fn returning(app: &TestApp, words: &str) -> Value {
    let mut program = sh("cat > \"$RINGBACK_RESULT\"");
    program["stdin"] = json!(words);
    app.run(program)
}

#[test]
fn json_that_a_program_writes_is_its_result() {
    let app = TestApp::start();
    let results = [
        json!({"a": [1, 2.5, null, true], "€": "x", "big": 9_007_199_254_740_993_u64}),
        json!([]),
        json!("text"),
        json!(0),
        json!(false),
    ];
    for result in results {
        let record = returning(&app, &result.to_string());
        expect_end(&record, "completed", "exited");
        assert_eq!(record["result"], result);
        assert!(record["result_error"].is_null(), "{record:#}");
    }
    assert_eq!(returning(&app, " {\"a\": 1}\n")["result"], json!({"a": 1}));
}

#[test]
fn a_program_that_fails_may_still_return_something() {
    let app = TestApp::start();
    let record = app.run(sh("echo '{\"done\": 3}' > \"$RINGBACK_RESULT\"; exit 5"));
    expect_end(&record, "failed", "exited");
    assert_eq!(record["result"], json!({"done": 3}));
}

#[test]
fn a_result_that_is_no_json_is_null_with_a_sentence_and_changes_no_status() {
    let app = TestApp::start();
    for words in ["{", "not json", "{} {}", "NaN"] {
        check_rejected(&returning(&app, words));
    }
    let record =
        app.run(python("import os; open(os.environ['RINGBACK_RESULT'], 'wb').write(b'\"\\xff\"')"));
    check_rejected(&record);
}

#[test]
fn a_result_over_a_mebibyte_is_null_with_a_sentence() {
    let app = TestApp::start();
    let write = |length: usize| {
        python(&format!(
            "import os; open(os.environ['RINGBACK_RESULT'], 'w').write('\"' + 'x' * {length} + '\"')"
        ))
    };
    check_rejected(&app.run(write(1024 * 1024)));
    let fits = app.run(write(1024 * 1024 - 2));
    assert_eq!(fits["result"].as_str().map(str::len), Some(1024 * 1024 - 2));
    check_rejected(&app.run(sh("truncate -s 100G \"$RINGBACK_RESULT\"")));
}

#[test]
fn a_result_that_is_no_file_harms_nobody() {
    let app = TestApp::start();
    for code in [
        "rm -f \"$RINGBACK_RESULT\"; mkdir \"$RINGBACK_RESULT\"",
        "rm -f \"$RINGBACK_RESULT\"; mkfifo \"$RINGBACK_RESULT\"",
        "rm -f \"$RINGBACK_RESULT\"; ln -s /dev/zero \"$RINGBACK_RESULT\"",
        "rm -f \"$RINGBACK_RESULT\"; ln -s /etc/hostname \"$RINGBACK_RESULT\"",
    ] {
        let record = app.run(sh(code));
        expect_end(&record, "completed", "exited");
        assert_eq!(record["result"], Value::Null, "{code}");
    }
}

#[test]
fn a_program_that_returns_nothing_has_no_result_and_no_error() {
    let app = TestApp::start();
    for code in ["true", ": > \"$RINGBACK_RESULT\"", "rm -f \"$RINGBACK_RESULT\""] {
        let record = app.run(sh(code));
        expect_end(&record, "completed", "exited");
        assert_eq!(record["result"], Value::Null);
        assert!(record["result_error"].is_null(), "{code}: {record:#}");
    }
}

#[track_caller]
fn check_rejected(record: &Value) {
    expect_end(record, "completed", "exited");
    // Not `assert_eq!`: a result that was taken would be printed, whatever its length.
    assert!(record["result"].is_null(), "the result was taken");
    let sentence = record["result_error"].as_str().unwrap_or_default();
    assert!(!sentence.is_empty(), "there is no sentence about the result");
}
