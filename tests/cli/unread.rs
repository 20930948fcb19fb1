//! What commands do when what they print cannot be written: they end quietly when nobody reads on, as
//! with `| head`, and say why when the disk is full. None panics.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use super::support::{Ran, command, file, ran};

/// Commands that need no server, each as it is typed.
fn typed(program: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["config", "show"],
        vec!["config", "check"],
        vec!["completions", "bash"],
        vec!["openapi"],
        vec!["doctor"],
        vec!["doctor", "-o", "json"],
        vec!["run", program],
        vec!["run", program, "--json"],
        vec!["signature", "sign", "--secret", "secret", "--scheme", "hopx", program],
    ]
}

fn ran_into(stdout: impl Into<Stdio>, mut command: Command) -> Ran {
    command.stdout(stdout);
    ran(command)
}

#[test]
fn a_command_ends_quietly_when_nobody_reads_on() {
    let (_directory, program) = file("program.sh", "echo out");
    for arguments in typed(program.to_str().unwrap()) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = ran_into(writer, command(&arguments));
        assert!(!ran.stderr.contains("panic"), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("cannot print"), "{arguments:?}: {}", ran.stderr);
        if arguments[0] != "doctor" {
            assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_command_says_that_it_cannot_print_on_a_full_disk() {
    let (_directory, program) = file("program.sh", "echo out");
    for arguments in typed(program.to_str().unwrap()) {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = ran_into(full, command(&arguments));
        assert!(!ran.stderr.contains("panic"), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("cannot print"), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn a_program_that_nobody_reads_has_its_exit_code_all_the_same() {
    let (_directory, program) = file("program.sh", "echo out; exit 7");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = ran_into(writer, command(&["run", program.to_str().unwrap()]));
    assert_eq!(ran.code, Some(7), "{}", ran.stderr);
}

#[test]
fn what_a_program_has_written_is_printed_byte_for_byte() {
    let (_directory, program) = file("program.sh", r"printf '\377\000\376'");
    let output = command(&["run", program.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.stdout, [0xff, 0, 0xfe]);
}
