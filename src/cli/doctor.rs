//! `ringback doctor`: what this machine gives, topic by topic, and what it lacks; or, of a server that
//! runs, what is in its way. Starts launchers on directories that are gone afterwards, so that it
//! disturbs no server.

mod callback;
mod cgroups;
mod finding;
mod isolation;
mod machine;
mod report;
mod runtimes;
mod standing;

use std::process::ExitCode;

use self::finding::{Finding, Mark};
use super::args::{DoctorArgs, Format, ServerArgs};
use super::config;
use super::exit::Failure;
use super::terminal::{has_colours, print};
use crate::config::Config;

pub(super) fn doctor(args: DoctorArgs) -> Result<ExitCode, Failure> {
    let system = actix::System::new();
    let findings = match args.server {
        Some(server) => {
            let server = ServerArgs { server, token: args.token, ca_file: args.ca_file };
            system.block_on(standing::findings(server))?
        }
        None => {
            let loaded = config::load(args.config)?;
            system.block_on(examine(&loaded.config, args.callback_url.as_deref()))?
        }
    };
    match args.output {
        Format::Text => {
            let colour = has_colours(&std::io::stdout());
            print(&report::text(&findings, colour))?;
        }
        Format::Json => print(&format!("{}\n", report::json(&findings)))?,
    }
    let is_bad = findings.iter().any(|finding| finding.mark == Mark::Bad);
    Ok(ExitCode::from(u8::from(is_bad)))
}

async fn examine(config: &Config, callback_url: Option<&str>) -> Result<Vec<Finding>, Failure> {
    let mut findings = vec![machine::system()];
    let launched = isolation::launch(config)?;
    findings.extend(isolation::findings(config, &launched)?);
    findings.push(cgroups::finding());
    if let Ok(launcher) = &launched.launcher {
        findings.extend(runtimes::findings(launcher).await);
    }
    findings.push(machine::open_files(config));
    findings.extend(machine::data_dir(&config.server.data_dir));
    findings.push(machine::clock());
    if let Some(url) = callback_url {
        findings.push(callback::finding(config, url).await?);
    }
    Ok(findings)
}
