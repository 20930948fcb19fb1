//! Tests of `warm`, the one key that is a switch or a table.
//! Not about the other fields of a language.

use super::testing::{Given, line_of, load_environment, load_file, load_given, mistakes};
use super::{Config, Warm};

fn preloading(modules: &[&str]) -> Warm {
    let preload = modules.iter().map(|&module| module.to_owned()).collect();
    Warm { enabled: true, preload }
}

#[test]
fn python_and_javascript_are_warm_by_default_and_nothing_else() {
    let runtimes = Config::default().runtimes;
    let warm = runtimes.iter().filter(|(_, runtime)| runtime.warm.enabled);
    assert_eq!(warm.map(|(name, _)| name).collect::<Vec<_>>(), ["javascript", "python"]);
    assert_eq!(runtimes["python"].warm, preloading(&[]));
}

#[test]
fn it_is_a_switch_or_a_table_however_that_is_written() {
    let check = |text: &str, expected: Warm| {
        let loaded = load_file(text).unwrap();
        assert_eq!(loaded.config.runtimes["python"].warm, expected, "{text}");
    };
    check("runtimes.python.warm = true", preloading(&[]));
    check("runtimes.python.warm = false", Warm::default());
    check("runtimes.python.warm = { preload = ['json', 're'] }", preloading(&["json", "re"]));
    check("runtimes.python.warm.preload = ['os.path']", preloading(&["os.path"]));
    check("[runtimes.python.warm]\npreload = []", preloading(&[]));
}

#[test]
fn a_variable_can_switch_it_and_wins_over_a_table() {
    let given = Given {
        file: "runtimes.python.warm = { preload = ['json'] }",
        environment: &[("RINGBACK_RUNTIMES__PYTHON__WARM", "false")],
        ..Given::default()
    };
    assert_eq!(load_given(&given).unwrap().config.runtimes["python"].warm, Warm::default());
    let loaded = load_environment(&[("RINGBACK_RUNTIMES__JAVASCRIPT__WARM", "true")]).unwrap();
    assert_eq!(loaded.config.runtimes["javascript"].warm, preloading(&[]));
    let found = mistakes(load_environment(&[("RINGBACK_RUNTIMES__PYTHON__WARM__PRELOAD", "re")]));
    let unknown = "environment RINGBACK_RUNTIMES__PYTHON__WARM__PRELOAD: unknown key \
                   `runtimes.python.warm.preload`";
    assert_eq!(found, [unknown]);
}

#[test]
fn what_is_shown_of_it_loads_again() {
    let loaded = load_file("[runtimes.python.warm]\npreload = ['json']\n").unwrap();
    let line = r#"warm = { preload = ["json"] }  # ringback.toml:1"#;
    assert_eq!(line_of(&loaded, "runtimes.python", "warm"), line);
    let again = load_file(&loaded.show()).unwrap();
    assert_eq!(again.config.runtimes["python"].warm, preloading(&["json"]));
}

#[test]
fn anything_else_is_a_mistake() {
    let expected = "expected true, false or { preload = [\"json\"] } with names of modules";
    for (value, found) in [
        ("'yes'", "\"yes\""),
        ("1", "1"),
        ("['json']", "[\"json\"]"),
        ("{}", "a table"),
        ("{ preload = 'json' }", "a table"),
        ("{ preload = ['import os; x'] }", "a table"),
        ("{ preloads = ['json'] }", "a table"),
        ("{ preload = ['json'], more = 1 }", "a table"),
    ] {
        let sentence = format!("ringback.toml:1: `runtimes.python.warm` is {found}; {expected}");
        assert_eq!(mistakes(load_file(&format!("runtimes.python.warm = {value}"))), [sentence]);
    }
}
