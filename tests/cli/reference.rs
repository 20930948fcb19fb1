//! `docs/cli.md` is what `--help` says, and every command that is promised is there.
//! Writes the page anew when `UPDATE=1`.

use std::fmt::Write;

use crate::support::ringback;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");

const HEAD: &str = "# The command line

What `--help` says of each command. This page is written by a test, and checked by it:
`UPDATE=1 cargo nextest run --features failpoints --test cli -E 'test(reference)'`.

stdout carries results, stderr everything else. Colours and what moves are for terminals, and `NO_COLOR` is
respected. Commands that speak to a running server take `--server` and `--token`, better as
`RINGBACK_SERVER` and `RINGBACK_TOKEN` in the environment. `-o table` is for people, `json` and `jsonl` are
what the server has answered, `id` is one id a line.
";

/// The commands that one has, in the order of its help.
fn commands_of(path: &[&str]) -> Vec<String> {
    let help = ringback(&[path, &["--help"]].concat()).stdout;
    let Some((_, rest)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = rest.lines().take_while(|line| !line.is_empty());
    // What is indented further goes on with a sentence.
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn describe(page: &mut String, path: &[&str]) {
    let ran = ringback(&[path, &["--help"]].concat());
    assert_eq!(ran.code, Some(0), "{path:?}: {}", ran.stderr);
    let level = "#".repeat(1 + path.len().max(1));
    let name = ["ringback"].iter().chain(path).copied().collect::<Vec<_>>().join(" ");
    let help: Vec<_> = ran.stdout.lines().map(str::trim_end).collect();
    let help = help.join("\n");
    write!(page, "\n{level} `{name}`\n\n```\n{}\n```\n", help.trim_end()).unwrap();
    for command in commands_of(path) {
        describe(page, &[path, &[&command]].concat());
    }
}

#[test]
fn the_reference_is_what_the_commands_say() {
    let mut page = HEAD.to_owned();
    describe(&mut page, &[]);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    let first = page.lines().zip(written.lines()).position(|(now, then)| now != then);
    assert!(
        page == written,
        "docs/cli.md is not what the commands say (line {first:?}): UPDATE=1 writes it anew"
    );
}

#[test]
fn every_command_that_is_promised_is_there() {
    for command in [
        "serve",
        "demo",
        "run",
        "submit",
        "get",
        "list",
        "watch",
        "logs",
        "cancel",
        "wait",
        "deliveries list",
        "deliveries get",
        "deliveries redeliver",
        "deliveries recover",
        "listen",
        "signature sign",
        "signature verify",
        "doctor",
        "config show",
        "config check",
        "completions",
        "openapi",
        "keys create",
        "keys list",
        "keys revoke",
    ] {
        let path: Vec<_> = command.split(' ').collect();
        let ran = ringback(&[&path[..], &["--help"]].concat());
        assert_eq!(ran.code, Some(0), "{command}: {}", ran.stderr);
        assert!(ran.stdout.contains(&format!("Usage: ringback {command}")), "{}", ran.stdout);
    }
    let codes = ringback(&["--help"]).stdout;
    let codes = codes.split_whitespace().collect::<Vec<_>>().join(" ");
    for code in [
        "0 ok",
        "1 the program failed",
        "2 usage",
        "3 auth",
        "4 not found",
        "5 timed out waiting",
        "6 server unreachable",
    ] {
        assert!(codes.contains(code), "{code} is missing");
    }
}
