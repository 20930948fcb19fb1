//! `ringback completions SHELL`: each shell gets a script that it can read, with every command in it.

use std::process::{Command, Stdio};

use crate::support::ringback;

#[test]
fn every_shell_has_its_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = ringback(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["submit", "deliveries", "exit-status"] {
            assert!(ran.stdout.contains(word), "{shell} does not know {word}");
        }
    }
    let unknown = ringback(&["completions", "csh"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("possible values: bash"), "{}", unknown.stderr);
}

#[test]
fn bash_completes_a_command_and_its_flags() {
    let script = ringback(&["completions", "bash"]).stdout;
    let complete = |words: &str| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _ringback ringback \"${{COMP_WORDS[COMP_CWORD]}}\" \"\"; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]).stdin(Stdio::null());
        String::from_utf8(bash.output().unwrap().stdout).unwrap()
    };
    assert_eq!(complete("ringback sub"), "submit\n");
    assert_eq!(complete("ringback logs --fol"), "--follow\n");
    assert_eq!(complete("ringback deliveries rede"), "redeliver\n");
}
