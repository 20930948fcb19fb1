//! Findings as a page for people and as JSON for machines. Finds nothing.

use std::fmt::Write;

use serde_json::json;

use super::finding::{Finding, Mark};

/// How wide lines become, unless one word is wider.
const COLUMNS: usize = 100;

/// Where the text of a finding begins, behind its mark and its topic.
const INDENT: usize = 22;

/// A page that begins each finding with its mark.
pub(super) fn text(findings: &[Finding], colour: bool) -> String {
    let mut page = String::new();
    for finding in findings {
        let mark = finding.mark.as_str();
        let padding = " ".repeat(6 - mark.len());
        let mark = if colour { coloured(finding.mark) } else { mark.to_owned() };
        let topic = finding.topic;
        for (index, line) in lines(finding).iter().enumerate() {
            let written = match index {
                0 => writeln!(page, "{mark}{padding}{topic:<16}{line}"),
                _ => writeln!(page, "{:INDENT$}{line}", ""),
            };
            written.expect("a text takes every line");
        }
    }
    page + "\n" + &summary(findings) + "\n"
}

/// The same as one JSON object.
pub(super) fn json(findings: &[Finding]) -> String {
    let report = json!({ "ok": count(findings, Mark::Bad) == 0, "findings": findings });
    serde_json::to_string_pretty(&report).expect("findings have only string keys")
}

fn summary(findings: &[Finding]) -> String {
    let weak = match count(findings, Mark::Weak) {
        0 => String::new(),
        1 => " One thing is weaker than it could be.".to_owned(),
        weak => format!(" {weak} things are weaker than they could be."),
    };
    match count(findings, Mark::Bad) {
        0 => format!("Nothing is wrong.{weak}"),
        1 => format!("One thing is wrong.{weak}"),
        bad => format!("{bad} things are wrong.{weak}"),
    }
}

fn count(findings: &[Finding], mark: Mark) -> usize {
    findings.iter().filter(|finding| finding.mark == mark).count()
}

/// The mark in green, yellow or red.
fn coloured(mark: Mark) -> String {
    let colour = match mark {
        Mark::Ok => 32,
        Mark::Weak => 33,
        Mark::Bad => 31,
    };
    format!("\x1b[{colour}m{}\x1b[0m", mark.as_str())
}

fn lines(finding: &Finding) -> Vec<String> {
    let details = finding.details.iter().flat_map(|detail| wrapped(detail, 2));
    wrapped(&finding.text, 0).into_iter().chain(details).collect()
}

/// A text in lines that fit, each but the first indented a little more.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if INDENT + line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("{:1$}{word}", "", indent + 2)),
            None => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_with_marks_and_ends_with_a_verdict() {
        let findings = [
            Finding::new("clock", Mark::Ok, "it is set"),
            Finding::new("memory", Mark::Weak, "measured").detail("no cgroup").fact("n", 1),
            Finding::new("data dir", Mark::Bad, "gone"),
        ];
        let expected = "\
ok    clock           it is set
weak  memory          measured
                        no cgroup
bad   data dir        gone

One thing is wrong. One thing is weaker than it could be.
";
        assert_eq!(text(&findings, false), expected);
        let coloured = text(&findings[..1], true);
        assert!(coloured.starts_with("\x1b[32mok\x1b[0m    clock"), "{coloured}");
        assert!(coloured.ends_with("\n\nNothing is wrong.\n"), "{coloured}");
    }

    #[test]
    fn json_has_the_same_and_the_facts() {
        let findings = [Finding::new("memory", Mark::Weak, "measured").fact("by_cgroup", false)];
        let report: serde_json::Value = serde_json::from_str(&json(&findings)).unwrap();
        let finding = json!({
            "topic": "memory",
            "mark": "weak",
            "text": "measured",
            "details": [],
            "facts": { "by_cgroup": false },
        });
        assert_eq!(report, json!({ "ok": true, "findings": [finding] }));
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        let text = "word ".repeat(40);
        let lines = wrapped(&text, 0);
        assert!(lines.len() > 1 && lines.iter().all(|line| INDENT + line.len() <= COLUMNS));
        assert_eq!(lines.join(" ").split_whitespace().count(), 40);
        assert_eq!(wrapped(&"x".repeat(200), 0).len(), 1);
    }
}
