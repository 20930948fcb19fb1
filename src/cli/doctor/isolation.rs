//! The doctor's look at isolation: which levels work here and why others do not, what holds
//! processes together, whom programs run as, and what limits their memory.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::exit::Failure;
use super::finding::{Finding, Mark};
use crate::app::{self, LauncherOptions, StartError};
use crate::config::{self, Config, Isolation, TenantConfig, TenantsConfig};
use crate::domain::OwnerId;
use crate::process::{Containment, Launcher, LauncherError, Level, Surroundings};

/// A launcher as a server with this configuration would have it, if there can be one.
pub(super) struct Launched {
    /// It, or why there is none.
    pub(super) launcher: Result<Launcher, String>,
    _directory: TempDir,
}

/// Starts a launcher on a directory that goes with it.
pub(super) fn launch(config: &Config) -> Result<Launched, Failure> {
    let directory = tempfile::tempdir().map_err(Failure::failed)?;
    let mut config = config.clone();
    config.server.data_dir = directory.path().to_owned();
    // What tenants are to have is told beside it.
    config.tenants = TenantsConfig::default();
    let launcher = match app::launcher(&config, OwnerId::generate(), LauncherOptions::default()) {
        Ok(launcher) => Ok(launcher),
        Err(StartError::Launcher(LauncherError::Level { reason, .. })) => Err(reason),
        Err(other) => return Err(other.into()),
    };
    Ok(Launched { launcher, _directory: directory })
}

pub(super) fn findings(config: &Config, launched: &Launched) -> Result<Vec<Finding>, Failure> {
    let in_force = launched.launcher.as_ref().map(Launcher::surroundings);
    let levels = levels(config, in_force.ok().map(|surroundings| surroundings.level))?;
    let surroundings = match in_force {
        Ok(surroundings) => surroundings,
        Err(why) => return Ok(vec![no_level(config, why, &levels)]),
    };
    let mut findings = vec![level(config, surroundings, &levels)];
    findings.extend(tenants(config, &levels));
    findings.extend([
        containment(config, surroundings.containment),
        user(surroundings),
        memory(surroundings.memory_by_cgroup),
    ]);
    let weaker = surroundings.weaker.iter();
    // Memory has a finding of its own.
    let weaker = weaker.filter(|sentence| *sentence != Surroundings::MEMORY_IS_MEASURED);
    findings.extend(weaker.map(|sentence| Finding::new("besides", Mark::Weak, sentence)));
    Ok(findings)
}

/// One level, and why it is not to be had, if so.
struct Tried {
    level: Level,
    refused: Option<String>,
}

/// Tries every level but the one in force.
fn levels(config: &Config, in_force: Option<Level>) -> Result<Vec<Tried>, Failure> {
    let all = [
        (Level::Sandbox, Isolation::Sandbox),
        (Level::Confined, Isolation::Confined),
        (Level::None, Isolation::None),
    ];
    let tried = all.into_iter().map(|(level, isolation)| {
        if in_force == Some(level) {
            return Ok(Tried { level, refused: None });
        }
        let mut config = config.clone();
        config.execution.isolation = isolation;
        Ok(Tried { level, refused: launch(&config)?.launcher.err() })
    });
    tried.collect()
}

fn level(config: &Config, surroundings: &Surroundings, levels: &[Tried]) -> Finding {
    let (level, reason) = (surroundings.level, &surroundings.reason);
    let stays_on = level == Level::None && config.execution.network == config::Network::Off;
    let mark = match level {
        _ if stays_on => Mark::Bad,
        Level::Sandbox => Mark::Ok,
        Level::Confined | Level::None => Mark::Weak,
    };
    let text = format!("{}, {reason}", level.as_str());
    let finding = Finding::new("isolation", mark, text).fact("level", level.as_str());
    let finding = finding.fact("reason", reason.as_str());
    let finding = if stays_on {
        finding.detail("`execution.network` is \"off\", which this level cannot enforce")
    } else {
        finding
    };
    with_levels(finding, levels, Some(level))
}

/// The levels that tenants are to have, and whether they work here; none when all have the server's.
fn tenants(config: &Config, levels: &[Tried]) -> Option<Finding> {
    let others = [("*", &config.tenants.others)];
    let named = config.tenants.named.iter().map(|(name, tenant)| (name.as_str(), tenant));
    let wanted = |(name, tenant): (&str, &TenantConfig)| {
        let level = app::level_of(tenant.isolation)?;
        let tried = levels.iter().find(|tried| tried.level == level)?;
        Some((format!("{name} {}", level.as_str()), tried.refused.clone()))
    };
    let wanted: Vec<_> = named.chain(others).filter_map(wanted).collect();
    let words: Vec<&str> = wanted.iter().map(|(words, _)| words.as_str()).collect();
    let missing = wanted.iter().filter_map(|(words, refused)| Some((words, refused.as_ref()?)));
    let mark = if missing.clone().count() > 0 { Mark::Bad } else { Mark::Ok };
    let finding = Finding::new("tenants", mark, words.join(", "));
    let finding = missing.fold(finding, |finding, (words, why)| {
        finding.detail(format!("{words} does not work here: {why}"))
    });
    (!wanted.is_empty()).then_some(finding)
}

