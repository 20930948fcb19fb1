//! The doctor's look at control groups: whether there are any of version 2, and which controllers
//! they have for programs.

use super::finding::{Finding, Mark};
use crate::process::cgroup_controllers;

/// What limits are set with; whatever else there is, Ringback does not use.
const WANTED: [&str; 2] = ["memory", "pids"];

pub(super) fn finding() -> Finding {
    let found = cgroup_controllers();
    let controllers = found.as_ref().map(|(_, controllers)| controllers.clone());
    let (mark, text) = match &found {
        Ok((group, controllers)) => {
            let lacking = lacking(controllers);
            let group = group.display();
            let text = match lacking.as_slice() {
                [] => format!("{group} has the controllers {}", WANTED.join(" and ")),
                [one] => format!("{group} lacks the controller {one}"),
                more => format!("{group} lacks the controllers {}", more.join(" and ")),
            };
            (Mark::Weak.unless(lacking.is_empty()), text)
        }
        Err(why) => (Mark::Weak, why.clone()),
    };
    Finding::new("cgroups", mark, text).fact("controllers", controllers.unwrap_or_default())
}

fn lacking(controllers: &[String]) -> Vec<&'static str> {
    WANTED.into_iter().filter(|wanted| !controllers.iter().any(|has| has == wanted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_limits_are_set_with_is_missed() {
        let check = |has: &[&str], expected: &[&str]| {
            let has: Vec<String> = has.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(lacking(&has), expected, "{has:?}");
        };
        check(&["cpuset", "cpu", "io", "memory", "pids"], &[]);
        check(&["memory"], &["pids"]);
        check(&["hugetlb"], &["memory", "pids"]);
        check(&[], &["memory", "pids"]);
    }
}
