//! Kernels that lack something: at `auto` programs run all the same, as far apart from the machine
//! as is still possible, and it is said what is missing. What was asked for by name is refused.

use ringback::domain::Exit;
use ringback::process::{Containment, Feature, Level, Surroundings};

use super::support::{Place, eventually, is_running, launch, place_with, sh, text, within};

const ALL: [Feature; 5] =
    [Feature::Clone3, Feature::Namespaces, Feature::Cgroup2, Feature::Landlock, Feature::Seccomp];

fn lacking(features: &[Feature]) -> Place {
    place_with(|settings| settings.lacking = features.to_vec()).unwrap()
}

/// All that is said about what could be stronger.
fn said(surroundings: &Surroundings) -> String {
    format!("{}; {}", surroundings.reason, surroundings.weaker.join("; "))
}

/// Programs run and end, are killed with their descendants, and leave none behind. `number` marks
/// those of one test.
async fn programs_run_and_end(place: &Place, number: u32) {
    let (ending, _, _) =
        within(launch(place, &sh("echo hello; exit 3")).await.ended()).await.unwrap();
    assert_eq!((ending.exit, text(&ending.stdout.head)), (Exit::Code(3), "hello\n"));

    let left = format!("sleep {number}1");
    let code = format!("setsid sh -c 'echo up > up; exec {left}' & while ! [ -s up ]; do :; done");
    let (ending, _, _) = within(launch(place, &sh(&code)).await.ended()).await.unwrap();
    assert_eq!((ending.exit, ending.descendants_killed), (Exit::Code(0), 1));
    assert!(!is_running(&left));

    let (leader, child) = (format!("sleep {number}2"), format!("sleep {number}3"));
    let launched = launch(place, &sh(&format!("setsid {child} & exec {leader}"))).await;
    eventually("both run", || is_running(&leader) && is_running(&child)).await;
    launched.signaller().kill();
    let (ending, _, _) = within(launched.ended()).await.unwrap();
    assert_eq!(ending.exit, Exit::Signal(9));
    assert!(!is_running(&leader) && !is_running(&child));
}

/// What this machine has without anything taken away.
fn untouched() -> Surroundings {
    lacking(&[]).launcher.surroundings().clone()
}

#[tokio::test]
async fn without_clone3_everything_is_as_strong() {
    let place = lacking(&[Feature::Clone3]);
    let (now, full) = (place.launcher.surroundings(), untouched());
    assert_eq!((now.level, now.containment), (full.level, full.containment));
    assert!(said(now).contains("clone3 is missing"), "{}", said(now));
    programs_run_and_end(&place, 20_100).await;
}

/// The same where it matters most: a cgroup must be entered in another way then.
#[tokio::test]
async fn without_clone3_a_program_still_gets_into_its_cgroup() {
    let place = place_with(|settings| {
        settings.lacking = vec![Feature::Clone3];
        settings.level = Some(Level::None);
    })
    .unwrap();
    programs_run_and_end(&place, 20_150).await;
}

#[tokio::test]
async fn without_namespaces_there_is_no_sandbox() {
    let place = lacking(&[Feature::Namespaces]);
    let now = place.launcher.surroundings();
    assert!(now.level < Level::Sandbox, "{now:?}");
    assert_ne!(now.containment, Containment::PidNamespace);
    assert!(now.reason.contains("the kernel has no namespaces"), "{}", now.reason);
    programs_run_and_end(&place, 20_200).await;
}

#[tokio::test]
async fn without_cgroups_a_pid_namespace_holds_programs() {
    let place = lacking(&[Feature::Cgroup2]);
    let (now, full) = (place.launcher.surroundings(), untouched());
    assert_eq!(now.level, full.level);
    assert_ne!(now.containment, Containment::Cgroup2);
    assert!(!now.memory_by_cgroup);
    assert!(said(now).contains("no cgroups of version 2"), "{}", said(now));
    programs_run_and_end(&place, 20_300).await;
}

#[tokio::test]
async fn without_landlock_nothing_is_confined_but_what_is_in_a_sandbox() {
    let place = lacking(&[Feature::Landlock]);
    let (now, full) = (place.launcher.surroundings(), untouched());
    let expected = if full.level == Level::Sandbox { Level::Sandbox } else { Level::None };
    assert_eq!(now.level, expected);
    assert!(said(now).contains("Landlock"), "{}", said(now));
    programs_run_and_end(&place, 20_400).await;
}

#[tokio::test]
async fn without_filters_of_system_calls_there_is_no_isolation() {
    let place = lacking(&[Feature::Seccomp]);
    let now = place.launcher.surroundings();
    assert_eq!(now.level, Level::None);
    assert!(now.reason.contains("seccomp"), "{}", now.reason);
    programs_run_and_end(&place, 20_500).await;
}

#[tokio::test]
async fn with_nothing_of_it_all_programs_still_end_with_their_execution() {
    let place = lacking(&ALL);
    let now = place.launcher.surroundings();
    assert_eq!((now.level, now.containment), (Level::None, Containment::Session));
    for words in ["clone3", "no namespaces", "no cgroups", "no filters"] {
        assert!(said(now).contains(words), "`{words}` is missing: {}", said(now));
    }
    programs_run_and_end(&place, 20_600).await;
}

#[test]
fn a_level_that_was_asked_for_by_name_is_refused_without_its_features() {
    for (level, feature, word) in [
        (Level::Sandbox, Feature::Namespaces, "no namespaces"),
        (Level::Sandbox, Feature::Seccomp, "seccomp"),
        (Level::Confined, Feature::Landlock, "no Landlock"),
        (Level::Confined, Feature::Seccomp, "seccomp"),
    ] {
        let refused = place_with(|settings| {
            settings.level = Some(level);
            settings.lacking = vec![feature];
        });
        let error = refused.err().expect("it is refused").to_string();
        assert!(error.contains(level.as_str()) && error.contains(word), "{error}");
    }
}

#[test]
fn a_containment_that_was_asked_for_by_name_is_refused_without_its_feature() {
    for (containment, feature, word) in [
        (Containment::Cgroup2, Feature::Cgroup2, "no cgroups of version 2"),
        (Containment::PidNamespace, Feature::Namespaces, "no namespaces"),
    ] {
        let refused = place_with(|settings| {
            settings.level = Some(Level::None);
            settings.containment = Some(containment);
            settings.lacking = vec![feature];
        });
        let error = refused.err().expect("it is refused").to_string();
        assert!(error.contains(word), "{error}");
    }
}
