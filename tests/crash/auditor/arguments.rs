//! What the auditor is asked to look at. Opens none of it.

use std::path::PathBuf;

/// The sources of an audit.
#[derive(Debug, Default)]
pub struct Arguments {
    /// What clients were answered, one JSON object a line.
    pub client: PathBuf,
    /// What the receiver was sent, one JSON object a line.
    pub receiver: PathBuf,
    /// The database of the server.
    pub database: PathBuf,
    /// What the programs wrote when they began: an id and a process number a line.
    pub runs: Option<PathBuf>,
    /// What only programs of this server have in their environment.
    pub mark: Option<String>,
    /// A snapshot of an earlier audit: what had ended then is the same now.
    pub since: Option<PathBuf>,
    /// Where to keep a snapshot for a later audit.
    pub keep: Option<PathBuf>,
    /// How many servers stopped in order while programs ran, which is nobody's failure: each lets a
    /// program run once more that may be run again.
    pub drains: u64,
    /// Everything has had its time: nothing may be queued or running.
    pub settled: bool,
    /// The server is gone, and with it every program.
    pub stopped: bool,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// A sentence for whoever wrote it.
    pub fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut read = Self::default();
        while let Some(flag) = words.next() {
            match flag.as_str() {
                "--settled" => read.settled = true,
                "--stopped" => read.stopped = true,
                _ => {
                    let value = words.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
                    read.set(&flag, value)?;
                }
            }
        }
        let needed = [
            ("--client", &read.client),
            ("--receiver", &read.receiver),
            ("--database", &read.database),
        ];
        match needed.iter().find(|(_, path)| path.as_os_str().is_empty()) {
            Some((flag, _)) => Err(format!("`{flag}` is missing")),
            None => Ok(read),
        }
    }

    fn set(&mut self, flag: &str, value: String) -> Result<(), String> {
        match flag {
            "--client" => self.client = value.into(),
            "--receiver" => self.receiver = value.into(),
            "--database" => self.database = value.into(),
            "--runs" => self.runs = Some(value.into()),
            "--mark" => self.mark = Some(value),
            "--since" => self.since = Some(value.into()),
            "--keep" => self.keep = Some(value.into()),
            "--drains" => {
                let number = value.parse();
                self.drains = number.map_err(|_| format!("`{flag} {value}`: not a number"))?;
            }
            _ => return Err(format!("there is no `{flag}`")),
        }
        Ok(())
    }
}