/// Nothing can be run at all.
fn no_level(config: &Config, why: &str, levels: &[Tried]) -> Finding {
    let wanted = match config.execution.isolation {
        Isolation::Auto => "no level is",
        Isolation::None => "none is not",
        Isolation::Confined => "confined is not",
        Isolation::Sandbox => "sandbox is not",
    };
    let text = format!("{wanted} available on this machine: {why}");
    with_levels(Finding::new("isolation", Mark::Bad, text), levels, None)
}

fn with_levels(finding: Finding, levels: &[Tried], in_force: Option<Level>) -> Finding {
    let facts = levels.iter().map(|Tried { level, refused }| {
        json!({ "level": level.as_str(), "works": refused.is_none(), "error": refused })
    });
    let finding = finding.fact("levels", Value::from_iter(facts));
    levels.iter().filter(|tried| in_force != Some(tried.level)).fold(finding, |finding, tried| {
        let level = tried.level.as_str();
        finding.detail(match &tried.refused {
            None => format!("{level} works here too"),
            Some(why) => format!("{level} does not work here: {why}"),
        })
    })
}

fn containment(config: &Config, containment: Containment) -> Finding {
    let (mark, what) = match containment {
        Containment::Cgroup2 => (
            Mark::Ok,
            "nothing leaves its control group, and the kernel ends all that is in it at once",
        ),
        Containment::PidNamespace => {
            (Mark::Ok, "nothing leaves its PID namespace, which ends with its first process")
        }
        Containment::Session => {
            (Mark::Weak, "what forks faster than it is looked for can escape for a while")
        }
    };
    let chosen = match config.execution.containment {
        config::Containment::Auto => "the strongest that is worth its cost here",
        _ => "asked for by the configuration",
    };
    let text = format!("{}, {chosen}: {what}", containment.as_str());
    let finding = Finding::new("containment", mark, text);
    let finding = finding.fact("containment", containment.as_str());
    if containment == Containment::PidNamespace {
        return finding.detail(
            "a control group would hold them no better; what it could add are limits of memory \
             and processes",
        );
    }
    finding
}

fn user(surroundings: &Surroundings) -> Finding {
    let (mark, text) = match surroundings.user_id {
        Some(id) => (Mark::Ok, format!("programs run as user {id}")),
        // Without walls, the server's own files are the programs' too.
        None => {
            let mark = Mark::Weak.unless(surroundings.level != Level::None);
            (mark, "programs run as the server's own user".to_owned())
        }
    };
    let own = rustix::process::geteuid().as_raw();
    Finding::new("user", mark, text).fact("user_id", surroundings.user_id.unwrap_or(own))
}

fn memory(by_cgroup: bool) -> Finding {
    let text = if by_cgroup {
        "the kernel limits it, with cgroups"
    } else {
        Surroundings::MEMORY_IS_MEASURED
    };
    Finding::new("memory", Mark::Weak.unless(by_cgroup), text).fact("by_cgroup", by_cgroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(level: Level) -> Surroundings {
        Surroundings {
            level,
            reason: "why it is so".to_owned(),
            containment: Containment::Session,
            user_id: None,
            memory_by_cgroup: false,
            weaker: Vec::new(),
        }
    }

    #[test]
    fn the_strongest_level_is_good_and_others_are_weak() {
        let config = Config::default();
        let mark = |found| level(&config, &surroundings(found), &[]).mark;
        assert_eq!(mark(Level::Sandbox), Mark::Ok);
        assert_eq!(mark(Level::Confined), Mark::Weak);
        assert_eq!(mark(Level::None), Mark::Weak);
    }

    #[test]
    fn a_network_that_stays_on_against_the_configuration_is_bad() {
        let mut config = Config::default();
        config.execution.network = config::Network::Off;
        let finding = level(&config, &surroundings(Level::None), &[]);
        assert_eq!(finding.mark, Mark::Bad);
        assert!(finding.details[0].contains("`execution.network`"), "{finding:?}");
        assert_eq!(level(&config, &surroundings(Level::Confined), &[]).mark, Mark::Weak);
    }

    #[test]
    fn without_any_level_each_says_why() {
        let refused = |level| Tried { level, refused: Some(format!("{level:?} lacks it")) };
        let levels = [refused(Level::Sandbox), refused(Level::None)];
        let finding = no_level(&Config::default(), "it lacks it", &levels);
        assert_eq!(finding.mark, Mark::Bad);
        assert_eq!(finding.text, "no level is available on this machine: it lacks it");
        assert_eq!(finding.details[0], "sandbox does not work here: Sandbox lacks it");
        assert_eq!(finding.facts["levels"][1]["works"], false);
    }

    #[test]
    fn a_session_is_weak_and_what_nothing_leaves_is_not() {
        let mark = |found| containment(&Config::default(), found).mark;
        assert_eq!(mark(Containment::Session), Mark::Weak);
        assert_eq!(mark(Containment::PidNamespace), Mark::Ok);
        assert_eq!(mark(Containment::Cgroup2), Mark::Ok);
    }
}
