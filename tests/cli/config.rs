//! `ringback config show|check`: where each value comes from, and what is wrong with one.

use super::support::{command, file, ran, ringback};

#[test]
fn show_names_the_origin_of_each_value_and_masks_secrets() {
    let (_directory, path) = file("ringback.toml", "[execution]\nslots = 3\n");
    let path = path.to_str().unwrap();
    let mut show = command(&["config", "show", "--config", path, "--listen", "127.0.0.1:0"]);
    show.env("RINGBACK_API_KEY", "a-very-secret-key-indeed");
    show.env("RINGBACK_WEBHOOK__RETRY_SCHEDULE", "100ms,200ms");
    let ran = ran(show);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let line =
        |key: &str| ran.stdout.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("slots").starts_with("slots = 3"));
    assert!(line("slots").ends_with("ringback.toml:2"), "{}", line("slots"));
    assert!(line("listen").ends_with("--listen"), "{}", line("listen"));
    assert!(line("retry_schedule").contains("RINGBACK_WEBHOOK__RETRY_SCHEDULE"));
    assert!(line("grace").ends_with("default"));
    assert!(line("api_key").contains("[secret]"));
    assert!(!ran.stdout.contains("a-very-secret-key-indeed"));
}

#[test]
fn check_says_yes_or_everything_that_is_wrong() {
    assert_eq!(ringback(&["config", "check"]).stdout, "The configuration is right.\n");
    let text = "[execution]\nslot = 3\ngrace = \"soon\"\n";
    let (_directory, path) = file("ringback.toml", text);
    let wrong = ringback(&["config", "check", "--config", path.to_str().unwrap()]);
    assert_eq!(wrong.code, Some(2));
    for words in
        ["ringback.toml:2", "execution.slot`", "execution.slots", "ringback.toml:3", "grace"]
    {
        assert!(wrong.stderr.contains(words), "{words}: {}", wrong.stderr);
    }
}

#[test]
fn an_unknown_variable_of_ours_is_refused_and_named() {
    let mut check = command(&["config", "check"]);
    check.env("RINGBACK_EXECUTION__SLOT", "3");
    let ran = ran(check);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("RINGBACK_EXECUTION__SLOT"), "{}", ran.stderr);
}

#[test]
fn a_level_of_isolation_that_is_not_there_is_refused() {
    for level in ["auto", "none", "confined", "sandbox"] {
        assert_eq!(ringback(&["config", "check", "--isolation", level]).code, Some(0), "{level}");
    }
    let ran = ringback(&["config", "check", "--isolation", "strong"]);
    assert_eq!(ran.code, Some(2));
    for words in ["--isolation", "strong", "sandbox"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
}

#[test]
fn help_tells_the_exit_codes() {
    let help = ringback(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes: 0 ok, 1 the program failed, 2 usage"));
}
