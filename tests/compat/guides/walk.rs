//! Somebody who follows a guide: a directory, one terminal in which things are run, and others in which
//! a server and a receiver go on running. Everything ends with it.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::document::{Step, What};
use super::installed;
use super::pattern;
use super::process::Process;
use crate::support::wait::{DEADLINE, eventually, within};

/// Where guides have their servers and receivers.
const ADDRESS_OF_GUIDES: &str = "127.0.0.1";

/// What says that something in the background is ready.
const READY: &str = "listening on http://";

/// What all blocks of one terminal know, from one to the next.
const TERMINAL: &str = ".terminal";

/// Whoever walks.
pub struct Walk {
    directory: TempDir,
    address: Ipv4Addr,
    /// For the `PATH`: of every terminal, and of the one for what is run.
    paths: [PathBuf; 2],
    background: Vec<Background>,
    /// What was run last has printed this.
    printed: Option<Printed>,
}

struct Background {
    name: String,
    process: Process,
    /// How many of its lines the guide has told of.
    lines_told: usize,
}

enum Printed {
    Once(String),
    /// What is run until it prints what it should.
    Whenever(String),
}

impl Walk {
    /// Goes to a directory of its own.
    pub fn begin() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let paths = installed::put_into(directory.path());
        Self { directory, address: own_address(), paths, background: Vec::new(), printed: None }
    }

    /// Does what a step says.
    #[track_caller]
    pub fn take(&mut self, step: &Step<'_>) {
        let line = step.line;
        let is_looked_at = matches!(step.what, What::Prints { .. });
        if !is_looked_at && matches!(self.printed, Some(Printed::Whenever(_))) {
            panic!(
                "line {line}: what should be run until it prints something is said to print nothing"
            );
        }
        match &step.what {
            What::File { name, text } => {
                let path = self.directory.path().join(name);
                fs::write(path, self.readdressed(text)).expect("our own directory");
            }
            What::Background { name, script } => self.start(line, name, script),
            What::Ends { name } => self.ends(line, name),
            What::Run { script } => {
                let script = installed::without_installs(script);
                let mut process = self.run(&script);
                let status = process.ended();
                assert!(
                    status.success(),
                    "line {line}: it ended with {status}\n{}{}",
                    process.stdout(),
                    process.stderr()
                );
                self.printed = Some(Printed::Once(process.stdout()));
            }
            What::Look { script } => self.printed = Some(Printed::Whenever(script.clone())),
            What::Prints { pattern } => self.prints(line, pattern),
            What::PrintsIn { name, pattern } => self.prints_in(line, name, pattern),
        }
    }

    /// Ends all that still runs, which must end as it should.
    #[track_caller]
    pub fn end(mut self) {
        let is_run = !matches!(self.printed, Some(Printed::Whenever(_)));
        assert!(is_run, "what should be run until it prints something is said to print nothing");
        // What calls ends before what is called.
        for mut background in self.background.drain(..) {
            background.process.interrupt();
        }
    }

    /// A text of the guide with an address that nobody else has.
    fn readdressed(&self, text: &str) -> String {
        text.replace(ADDRESS_OF_GUIDES, &self.address.to_string())
    }

    /// A shell in the directory, with the environment of a new terminal.
    fn shell(&self, script: &str, paths: &[PathBuf]) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(self.readdressed(script)).current_dir(self.directory.path());
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = paths.iter().cloned().chain(std::env::split_paths(&inherited));
        command.env_clear().env("PATH", std::env::join_paths(path).expect("paths without colons"));
        // What the tools take for granted when they are told nothing else.
        command.env("HOME", self.directory.path());
        command.env("RINGBACK_SERVER__LISTEN", format!("{}:8080", self.address));
        command.env("RINGBACK_SERVER", format!("http://{}:8080", self.address));
        command
    }

    /// In the one terminal for all that is run.
    fn run(&self, script: &str) -> Process {
        let script = format!(
            "set -eua\n[ ! -e {TERMINAL} ] || . ./{TERMINAL}\n{script}\nexport -p >{TERMINAL}\n"
        );
        let [own, packages] = &self.paths;
        Process::start(self.shell(&script, &[packages.clone(), own.clone()]))
    }

    #[track_caller]
    fn start(&mut self, line: usize, name: &str, script: &str) {
        let mut process = Process::start(self.shell(script, &self.paths[..1]));
        eventually(DEADLINE, format!("line {line}: `{name}` is ready"), || {
            if let Some(status) = process.status() {
                panic!("line {line}: it ended before it was ready: {status}\n{}", process.stderr());
            }
            let said = [process.stdout(), process.stderr()];
            said.iter().any(|said| said.contains(READY)).then_some(())
        });
        self.background.push(Background { name: name.to_owned(), process, lines_told: 0 });
    }

    #[track_caller]
    fn ends(&mut self, line: usize, name: &str) {
        let at = self.background.iter().position(|background| background.name == name);
        let at = at.unwrap_or_else(|| panic!("line {line}: there is no `{name}`"));
        self.background.remove(at).process.interrupt();
    }

    #[track_caller]
    fn prints(&mut self, line: usize, expected: &str) {
        let expected = self.readdressed(expected);
        let printed = self.printed.take();
        let (is_right, printed) = match printed {
            Some(Printed::Once(printed)) => (pattern::is_all_of(&expected, &printed), printed),
            Some(Printed::Whenever(script)) => {
                let mut printed = String::new();
                let found = within(DEADLINE, || {
                    let mut process = self.run(&script);
                    process.ended();
                    printed = process.stdout();
                    pattern::is_all_of(&expected, &printed).then_some(())
                });
                (found.is_some(), printed)
            }
            None => panic!("line {line}: nothing was run that has printed it"),
        };
        assert!(is_right, "line {line}: it printed something else:\n{printed}---\n{}", self.said());
    }

    #[track_caller]
    fn prints_in(&mut self, line: usize, name: &str, expected: &str) {
        let expected = self.readdressed(expected);
        let found = self.background.iter_mut().find(|background| background.name == name);
        let background = found.unwrap_or_else(|| panic!("line {line}: there is no `{name}`"));
        let told = within(DEADLINE, || {
            let printed = background.process.stdout();
            let new: String = printed.split_inclusive('\n').skip(background.lines_told).collect();
            pattern::end_in(&expected, &new)
        });
        let Some(told) = told else {
            panic!("line {line}: `{name}` has not printed this:\n{}", self.said())
        };
        background.lines_told += told;
    }

    /// Everything that was said in the background, for whoever looks for a mistake.
    fn said(&self) -> String {
        let said = self.background.iter().map(|Background { name, process, .. }| {
            format!("--- {name} ---\n{}{}", process.stdout(), process.stderr())
        });
        said.collect()
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprint!("{}", self.said());
        }
    }
}

/// An address on loopback that no other test has, since each has a process of its own: so the ports can
/// stay those of the guide.
fn own_address() -> Ipv4Addr {
    // A number of a process has at most 22 bits.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 1 + high, middle, low)
}
