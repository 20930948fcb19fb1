//! Tests of mistakes in keys and values: each is found, says where it is and what would be right.
//! Not about files that are no TOML, nor about secrets.

use super::testing::{Given, load_file, load_given, mistakes};

/// One line of a file, and the mistake that it makes.
fn check(line: &str, expected: &str) {
    assert_eq!(mistakes(load_file(line)), [format!("ringback.toml:1: {expected}")], "{line}");
}

#[test]
fn unknown_keys_are_mistakes_with_a_suggestion() {
    check("execution.slot = 1", "unknown key `execution.slot`; did you mean `execution.slots`?");
    check("listen = 'x'", "unknown key `listen`; did you mean `server.listen`?");
    check("[sever]", "unknown section `sever`; did you mean `server`?");
    check("[[sever]]", "unknown section `sever`; did you mean `server`?");
    check("zebra = 1", "unknown key `zebra`");
    check(
        "runtimes.python.comand = []",
        "unknown key `runtimes.python.comand`; did you mean `runtimes.python.command`?",
    );
    check("runtimes.python.zebra.x = 1", "unknown key `runtimes.python.zebra`");
}

#[test]
fn tables_and_values_in_each_others_place_are_mistakes() {
    check("server = 5", "`server` is no table; expected a section `[server]` with keys");
    check("[[server]]", "`server` is no table; expected a section `[server]` with keys");
    check(
        "runtimes.python = 'x'",
        "`runtimes.python` is no table; expected a section `[runtimes.python]` with keys",
    );
    check(
        "[server.listen]",
        "`server.listen` is a table; expected host:port, such as \"127.0.0.1:8080\", \
         \"localhost:0\" or \"[::1]:8080\"",
    );
    check(
        "runtimes.python.env.X.Y = ''",
        "`runtimes.python.env.X` is a table; expected a text in quotes, such as \"python3\"",
    );
}

#[test]
fn numbers_have_a_range() {
    let queue = "expected a whole number from 1, such as 100000";
    check("queue.max_total = 0", &format!("`queue.max_total` is 0; {queue}"));
    check("queue.max_total = -1", &format!("`queue.max_total` is -1; {queue}"));
    check("queue.max_total = '7'", &format!("`queue.max_total` is \"7\"; {queue}"));
    check("queue.max_total = 7.5", &format!("`queue.max_total` is 7.5; {queue}"));
    check(
        "execution.slots = 65537",
        "`execution.slots` is 65537; expected a whole number from 0 to 65536, such as 8",
    );
    for key in ["in_flight_max", "in_flight_per_host_max"] {
        let found = mistakes(load_file(&format!("webhook.{key} = 0")));
        assert!(found[0].contains("expected a whole number from 1"), "{found:?}");
    }
}

#[test]
fn durations_have_units_and_bounds() {
    let duration = "expected a duration of at most 8760h, such as \"5s\", \"100ms\" or \"24h\"";
    check("execution.grace = 5", &format!("`execution.grace` is 5; {duration}"));
    check("execution.grace = '5'", &format!("`execution.grace` is \"5\"; {duration}"));
    check("execution.grace = '-5s'", &format!("`execution.grace` is \"-5s\"; {duration}"));
    check("execution.grace = '9000h'", &format!("`execution.grace` is \"9000h\"; {duration}"));
    for key in [
        "server.header_timeout",
        "server.keep_alive",
        "server.token_lifetime",
        "execution.timeout_max",
        "execution.timeout_default",
        "queue.poll",
        "webhook.timeout",
        "webhook.dns_timeout",
        "webhook.connect_timeout",
    ] {
        let expected = format!("`{key}` is \"0s\"; expected 1ms or more, such as \"5s\"");
        check(&format!("{key} = '0s'"), &expected);
    }
    let never = load_file("webhook.keep_alive = '0s'").unwrap().config.webhook.keep_alive;
    assert!(never.is_zero(), "it is how connections are never kept");
}

