//! What strace wrote of a server, as the few steps that matter: what it asked to be written of its
//! database, what it had synced, and which executions it told a client to have accepted.
//! Knows no disk.

use std::collections::HashMap;
use std::path::Path;

/// Which of the two files of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Database,
    Log,
}

/// Something that happened, in the order of the trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Bytes were handed to the kernel.
    Written { file: Which, offset: usize, bytes: Vec<u8> },
    /// A file was made shorter, or longer.
    Cut { file: Which, length: usize },
    /// A file's name was removed.
    Removed { file: Which },
    /// A sync began; what is handed over from here on is not covered by it.
    SyncBegun { file: Which },
    /// That sync has succeeded.
    Synced { file: Which },
    /// An answer with status 202 and this id is about to be sent.
    Accepted(String),
}

/// Reads a trace of `strace -f -y -xx`, in which every string and every path is in hexadecimal.
///
/// # Panics
/// When a call on the database failed: the trace is no longer one of a healthy disk.
pub fn parse(trace: &str, database: &Path) -> Vec<Step> {
    let database = database.to_str().expect("a path of the test's").as_bytes().to_vec();
    let log = [&database[..], b"-wal"].concat();
    let mut parser = Parser { database, log, begun: HashMap::new(), steps: Vec::new() };
    trace.lines().for_each(|line| parser.line(line));
    parser.steps
}

struct Parser {
    database: Vec<u8>,
    log: Vec<u8>,
    /// Calls that another thread's line came between, by thread.
    begun: HashMap<String, String>,
    steps: Vec<Step>,
}

impl Parser {
    fn line(&mut self, line: &str) {
        let Some((thread, line)) = line.split_once(' ') else { return };
        let line = line.trim_start();
        if let Some(begin) = line.strip_suffix(" <unfinished ...>") {
            self.begins(begin);
            self.begun.insert(thread.to_owned(), begin.to_owned());
        } else if let Some(rest) = line.strip_prefix("<... ") {
            let Some(begin) = self.begun.remove(thread) else { return };
            let (_, rest) = rest.split_once(" resumed>").expect("the end of an unfinished call");
            self.ends(&(begin + rest));
        } else if line.contains('(') {
            self.begins(line);
            self.ends(line);
        }
    }

    /// What counts from the moment at which a call is made.
    fn begins(&mut self, call: &str) {
        let (name, arguments) = call.split_once('(').unwrap_or((call, ""));
        match name {
            "fsync" | "fdatasync" => {
                if let Some(file) = self.file(descriptor_path(arguments)) {
                    self.steps.push(Step::SyncBegun { file });
                }
            }
            "sendto" | "writev" | "write" => {
                self.steps.extend(accepted_id(&strings(arguments)).map(Step::Accepted));
            }
            _ => {}
        }
    }

    /// What counts when a call has returned.
    fn ends(&mut self, call: &str) {
        let (name, rest) = call.split_once('(').unwrap_or((call, ""));
        // Short calls are padded, so that their results are in a column.
        let Some((arguments, result)) = rest.rsplit_once(" = ") else {
            panic!("not a call with its result: {name}");
        };
        let arguments = arguments.trim_end().strip_suffix(')').expect("the end of the arguments");
        let path = if name == "unlink" {
            quoted(arguments).map(|(bytes, _)| bytes)
        } else {
            descriptor_path(arguments)
        };
        let Some(file) = self.file(path) else { return };
        assert!(!result.starts_with('-'), "{name} failed: {result}");
        let numbers: Vec<usize> =
            arguments.rsplit(", ").map_while(|number| number.parse().ok()).collect();
        match (name, &numbers[..]) {
            ("pwrite64", [offset, length, ..]) => {
                let bytes = strings(arguments);
                assert_eq!(bytes.len(), *length, "the trace has every byte");
                assert_eq!(result.trim(), length.to_string(), "it was written whole");
                self.steps.push(Step::Written { file, offset: *offset, bytes });
            }
            ("ftruncate", [length, ..]) => self.steps.push(Step::Cut { file, length: *length }),
            ("unlink", _) => self.steps.push(Step::Removed { file }),
            ("fsync" | "fdatasync", _) => self.steps.push(Step::Synced { file }),
            _ => panic!("{name} on the database is not understood"),
        }
    }

    fn file(&self, path: Option<Vec<u8>>) -> Option<Which> {
        match path? {
            path if path == self.database => Some(Which::Database),
            path if path == self.log => Some(Which::Log),
            _ => None,
        }
    }
}

