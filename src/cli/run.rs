//! `ringback run FILE`: one file through an engine of its own, on a directory that is gone
//! afterwards.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::args::RunArgs;
use super::config::load_from;
use super::exit::{Failure, of_program};
use super::signature::read;
use super::terminal::{print, write};
use crate::actors::Submit;
use crate::app::{Engine, Ringback};
use crate::bodies::Record;
use crate::config::{Config, Sources};
use crate::domain::{Execution, ExecutionSpec, Secret, Tenant};
use crate::http::RequestLimits;

pub(super) fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let environment = std::env::vars_os().collect();
    let loaded = load_from(Sources { environment, ..Sources::default() })?;
    let wanted = Wanted::of(&args, &loaded.config)?;
    let execution = actix::System::new().block_on(through_an_engine(loaded.config, wanted))?;
    let printed = if args.json {
        let record = serde_json::to_string_pretty(&Record::of(&execution));
        print(&format!("{}\n", record.expect("a record has only string keys")))
    } else {
        print_for_people(&execution)
    };
    match printed {
        // The program has ended as it has, whether or not somebody has read all of it.
        Ok(()) | Err(Failure::Unread) => {}
        Err(failure) => return Err(failure),
    }
    Ok(ExitCode::from(of_program(&Record::of(&execution))))
}

/// What was typed, as far as it can be understood without an engine.
struct Wanted {
    language: String,
    code: String,
    timeout: Option<Duration>,
    env: BTreeMap<String, Secret>,
    network: Option<bool>,
}

impl Wanted {
    fn of(args: &RunArgs, config: &Config) -> Result<Self, Failure> {
        let code = String::from_utf8(read(&args.file)?)
            .map_err(|_| Failure::usage(format!("{} is not UTF-8", args.file.display())))?;
        let language = language(args, config)?;
        // Without the flag nothing is said, and the configuration decides.
        let network = args.network.then_some(true);
        Ok(Self { language, code, timeout: timeout(args)?, env: env(args)?, network })
    }

    /// The execution that a request with these wishes would ask for.
    fn spec(self, limits: &RequestLimits) -> Result<ExecutionSpec, Failure> {
        let network = limits.network.granted(self.network).map_err(Failure::usage)?;
        let spec = limits.spec(self.language, self.code);
        let timeout = self.timeout.unwrap_or(spec.timeout);
        Ok(ExecutionSpec { timeout, env: self.env, network, ..spec })
    }
}

fn timeout(args: &RunArgs) -> Result<Option<Duration>, Failure> {
    let Some(seconds) = args.timeout else { return Ok(None) };
    let timeout = Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero());
    timeout.map(Some).ok_or_else(|| Failure::usage("--timeout must be more than 0"))
}

fn env(args: &RunArgs) -> Result<BTreeMap<String, Secret>, Failure> {
    let variable = |variable: &String| {
        let pair = variable.split_once('=').filter(|(name, _)| !name.is_empty());
        let expected = || Failure::usage(format!("--env {variable}: NAME=VALUE is expected"));
        pair.map(|(name, value)| (name.to_owned(), Secret::new(value))).ok_or_else(expected)
    };
    args.env.iter().map(variable).collect()
}

/// The language that was named, else the one whose files end like this one, else python.
fn language(args: &RunArgs, config: &Config) -> Result<String, Failure> {
    let known = || config.runtimes.iter();
    if let Some(asked) = &args.language {
        let found =
            known().find(|(name, runtime)| *name == asked || runtime.aliases.contains(asked));
        return found.map(|(name, _)| name.clone()).ok_or_else(|| {
            let names: Vec<&str> = known().map(|(name, _)| name.as_str()).collect();
            let names = names.join(", ");
            Failure::usage(format!("the language `{asked}` is unknown; known are {names}"))
        });
    }
    let ending = args.file.extension();
    let fits = |file: &str| ending.is_some() && Path::new(file).extension() == ending;
    let found = known().find(|(_, runtime)| fits(&runtime.file));
    Ok(found.map_or_else(|| "python".to_owned(), |(name, _)| name.clone()))
}

async fn through_an_engine(config: Config, wanted: Wanted) -> Result<Execution, Failure> {
    let directory = tempfile::tempdir().map_err(Failure::failed)?;
    let builder = Ringback::builder().config(config).data_dir(directory.path());
    let engine = builder.start().await?;
    let spec = wanted.spec(engine.limits())?;
    let execution = submit_and_wait(&engine, spec).await?;
    engine.shutdown(Duration::ZERO).await;
    Ok(execution)
}

async fn submit_and_wait(engine: &Engine, spec: ExecutionSpec) -> Result<Execution, Failure> {
    let tenant = Tenant::default();
    let submit = Submit::new(tenant.clone(), spec);
    let accepted = engine.supervisor().send(submit).await.map_err(Failure::failed)?;
    let id = accepted.map_err(Failure::failed)?.execution.id;
    let ended = engine.ended(&tenant, id).await.map_err(Failure::failed)?;
    ended.ok_or_else(|| Failure::failed("the execution is gone"))
}

fn print_for_people(execution: &Execution) -> Result<(), Failure> {
    let Some(ended) = execution.ended() else { return Ok(()) };
    let (stdout, stderr) = (ended.stdout.bytes().0, ended.stderr.bytes().0);
    // Byte for byte, as if it ran without us.
    write(&mut io::stderr().lock(), &stderr)?;
    let printed = write(&mut io::stdout().lock(), &stdout);
    let took = ended.started_at.map_or(Duration::ZERO, |start| ended.completed_at.since(start));
    let error = ended.outcome.error().unwrap_or_default();
    eprintln!("{}: {} in {took:?}. {error}", execution.id, execution.status());
    printed
}
