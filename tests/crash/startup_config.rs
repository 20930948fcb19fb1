//! Configurations that mean nothing: each is refused before anything is touched, and named.
//! Data directories are tested beside it.

use std::fs;
use std::net::TcpListener;

use super::startup::refused;
use crate::support::options::Options;

#[test]
fn a_setting_that_means_nothing_is_named() {
    let cases = [
        ("RINGBACK_WEBHOOK__RETRY_SHEDULE", "1s", &["retry_schedule"][..]),
        ("RINGBACK_EXECUTION__SLOTTS", "4", &["slots"]),
        ("RINGBACK_EXECUTON__SLOTS", "4", &["execution"]),
        ("RINGBACK_EXECUTION__SLOTS", "many", &["slots", "many"]),
        ("RINGBACK_EXECUTION__SLOTS", "-1", &["slots"]),
        ("RINGBACK_EXECUTION__GRACE", "soon", &["grace", "soon"]),
        ("RINGBACK_WEBHOOK__RETRY_SCHEDULE", "1s,later", &["retry_schedule", "later"]),
        ("RINGBACK_WEBHOOK__TIMEOUT", "0s", &["timeout"]),
        ("RINGBACK_WEBHOOK__ALLOW", "not/a/network", &["allow", "not/a/network"]),
    ];
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    for (name, value, words) in cases {
        let options = Options::default().callbacks_only_to_the_world().env(name, value);
        let (_, said) = refused(&options, &data_dir);
        // A heading, and a line for the mistake.
        assert!(said.lines().count() <= 2, "{said}");
        for word in words {
            assert!(said.to_lowercase().contains(word), "`{word}` is missing: {said}");
        }
        assert!(!data_dir.exists(), "{name} was noticed too late");
    }
}

#[test]
fn an_api_key_that_is_too_short_is_refused_and_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::default().env("RINGBACK_API_KEY", "hunter2");
    let (_, said) = refused(&options, &directory.path().join("data"));
    assert!(said.contains("RINGBACK_API_KEY") && said.contains("16"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line_and_the_nearest_key() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ringback.toml");
    fs::write(&file, "[webhook]\ntimeout = \"15s\"\nretry_shedule = [\"5s\"]\n").unwrap();
    let path = file.to_string_lossy().into_owned();
    let options = Options::default().argument("--config", &path);
    let data_dir = directory.path().join("data");
    let (_, said) = refused(&options, &data_dir);
    for word in [path.as_str(), "3", "retry_shedule", "retry_schedule"] {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    fs::write(&file, "[webhook\n").unwrap();
    let (_, said) = refused(&options, &data_dir);
    assert!(said.contains(&path) && said.contains('1'), "{said}");
    fs::remove_file(&file).unwrap();
    let (_, said) = refused(&options, &data_dir);
    assert!(said.contains(&path), "{said}");
}

#[test]
fn flags_that_mean_nothing_are_a_mistake_of_usage() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [
        ("--listen", "nowhere"),
        ("--listen", "127.0.0.1:99999"),
        ("--slots", "many"),
        ("--allow-callback-to", "10.0.0.0/99"),
        ("--no-such-flag", "1"),
    ];
    for (flag, value) in cases {
        let options = Options::default().argument(flag, value);
        let (status, said) = refused(&options, &directory.path().join("data"));
        assert!(said.contains(flag.trim_start_matches('-')) || said.contains(value), "{said}");
        assert!(matches!(status.code(), Some(1 | 2)), "{flag} {value}: {status}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let options = Options::default().argument("--listen", &address);
    let (_, said) = refused(&options, &directory.path().join("data"));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(&address), "{said}");
}