/// The path of the descriptor that comes first: `5<\x2f…>`.
fn descriptor_path(arguments: &str) -> Option<Vec<u8>> {
    let (number, rest) = arguments.split_once('<')?;
    number.parse::<u32>().ok()?;
    Some(unescape(rest.split_once('>')?.0))
}

/// The first quoted string and what follows it.
fn quoted(text: &str) -> Option<(Vec<u8>, &str)> {
    let (_, rest) = text.split_once('"')?;
    let (inside, rest) = rest.split_once('"')?;
    Some((unescape(inside), rest))
}

/// All quoted strings, one after the other.
fn strings(mut arguments: &str) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some((bytes, rest)) = quoted(arguments) {
        all.extend(bytes);
        arguments = rest;
    }
    all
}

/// `\x61\x62` as bytes.
fn unescape(text: &str) -> Vec<u8> {
    let digits = text.split("\\x").skip(1);
    digits.map(|digits| u8::from_str_radix(digits, 16).expect("two digits")).collect()
}

/// The id in an answer with status 202.
fn accepted_id(sent: &[u8]) -> Option<String> {
    let sent = std::str::from_utf8(sent).ok()?.strip_prefix("HTTP/1.1 202 ")?;
    let (_, rest) = sent.split_once("\"id\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    fn steps(lines: &[String]) -> Vec<Step> {
        parse(&lines.join("\n"), Path::new("/d/ringback.db"))
    }

    fn written(file: Which, offset: usize, bytes: &str) -> Step {
        Step::Written { file, offset, bytes: bytes.into() }
    }

    #[test]
    fn calls_on_the_two_files_are_steps_and_no_others_are() {
        let (db, wal) = (hex("/d/ringback.db"), hex("/d/ringback.db-wal"));
        let lines = [
            format!("7 pwrite64(5<{wal}>, \"{}\", 3, 32) = 3", hex("abc")),
            format!("7 pwrite64(6<{}>, \"{}\", 1, 0) = 1", hex("/d/other"), hex("x")),
            format!("7 fdatasync(5<{wal}>) = 0"),
            format!("7 ftruncate(4<{db}>, 8192) = 0"),
            format!("7 unlink(\"{wal}\") = 0"),
            format!("8 unlink(\"{}\") = -1 ENOENT (No such file or directory)", hex("/d/x")),
            "9 +++ exited with 0 +++".to_owned(),
        ];
        let (log, database) = (Which::Log, Which::Database);
        let expected = [
            written(log, 32, "abc"),
            Step::SyncBegun { file: log },
            Step::Synced { file: log },
            Step::Cut { file: database, length: 8192 },
            Step::Removed { file: log },
        ];
        assert_eq!(steps(&lines), expected);
    }

    #[test]
    fn a_call_that_another_thread_came_between_is_put_together() {
        let wal = hex("/d/ringback.db-wal");
        let answer = hex("HTTP/1.1 202 Accepted\r\n\r\n{\"id\":\"exec_1\",\"status\":\"queued\"}");
        let lines = [
            format!("7 pwrite64(5<{wal}>, \"{}\", 1, 0 <unfinished ...>", hex("a")),
            format!("8 sendto(9<{}>, \"{answer}\", 99, 0, NULL, 0 <unfinished ...>", hex("s")),
            "7 <... pwrite64 resumed>) = 1".to_owned(),
            format!("7 fsync(5<{wal}> <unfinished ...>"),
            "8 <... sendto resumed>)        = 99".to_owned(),
            "7 <... fsync resumed>)         = 0".to_owned(),
        ];
        let log = Which::Log;
        let expected = [
            Step::Accepted("exec_1".to_owned()),
            written(log, 0, "a"),
            Step::SyncBegun { file: log },
            Step::Synced { file: log },
        ];
        assert_eq!(steps(&lines), expected);
    }

    #[test]
    fn only_an_answer_with_202_and_an_id_is_one() {
        let check = |sent: &str, id: Option<&str>| {
            assert_eq!(accepted_id(sent.as_bytes()).as_deref(), id, "{sent}");
        };
        check("HTTP/1.1 202 Accepted\r\n\r\n{\"id\":\"exec_1\"}", Some("exec_1"));
        check("HTTP/1.1 200 OK\r\n\r\n{\"id\":\"exec_1\"}", None);
        check("HTTP/1.1 202 Accepted\r\n\r\n{}", None);
        check("GET / HTTP/1.1\r\n", None);
    }
}
