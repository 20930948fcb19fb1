//! Tests of what a configuration file can be instead of a good one.
//! Not about the values in it.

use std::fs;

use super::testing::{Given, load_at, load_file, mistakes};

#[test]
fn a_file_that_is_not_toml_is_told_by_line_and_column() {
    let check = |text: &str, expected: &str| {
        let found = mistakes(load_file(text));
        assert_eq!(found, [format!("ringback.toml:{expected}")], "{text:?}");
    };
    check("[server\n", "1:8: unclosed table, expected `]`");
    check("[log]\nformat = json\n", "2:10: string values must be quoted, expected literal string");
    check("[log]\nformat = text\n", "2:10: invalid boolean, expected `true`, or a text in quotes");
    check("# ü\n[log]\nfilter = 'ü", "3:12: invalid literal string, expected `'`");
    check("[log]\nfilter = 'a'\nfilter = 'b'\n", "3:1: duplicate key `filter`");
    check("[log]\n[queue]\n[log]\n", "3:2: duplicate key `log`");
    check("log.filter = 'a'\n[log]\nfilter = 'b'\n", "2:2: duplicate key `log`");
}

#[test]
fn no_message_of_the_parser_quotes_a_secret() {
    for text in [
        "server.api_key = hunter2-hunter2-hunter2\n",
        "server.api_key = \"hunter2-hunter2-hunter2\n",
        "server.api_key = \"hunter2-hunter2\" hunter2\n",
        "server.api_key = \"\\hunter2-hunter2-hunter2\"\n",
        "server.api_key \"hunter2-hunter2-hunter2\"\n",
        "[server]\napi_key = 'x'\napi_key = 'hunter2-hunter2-hunter2'\n",
    ] {
        let found = mistakes(load_file(text));
        assert!(!found.iter().any(|found| found.contains("hunter2")), "{found:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let check = |name: &str, expected: &str| {
        let found = mistakes(load_at(&directory.path().join(name), &Given::default()));
        assert_eq!(found, [expected], "{name}");
    };
    fs::create_dir(directory.path().join("a-directory")).unwrap();
    fs::write(directory.path().join("latin1.toml"), b"[log]\n# \xfc\n").unwrap();
    fs::write(directory.path().join("huge.toml"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
    check(
        "missing.toml",
        "cannot read the configuration file `missing.toml`: No such file or directory (os error 2)",
    );
    check(
        "a-directory",
        "cannot read the configuration file `a-directory`: Is a directory (os error 21)",
    );
    check("latin1.toml", "latin1.toml:2: the file is not UTF-8, as TOML has to be");
    check(
        "huge.toml",
        "cannot read the configuration file `huge.toml`: it is larger than 1048576 bytes",
    );
}

#[test]
fn a_broken_file_does_not_make_the_other_layers_look_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringback.toml");
    fs::write(&path, "[runtimes.ruby\n").unwrap();
    // Incomplete without the file, which would have the rest.
    let good = ("RINGBACK_RUNTIMES__RUBY__COMMAND", "ruby");
    let bad = ("RINGBACK_LOG__FLITER", "x");
    let found = mistakes(load_at(&path, &Given { environment: &[good, bad], ..Given::default() }));
    assert_eq!(
        found,
        [
            "ringback.toml:1:15: unclosed table, expected `]`",
            "environment RINGBACK_LOG__FLITER: unknown key `log.fliter`; did you mean \
             `RINGBACK_LOG__FILTER`?",
        ]
    );
}

#[test]
fn an_empty_file_changes_nothing() {
    for text in ["", "\n", "# nothing\n", "[server]\n", "[runtimes]\n", "[runtimes.python]\n"] {
        let loaded = load_file(text).unwrap();
        assert!(!loaded.show().contains("ringback.toml"), "{text:?}");
    }
}
