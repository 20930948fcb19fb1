//! The doctor's look at runtimes: each as programs themselves would find it.

use super::finding::{Finding, Mark};
use crate::process::Launcher;

/// One finding for each language. A server without any could run nothing.
pub(super) async fn findings(launcher: &Launcher) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for runtime in launcher.runtimes().iter() {
        let name = runtime.name();
        match runtime.located(launcher).await {
            Ok(located) => {
                let (path, version) = (located.executable.display().to_string(), located.version);
                let told = version.as_deref().unwrap_or("version unknown");
                let finding = Finding::new("runtime", Mark::Ok, format!("{name}: {path} ({told})"));
                let finding = finding.fact("name", name).fact("found", true);
                found.push(finding.fact("executable", path).fact("version", version));
            }
            Err(error) => missing.push((name, error.to_string())),
        }
    }
    let mark = if found.is_empty() { Mark::Bad } else { Mark::Weak };
    found.extend(missing.into_iter().map(|(name, error)| {
        let finding = Finding::new("runtime", mark, format!("{name}: {error}"));
        finding.fact("name", name).fact("found", false)
    }));
    found
}