#[test]
fn a_retry_schedule_has_at_most_fifty_durations() {
    let schedule = "expected durations from 1ms to 8760h, such as [\"5s\", \"30m\"]";
    let of = |value: &str, expected: String| {
        let expected = format!("`webhook.retry_schedule` is {expected}");
        check(&format!("webhook.retry_schedule = {value}"), &expected);
    };
    of("['5s', 'soon']", format!("a list with \"soon\"; {schedule}"));
    of("['5s', '0s']", format!("a list with \"0s\"; {schedule}"));
    of("[5, 30]", "[5, 30]; expected a list of texts, such as [\"one\", \"two\"]".to_owned());
    of("'5s'", "\"5s\"; expected a list of texts, such as [\"one\", \"two\"]".to_owned());
    let many = |count: usize| format!("webhook.retry_schedule = {:?}", vec!["1s"; count]);
    let loaded = load_file(&many(50)).unwrap();
    assert_eq!(loaded.config.webhook.retry_schedule.attempts_max(), 51);
    check(&many(51), "`webhook.retry_schedule` is a list of 51 entries; expected at most 50");
}

#[test]
fn words_and_texts_have_to_fit() {
    check("webhook.allow_http = 'yes'", "`webhook.allow_http` is \"yes\"; expected true or false");
    check("log.format = 'xml'", "`log.format` is \"xml\"; expected \"text\" or \"json\"");
    check(
        "execution.working_dirs = ['/srv', 'data']",
        "`execution.working_dirs` is a list with \"data\"; expected absolute directories, such as \
         [\"/srv/data\"]",
    );
    check(
        "server.data_dir = ''",
        "`server.data_dir` is \"\"; expected a path, such as \"/var/lib/ringback\"",
    );
    check(
        "webhook.user_agent = \"a\\nb\"",
        "`webhook.user_agent` is \"\"\"\\na\\nb\"\"\"; expected visible ASCII characters and \
         spaces, such as \"Acme/1.0\"",
    );
    check(
        "webhook.allow = ['']",
        "`webhook.allow` is a list with \"\"; expected CIDR ranges or host names, such as \
         [\"10.1.0.0/16\", \"hooks.internal\"]",
    );
    check(
        "runtimes.python.env.X = \"a\\u0000b\"",
        "`runtimes.python.env.X` is \"a\\u0000b\"; expected a text without NUL characters",
    );
}

#[test]
fn a_value_must_not_go_beyond_its_bound() {
    check(
        "execution.timeout_default = '25h'",
        "`execution.timeout_default` is \"25h\"; expected at most `execution.timeout_max`, which \
         is \"24h\"",
    );
    // The one that was set is to blame, not the default.
    check(
        "execution.timeout_max = '30m'",
        "`execution.timeout_default` is \"1h\"; expected at most `execution.timeout_max`, which \
         is \"30m\"",
    );
    check(
        "execution.output_bytes_max = 1024",
        "`execution.output_bytes_default` is 1048576; expected at most \
         `execution.output_bytes_max`, which is 1024",
    );
    // A bound that is wrong itself bounds nothing.
    check(
        "execution.timeout_max = '0s'",
        "`execution.timeout_max` is \"0s\"; expected 1ms or more, such as \"5s\"",
    );
}

#[test]
fn a_language_needs_a_command_and_a_file() {
    let ruby = "runtime `ruby` has no";
    let (no_command, no_file) = (
        format!("{ruby} `command`, such as [\"ruby\"]"),
        format!("{ruby} `file`, such as \"main.rb\""),
    );
    check("runtimes.ruby = { command = ['ruby'] }", &no_file);
    check("runtimes.ruby = { file = 'main.rb' }", &no_command);
    let both = [&no_command, &no_file].map(|mistake| format!("ringback.toml:1: {mistake}"));
    assert_eq!(mistakes(load_file("[runtimes.ruby]")), both);
    assert!(load_file("runtimes.ruby.enabled = false").is_ok());
    check(
        "runtimes.pyton = { command = ['python'] }",
        "runtime `pyton` has no `file`, such as \"main.rb\"; did you mean `python`?",
    );
}

