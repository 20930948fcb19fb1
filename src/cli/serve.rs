//! `ringback serve`: the server, from its configuration to its end, in order or because its engine
//! has failed. Starts nothing again.

use std::process::ExitCode;

use super::args::ServeArgs;
use super::exit::Failure;
use super::signals::Signals;
use super::{config, logging, open_files, service};
use crate::app::{Engine, Ringback, Server};
use crate::config::Config;

pub(super) fn serve(args: ServeArgs) -> Result<ExitCode, Failure> {
    let loaded = config::load(args)?;
    logging::init(&loaded.config.log);
    open_files::raise(&loaded.config);
    actix::System::new().block_on(run(loaded.config))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(config: Config) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let builder = Ringback::builder().config(config.clone()).make_first_api_key();
    let Some(mut engine) = builder.start_unless(signals.next()).await? else {
        log::info!("stopped before it had started");
        return Ok(());
    };
    if let Some(key) = engine.new_api_key() {
        eprintln!("API key, shown only this once: {}", key.expose());
    }
    tell_surroundings(&engine);
    tell_runtimes(&engine);
    let server = Server::start(engine, &config.server)?;
    eprintln!("listening on http://{}", server.address());

    service::ready(server.address());

    let alive = service::keep_telling(server.engine().supervisor());
    let alive = actix_rt::spawn(alive);
    let failed = tokio::select! {
        () = signals.next() => None,
        reason = server.engine().failed() => Some(reason),
    };
    let ended = match failed {
        Some(reason) => abandon(server, &reason).await,
        None => stop(server, &config, signals).await,
    };
    alive.abort();
    ended
}

/// Ends in order; the next signal hurries.
async fn stop(server: Server, config: &Config, mut signals: Signals) -> Result<(), Failure> {
    let within = config.execution.drain_timeout;
    let seconds = within.as_secs_f64();
    service::stopping(&format!("programs may run on for {seconds} s"));
    log::info!("stopping: programs may run on for {seconds} s");
    let hurry = async {
        signals.next().await;
        log::info!("stopping at once");
    };
    server.stop(within, hurry).await.map_err(Failure::Engine)?;
    log::info!("stopped");
    Ok(())
}

/// Ends because the engine has failed.
async fn abandon(server: Server, reason: &str) -> Result<(), Failure> {
    service::stopping(reason);
    server.abandon().await;
    Err(Failure::Engine(format!("{reason}; start the server again")))
}

/// How far programs are kept apart from the machine, and what is missing for more.
fn tell_surroundings(engine: &Engine) {
    let surroundings = engine.launcher().surroundings();
    log::info!("{surroundings}");
    for sentence in &surroundings.weaker {
        log::warn!("weaker than it could be: {sentence}");
    }
    for surroundings in engine.launcher().surroundings_besides() {
        log::info!("for tenants that are to have it: {surroundings}");
        for sentence in &surroundings.weaker {
            let level = surroundings.level.as_str();
            log::warn!("weaker than it could be, at level {level}: {sentence}");
        }
    }
}

/// Finds the runtimes while the first requests come in, so that none of them waits for a version
/// manager, and says which there are.
fn tell_runtimes(engine: &Engine) {
    let launcher = engine.launcher().clone();
    actix_rt::spawn(async move {
        for runtime in launcher.runtimes().iter() {
            let name = runtime.name();
            match runtime.located(&launcher).await {
                Ok(found) => {
                    let version = found.version.as_deref().unwrap_or("version unknown");
                    log::info!("runtime {name}: {} ({version})", found.executable.display());
                }
                Err(error) => log::warn!("runtime {name}: {error}"),
            }
        }
    });
}
