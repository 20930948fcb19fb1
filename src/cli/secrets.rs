//! `ringback secrets rotate|status`: the key that secrets are encrypted with at rest.
//! Prints fingerprints, never a key.

use std::io::IsTerminal;
use std::process::ExitCode;

use super::args::{SecretsArgs, SecretsCommand};
use super::exit::Failure;
use super::terminal::print;
use super::{config, logging};
use crate::app::{key_source, wall_clock};
use crate::config::Config;
use crate::store::{Fingerprint, KeySource, Rotated, Rotation, key_use};

/// How many values that no key opens are named.
const NAMED_MAX: usize = 10;

pub(super) fn secrets(command: SecretsCommand) -> Result<ExitCode, Failure> {
    match command {
        SecretsCommand::Rotate(args) => rotate(&load(args)?),
        SecretsCommand::Status(args) => status(&load(args)?),
    }
}

fn load(args: SecretsArgs) -> Result<Config, Failure> {
    let loaded = config::load(args.into_serve())?;
    logging::init(&loaded.config.log);
    Ok(loaded.config)
}

fn rotate(config: &Config) -> Result<ExitCode, Failure> {
    let source = key_source(config)?;
    if let KeySource::Given(key) = &source
        && key.fingerprints().len() < 2
    {
        return Err(Failure::usage(
            "there is nothing to rotate: put a new key into `secrets.key`, and the one that is there \
             now into `secrets.previous_keys`",
        ));
    }
    let is_given = matches!(source, KeySource::Given(_));
    let dir = config.server.data_dir.clone();
    let rotation = Rotation { dir, source, clock: wall_clock() };
    let is_terminal = std::io::stderr().is_terminal();
    let mut tell = |count| {
        if is_terminal {
            eprint!("\r{count} values encrypted anew");
        }
    };
    let rotated = rotation.run(&mut tell).map_err(Failure::failed)?;
    if is_terminal && rotated.resealed > 0 {
        eprintln!();
    }
    warn_of(&rotated.unreadable);
    print(&rotated_in_words(&rotated, is_given))?;
    Ok(ExitCode::SUCCESS)
}

fn rotated_in_words(rotated: &Rotated, is_given: bool) -> String {
    let Rotated { key, retired, resealed, went_on, .. } = rotated;
    let went_on = match went_on {
        true => "A rotation that was interrupted has been brought to its end.\n",
        false => "",
    };
    let retired = retired.iter().map(Fingerprint::to_string).collect::<Vec<_>>().join(", ");
    let old = match is_given {
        true => {
            format!("`secrets.previous_keys` ({retired}) may be taken out of the configuration.")
        }
        false => format!("The key before it ({retired}) is gone from the data directory."),
    };
    format!(
        "{went_on}Everything is encrypted with key {key}; {resealed} values were encrypted anew.\n\
         {old}\nCopies of the data directory that were made before still open with that one.\n"
    )
}

fn status(config: &Config) -> Result<ExitCode, Failure> {
    let source = key_source(config)?;
    let used = key_use(&config.server.data_dir, &source).map_err(Failure::failed)?;
    let from = match &source {
        KeySource::Given(_) => "the configuration".to_owned(),
        KeySource::File(path) => path.display().to_string(),
    };
    print(&format!("Keys, from {from}:\n"))?;
    for (index, (key, values)) in used.keys.iter().enumerate() {
        let does = if index == 0 { "encrypts" } else { "only opens" };
        print(&format!("  {key}  {does:<10}  {values} values are encrypted with it\n"))?;
    }
    let older: u64 = used.keys.iter().skip(1).map(|(_, values)| values).sum();
    match (used.keys.len(), older) {
        (1, _) => {}
        (_, 0) => print(
            "Nothing is encrypted with an older key any more; `ringback secrets rotate` is the end \
             of them.\n",
        )?,
        _ => print(
            "Stop the server and run `ringback secrets rotate` to be done with older keys.\n",
        )?,
    }
    warn_of(&used.unreadable);
    Ok(ExitCode::SUCCESS)
}

fn warn_of(unreadable: &[String]) {
    for value in unreadable.iter().take(NAMED_MAX) {
        eprintln!("ringback: warning: none of the keys opens {value}");
    }
    if let Some(more) = unreadable.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        eprintln!("ringback: warning: and {more} values more");
    }
}
