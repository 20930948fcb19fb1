//! Tests of how layers meet: who wins, what is merged, and what `show` says of it.
//! Not about mistakes.

use std::time::Duration;

use super::schema::Schema;
use super::testing::{Given, line_of, load_file, load_given};
use super::{Flag, Sources, load};

const SLOTS_IN_FILE: &str = "[execution]\nslots = 1\n";

#[test]
fn the_strongest_layer_wins_and_is_named() {
    let check = |given: Given<'_>, slots: usize, line: &str| {
        let loaded = load_given(&given).unwrap();
        assert_eq!(loaded.config.execution.slots, slots);
        assert_eq!(line_of(&loaded, "execution", "slots"), line);
    };
    let environment = &[("RINGBACK_EXECUTION__SLOTS", "2")];
    let flags = &[("execution.slots", "3")];
    let mut given = Given { file: SLOTS_IN_FILE, ..Given::default() };
    check(Given { ..given }, 1, "slots = 1  # ringback.toml:2");
    given.environment = environment;
    check(Given { ..given }, 2, "slots = 2  # environment RINGBACK_EXECUTION__SLOTS");
    given.flags = flags;
    check(Given { ..given }, 3, "slots = 3  # flag --execution.slots");
    given.environment = &[];
    check(given, 3, "slots = 3  # flag --execution.slots");
}

#[test]
fn tables_are_merged_key_by_key_and_lists_are_replaced() {
    let loaded = load_file(
        "[webhook]\nretry_schedule = [\n  '100ms', # soon\n  '1s',\n]\n\
         [runtimes.python]\naliases = ['snake']\nenv.TZ = 'UTC'\n",
    )
    .unwrap();
    let schedule = &loaded.config.webhook.retry_schedule;
    assert_eq!(schedule.attempts_max(), 3);
    assert_eq!(schedule.delay_after(1, 0.0), Some(Duration::from_millis(100)));
    assert_eq!(loaded.config.webhook.timeout, Duration::from_secs(15));
    let python = &loaded.config.runtimes["python"];
    assert_eq!(python.aliases, ["snake"]);
    assert_eq!(python.file, "main.py");
    let env: Vec<_> = python.env.iter().map(|(name, text)| format!("{name}={text}")).collect();
    assert_eq!(env, ["PYTHONUNBUFFERED=1", "TZ=UTC"]);
    let line = line_of(&loaded, "webhook", "retry_schedule");
    assert_eq!(line, r#"retry_schedule = ["100ms", "1s"]  # ringback.toml:2"#);
}

#[test]
fn a_file_may_write_its_keys_in_any_way_that_toml_has() {
    for text in [
        "execution.slots = 7",
        "execution = { slots = 7 }",
        "[execution]\r\nslots = 7\r\n",
        "[execution]\n\"slots\" = 0x7",
        "\u{feff}execution.slots = 7",
    ] {
        assert_eq!(load_file(text).unwrap().config.execution.slots, 7, "{text:?}");
    }
}

#[test]
fn languages_can_be_added_changed_and_taken_away() {
    let loaded = load_given(&Given {
        file: "[runtimes.ruby]\ncommand = ['ruby', '-W0']\nfile = 'main.rb'\n\
               [runtimes.javascript]\nenabled = false\n\
               [runtimes.deno]\ncommand = ['/opt/deno']\nfile = 'main.ts'\naliases = ['js']\n",
        environment: &[("RINGBACK_RUNTIMES__PYTHON__COMMAND", "/opt/python, -I")],
        ..Given::default()
    })
    .unwrap();
    let runtimes = &loaded.config.runtimes;
    let languages: Vec<_> = runtimes.keys().collect();
    assert_eq!(languages, ["bash", "deno", "python", "ruby", "sh"]);
    assert_eq!(runtimes["ruby"].command, ["ruby", "-W0"]);
    assert_eq!(runtimes["ruby"].version, [""; 0]);
    assert_eq!(runtimes["python"].command, ["/opt/python", "-I"]);
    assert_eq!(runtimes["deno"].aliases, ["js"]);
}

#[test]
fn a_flag_may_be_repeated_for_a_list() {
    let entries = vec!["10.0.0.0/8".to_owned(), "hooks.internal".to_owned()];
    let flags = vec![Flag::list("webhook.allow", entries.clone(), "--allow-callback-to")];
    let loaded = load(Sources { flags, ..Sources::default() }).unwrap();
    assert_eq!(loaded.config.webhook.allow, entries);
    let expected = r#"allow = ["10.0.0.0/8", "hooks.internal"]  # flag --allow-callback-to"#;
    assert_eq!(line_of(&loaded, "webhook", "allow"), expected);
}

#[test]
fn what_is_shown_loads_again_and_means_the_same() {
    let loaded = load_given(&Given {
        file: "[runtimes.ruby]\ncommand = ['ruby']\nfile = 'main.rb'\nenv.\"a b\" = \"x\\ny # z\"\n\
               [webhook]\nallow = ['a', 'b']\n[log]\nfilter = 'info/\"quoted\"'\n",
        environment: &[("RINGBACK_RUNTIMES__PYTHON__ENV__PIP__Index", "x")],
        flags: &[("queue.poll", "250ms")],
    })
    .unwrap();
    let again = load_file(&loaded.show()).unwrap();
    assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
    assert_eq!(again.config.runtimes["ruby"].env["a b"], "x\ny # z");
    assert_eq!(again.config.runtimes["python"].env["PIP__Index"], "x");
    assert_eq!(values(&again.show()), values(&loaded.show()));
    assert_eq!(again.warnings, [""; 0]);
}

/// What is shown, without the sources.
fn values(shown: &str) -> Vec<&str> {
    shown.lines().map(|line| line.rsplit_once("  # ").map_or(line, |(value, _)| value)).collect()
}

#[test]
fn everything_is_shown_once_with_its_source() {
    let shown = load(Sources::default()).unwrap().show();
    let keys = shown.lines().filter(|line| line.contains(" = "));
    assert!(keys.clone().all(|line| line.ends_with("  # default")), "{shown}");
    assert_eq!(keys.count(), Schema::new().defaults().len());
}
