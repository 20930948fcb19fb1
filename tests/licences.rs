//! Every dependency has a licence that `deny.toml` allows, and comes from the registry.
//! The same rule as `cargo deny`, for machines that do not have it.

// Only the library must leave starting processes to one module.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeSet;
use std::process::Command;

use spdx::{Expression, LicenseItem};

fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string("deny.toml").expect("it is there");
    let deny: toml_edit::DocumentMut = text.parse().expect("it is TOML");
    let list = deny["licenses"]["allow"].as_array().expect("it is a list");
    list.iter().map(|entry| entry.as_str().expect("a name").to_owned()).collect()
}

fn packages() -> Vec<serde_json::Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    metadata["packages"].as_array().expect("there are packages").clone()
}

fn is_allowed(licence: &str, allowed: &BTreeSet<String>) -> bool {
    // Some old crates write `MIT/Apache-2.0`.
    let expression = Expression::parse(&licence.replace('/', " OR ")).expect("an SPDX expression");
    expression.evaluate(|requirement| {
        let name = match &requirement.license {
            LicenseItem::Spdx { id, .. } => id.name.to_owned(),
            LicenseItem::Other { .. } => return false,
        };
        let name = match &requirement.addition {
            Some(addition) => format!("{name} WITH {addition}"),
            None => name,
        };
        allowed.contains(&name)
    })
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    let packages = packages();
    assert!(packages.len() > 100, "the tree is there");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| {
            let licence = package["license"].as_str();
            !licence.is_some_and(|licence| is_allowed(licence, &allowed))
        })
        .map(|package| format!("{} {}", package["name"], package["license"]))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

#[test]
fn copyleft_is_refused() {
    let allowed = allowed();
    for licence in
        ["GPL-3.0-or-later", "LGPL-3.0-only", "AGPL-3.0-only", "MPL-2.0", "MIT AND GPL-2.0-only"]
    {
        assert!(!is_allowed(licence, &allowed), "{licence}");
    }
    assert!(is_allowed("MIT OR GPL-3.0-only", &allowed));
}

#[test]
fn every_dependency_comes_from_the_registry() {
    for package in packages() {
        let source = package["source"].as_str();
        let is_ours = package["name"] == "ringback";
        let from_registry = source.is_some_and(|source| source.starts_with("registry+"));
        assert!(is_ours || from_registry, "{} comes from {source:?}", package["name"]);
    }
}