#[test]
fn the_fields_of_a_language_have_to_fit() {
    let command = "expected a name or an absolute path and then arguments, such as \
                   [\"/usr/bin/python3\", \"-I\"]";
    for value in ["[]", "[\"\"]", "[\"./python\"]", "[\"bin/python\", \"-I\"]"] {
        let expected = format!("`runtimes.python.command` is {value}; {command}");
        check(&format!("runtimes.python.command = {value}"), &expected);
    }
    for value in ["\"\"", "\"..\"", "\"../main.py\"", "\"/tmp/main.py\""] {
        let file = "expected a plain file name, such as \"main.py\"";
        let expected = format!("`runtimes.python.file` is {value}; {file}");
        check(&format!("runtimes.python.file = {value}"), &expected);
    }
    let name = "expected names of at most 32 lower-case letters, digits and any of + - . _";
    check(
        "runtimes.python.aliases = ['Py 3']",
        &format!("`runtimes.python.aliases` is a list with \"Py 3\"; {name}"),
    );
    check(
        "runtimes.'C Sharp' = { command = ['csi'], file = 'main.csx' }",
        &format!("`runtimes.\"C Sharp\"` is the name of a language; {name}"),
    );
    check(
        "runtimes.python.env.'A=B' = 'c'",
        "`runtimes.python.env.\"A=B\"` is \"c\"; expected a variable's name without `=`, such as LANG",
    );
}

#[test]
fn a_name_belongs_to_one_language() {
    let one = "a name or an alias belongs to one";
    check(
        "runtimes.node = { command = ['node'], file = 'x.js' }",
        &format!("`node` means runtime `node` and also runtime `javascript`; {one}"),
    );
    check(
        "runtimes.python.aliases = ['sh']",
        &format!("`sh` means runtime `sh` and also runtime `python`; {one}"),
    );
    check(
        "runtimes.python.aliases = ['shell']",
        &format!("`shell` means runtime `python` and also runtime `sh`; {one}"),
    );
    check(
        "runtimes.python.aliases = ['py', 'py']",
        "`runtimes.python.aliases` is [\"py\", \"py\"]; expected each name once, and not `py` twice",
    );
    check(
        "runtimes.python.aliases = ['python']",
        "`runtimes.python.aliases` is [\"python\"]; expected each name once, and not `python` twice",
    );
    let freed = "runtimes.sh.enabled = false\nruntimes.python.aliases = ['shell']";
    assert!(load_file(freed).is_ok());
}

#[test]
fn all_mistakes_of_all_layers_come_at_once() {
    let found = mistakes(load_given(&Given {
        file: "# a comment\n[execution]\nslot = 1\ngrace = 5\n\n[queue]\npoll = 'soon'\n",
        environment: &[("RINGBACK_LOG_FORMAT", "xml"), ("RINGBACK_WEBHOOK__X", "")],
        flags: &[("server.listen", "here")],
    }));
    let duration = "expected a duration of at most 8760h, such as \"5s\", \"100ms\" or \"24h\"";
    assert_eq!(
        found,
        [
            "ringback.toml:3: unknown key `execution.slot`; did you mean `execution.slots`?",
            "environment RINGBACK_WEBHOOK__X: unknown key `webhook.x`",
            "flag --server.listen: `server.listen` is \"here\"; expected host:port, such as \
             \"127.0.0.1:8080\", \"localhost:0\" or \"[::1]:8080\"",
            &format!("ringback.toml:4: `execution.grace` is 5; {duration}"),
            &format!("ringback.toml:7: `queue.poll` is \"soon\"; {duration}"),
            "environment RINGBACK_LOG_FORMAT: `log.format` is \"xml\"; expected \"text\" or \"json\"",
        ]
    );
}
