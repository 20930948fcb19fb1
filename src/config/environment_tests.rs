//! Tests of variables and flags: their names, how texts are read, and what is ignored.
//! Not about how layers meet.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use super::testing::{Given, line_of, load_environment, load_given, mistakes};
use super::{LogFormat, Sources, load};

#[test]
fn each_kind_of_key_can_be_set() {
    let loaded = load_environment(&[
        ("RINGBACK_SERVER__LISTEN", "0.0.0.0:80"),
        ("RINGBACK_EXECUTION__GRACE", "100ms"),
        ("RINGBACK_QUEUE__MAX_TOTAL", "12"),
        ("RINGBACK_WEBHOOK__ALLOW_HTTP", "true"),
        ("RINGBACK_WEBHOOK__ALLOW", "10.0.0.0/8, hooks.internal"),
        ("RINGBACK_WEBHOOK__RETRY_SCHEDULE", ""),
        ("RINGBACK_RUNTIMES__RUBY__COMMAND", "ruby"),
        ("RINGBACK_RUNTIMES__RUBY__FILE", "main.rb"),
        ("RINGBACK_RUNTIMES__BASH__ENABLED", "false"),
        ("HOME", "/home/somebody"),
    ])
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen, "0.0.0.0:80");
    assert_eq!(config.execution.grace, Duration::from_millis(100));
    assert_eq!(config.queue.max_total, 12);
    assert!(config.webhook.allow_http);
    assert_eq!(config.webhook.allow, ["10.0.0.0/8", "hooks.internal"]);
    assert_eq!(config.webhook.retry_schedule.attempts_max(), 1);
    assert_eq!(config.runtimes["ruby"].command, ["ruby"]);
    assert!(!config.runtimes.contains_key("bash"));
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn the_short_names_stand_for_their_keys() {
    let loaded = load_environment(&[
        ("RINGBACK_API_KEY", "0123456789abcdef"),
        ("RINGBACK_LISTEN", "localhost:0"),
        ("RINGBACK_DATA_DIR", "/data"),
        ("RINGBACK_LOG", "warn"),
        ("RINGBACK_LOG_FORMAT", "json"),
    ])
    .unwrap();
    assert_eq!(loaded.config.server.api_key.as_ref().unwrap().expose(), "0123456789abcdef");
    assert_eq!(loaded.config.server.listen, "localhost:0");
    assert_eq!(loaded.config.server.data_dir.to_str(), Some("/data"));
    assert_eq!(loaded.config.log.filter, "warn");
    assert_eq!(loaded.config.log.format, LogFormat::Json);
    let line = line_of(&loaded, "server", "listen");
    assert_eq!(line, r#"listen = "localhost:0"  # environment RINGBACK_LISTEN"#);
}

#[test]
fn a_name_that_is_not_a_setting_is_ignored_with_a_warning() {
    let check = |name: &str, expected: &[&str]| {
        assert_eq!(load_environment(&[(name, "hunter2")]).unwrap().warnings, expected, "{name}");
    };
    for known in
        ["RINGBACK_SERVER", "RINGBACK_SIGNING_SECRET", "RINGBACK_CONFIG", "PATH", "ringback_x__y"]
    {
        check(known, &[]);
    }
    let of = |name: &str, hint: &str| {
        let said = format!("environment {name}: not a setting of ringback, ignored{hint}");
        check(name, &[&said]);
    };
    of("RINGBACK_ZEBRA", "");
    of("RINGBACK__LISTEN", "; did you mean RINGBACK_LISTEN?");
    of("RINGBACK_LISTN", "; did you mean RINGBACK_LISTEN?");
    of("RINGBACK_EXECUTION_SLOTS", "; did you mean RINGBACK_EXECUTION__SLOTS?");
}

#[test]
fn a_name_with_a_section_that_is_not_a_setting_is_a_mistake() {
    let check = |name: &str, expected: &str| {
        let found = mistakes(load_environment(&[(name, "hunter2")]));
        assert_eq!(found, [format!("environment {name}: unknown key {expected}")]);
    };
    check(
        "RINGBACK_WEBHOOK__TIMEOT",
        "`webhook.timeot`; did you mean `RINGBACK_WEBHOOK__TIMEOUT`?",
    );
    check(
        "RINGBACK_EXECUTIONS__SLOT",
        "`executions.slot`; did you mean `RINGBACK_EXECUTION__SLOTS`?",
    );
    check("RINGBACK_SERVER__SLOTS", "`server.slots`; did you mean `RINGBACK_EXECUTION__SLOTS`?");
    check(
        "RINGBACK_RUNTIMES__RUBY__COMAND",
        "`runtimes.ruby.comand`; did you mean `RINGBACK_RUNTIMES__RUBY__COMMAND`?",
    );
    check("RINGBACK_ZEBRA__ZEBRA", "`zebra.zebra`");
    check("RINGBACK_SERVER__LISTEN__HOST", "`server.listen.host`");
    check("RINGBACK_RUNTIMES__PYTHON", "`runtimes.python`");
    check("RINGBACK___", "`\"\".\"\"`");
}

#[test]
fn two_variables_for_one_key_are_a_mistake() {
    let variables = [("RINGBACK_SERVER__LISTEN", "b:1"), ("RINGBACK_LISTEN", "a:1")];
    assert_eq!(
        mistakes(load_environment(&variables)),
        ["environment RINGBACK_LISTEN: `server.listen` is set by environment \
          RINGBACK_SERVER__LISTEN as well; leave one of them out"]
    );
}

#[test]
fn a_variable_that_is_not_utf8_is_a_mistake_only_if_it_is_ours() {
    let broken = || OsString::from_vec(vec![b'a', 0xff]);
    let load_one = |name: OsString| {
        load(Sources { environment: vec![(name, broken())], ..Sources::default() })
    };
    assert!(load_one("HOME".into()).is_ok());
    assert!(load_one(broken()).is_ok());
    let errors = load_one("RINGBACK_LOG".into()).unwrap_err().to_string();
    let expected = "environment RINGBACK_LOG: `log.filter` is not UTF-8; expected a text in UTF-8";
    assert_eq!(errors, expected);
}

#[test]
fn a_flag_with_an_unknown_key_is_a_mistake_and_no_panic() {
    let flags = &[("execution.slot", "1"), ("execution", "1"), ("", "1")];
    let found = mistakes(load_given(&Given { flags, ..Given::default() }));
    assert_eq!(
        found,
        [
            "flag --execution.slot: unknown key `execution.slot`; did you mean `execution.slots`?",
            "flag --execution: unknown key `execution`",
            "flag --: unknown key `\"\"`",
        ]
    );
}
