//! `ringback secrets rotate|status`: what they print, and what they refuse. That everything opens
//! afterwards is tested where stores are, and that it may be killed where servers are.

use std::fs;
use std::path::Path;

use ringback::domain::{ExecutionId, ExecutionSpec, OwnerId, Tenant, Timestamp};
use ringback::store::{Clock, NewExecution, SealingKey, SqliteOptions, SqliteStore, Store};

use super::support::{Ran, command, ran, ringback};

/// Two keys, each 32 bytes in base64, and their fingerprints.
const OLD: (&str, &str) = ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "72cd6e84");
const NEW: (&str, &str) = ("AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=", "75877bb4");

/// Leaves a data directory with so many executions that have a secret.
fn fill(dir: &Path, key: SealingKey, count: usize) {
    let clock = Clock::new(|| Timestamp::from_millis(1_750_000_000_000));
    let options = SqliteOptions { dir: dir.to_owned(), owner: OwnerId::generate(), key, clock };
    let store = SqliteStore::open(options).unwrap();
    let mut spec = ExecutionSpec::new("sh", "true");
    spec.env.insert("TOKEN".into(), "hunter2".into());
    let spec = std::sync::Arc::new(spec);
    let accepting = async {
        for _ in 0..count {
            let (id, tenant) = (ExecutionId::generate(), Tenant::default());
            let new = NewExecution {
                id,
                tenant,
                spec: spec.clone(),
                start: false,
                ahead: std::time::Duration::ZERO,
                key: None,
                answer: None,
            };
            store.accept(new).await.unwrap();
        }
    };
    actix_rt::System::new().block_on(accepting);
}

fn secrets(verb: &str, dir: &Path) -> Ran {
    ringback(&["secrets", verb, "--data-dir", dir.to_str().unwrap()])
}

fn lines(ran: &Ran) -> Vec<&str> {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    ran.stdout.lines().collect()
}

fn fingerprint(key: &SealingKey) -> String {
    key.fingerprints()[0].to_string()
}

#[test]
fn with_the_key_in_the_data_directory_one_command_is_all() {
    let scratch = tempfile::tempdir().unwrap();
    let (dir, file) = (scratch.path(), scratch.path().join("secrets.key"));
    let old = SealingKey::load_or_create(&file).unwrap();
    fill(dir, old.clone(), 3);
    let (text, old) = (fs::read_to_string(&file).unwrap(), fingerprint(&old));
    let status = secrets("status", dir);
    let expected = format!("  {old}  encrypts    3 values are encrypted with it");
    assert_eq!(lines(&status), [format!("Keys, from {}:", file.display()), expected]);

    let rotated = secrets("rotate", dir);
    let new = fingerprint(&SealingKey::load(&file).unwrap().unwrap());
    assert_ne!(new, old);
    let expected = [
        format!("Everything is encrypted with key {new}; 3 values were encrypted anew."),
        format!("The key before it ({old}) is gone from the data directory."),
        "Copies of the data directory that were made before still open with that one.".to_owned(),
    ];
    assert_eq!(lines(&rotated), expected);
    let now = fs::read_to_string(&file).unwrap();
    assert_eq!((now.lines().count(), now == text), (1, false));
    let status = secrets("status", dir);
    assert_eq!(lines(&status)[1], format!("  {new}  encrypts    3 values are encrypted with it"));
    for said in [&rotated, &status] {
        assert!(!said.stdout.contains(text.trim()) && !said.stdout.contains(now.trim()));
    }
}

#[test]
fn with_keys_in_the_configuration_it_says_when_the_old_ones_may_go() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    fill(dir, SealingKey::from_text(OLD.0).unwrap(), 2);
    let run = |verb: &str, key: &str, previous: &str| {
        let mut command = command(&["secrets", verb, "--data-dir", dir.to_str().unwrap()]);
        command.env("RINGBACK_SECRETS__KEY", key);
        command.env("RINGBACK_SECRETS__PREVIOUS_KEYS", previous);
        ran(command)
    };
    let alone = run("rotate", OLD.0, "");
    assert_eq!(alone.code, Some(2));
    assert!(alone.stderr.contains("`secrets.previous_keys`"), "{}", alone.stderr);
    let before = run("status", NEW.0, OLD.0);
    let expected = [
        "Keys, from the configuration:".to_owned(),
        format!("  {}  encrypts    0 values are encrypted with it", NEW.1),
        format!("  {}  only opens  2 values are encrypted with it", OLD.1),
        "Stop the server and run `ringback secrets rotate` to be done with older keys.".to_owned(),
    ];
    assert_eq!(lines(&before), expected);
    let rotated = run("rotate", NEW.0, OLD.0);
    let taken_out =
        format!("`secrets.previous_keys` ({}) may be taken out of the configuration.", OLD.1);
    assert_eq!(lines(&rotated)[1], taken_out);
    let after = run("status", NEW.0, "");
    let expected = format!("  {}  encrypts    2 values are encrypted with it", NEW.1);
    assert_eq!(lines(&after)[1..], [expected]);
    assert!(!dir.join("secrets.key").exists(), "no key was made that nobody asked for");
    let lost = run("status", OLD.0, "");
    assert_eq!(lost.stderr.matches("none of the keys opens the secrets of exec_").count(), 2);
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_made() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("nowhere");
    for verb in ["rotate", "status"] {
        let ran = secrets(verb, &dir);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
        let expected = format!("{}: there is no such file", dir.join("ringback.db").display());
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    }
    assert!(!dir.exists());
}
