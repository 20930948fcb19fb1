//! A command in the place of code, for operators who allow that: its words are run as they stand, with no
//! shell between them. Runs nothing.

use super::fields::Fields;
use super::state::Api;

/// The language that a command is a program in: one that only becomes the command.
pub(super) const LANGUAGE: &str = "sh";

/// The program that becomes the command which a request has; none when it has none. When something is
/// wrong with it, the fields know that, and what is returned is worth nothing.
pub(super) fn read(fields: &mut Fields, api: &Api) -> Option<String> {
    if !fields.has("command") {
        fields.take("command");
        return None;
    }
    if !api.limits.command || api.launcher.runtimes().find(LANGUAGE).is_none() {
        let detail = "`command` is not allowed on this server; send `code`.";
        refuse(fields, "not_allowed", detail.to_owned());
        for name in ["command", "code", "language"] {
            fields.take(name);
        }
        return Some(String::new());
    }
    let words = fields.texts("command");
    for beside in ["code", "language"] {
        if fields.take(beside).is_some() {
            let detail = format!("`command` and `{beside}` cannot be given together.");
            refuse(fields, "conflict", detail);
        }
    }
    if words.first().is_none_or(String::is_empty) {
        let detail = "`command` must begin with what is to be run.";
        refuse(fields, "empty", detail.to_owned());
    }
    if words.iter().any(|word| word.contains('\0')) {
        let detail = "`command` must not contain a NUL character.";
        refuse(fields, "invalid", detail.to_owned());
    }
    let script = script(&words);
    let max = api.limits.code_bytes_max;
    if script.len() > max {
        let detail = format!("`command` may have at most {max} bytes, and has {}.", script.len());
        refuse(fields, "too_long", detail);
    }
    Some(script)
}

fn refuse(fields: &mut Fields, code: &'static str, detail: String) {
    fields.wrong("command", code, detail);
}

/// A program of the shell that becomes the command. Between single quotes everything is what it is but
/// the quote itself (POSIX, Shell Command Language, 2.2.2).
fn script(words: &[String]) -> String {
    let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''")));
    format!("exec {}\n", quoted.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_what_it_is() {
        let check = |words: &[&str], expected: &str| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(script(&words), expected);
        };
        check(&["ls", "-l"], "exec 'ls' '-l'\n");
        check(&["echo", "$HOME `x` *\n\\", ""], "exec 'echo' '$HOME `x` *\n\\' ''\n");
        check(&["it's"], "exec 'it'\\''s'\n");
    }
}
