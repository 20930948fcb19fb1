//! Each program in `programs/` runs cold and in a worker, and must end and print the same, byte for
//! byte.

use std::path::Path;

use ringback::domain::{ExecutionId, ExecutionSpec, Secret, StartMode};
use ringback::process::Ending;

use super::site::{js, place, text};

/// What the programs that read get to read.
fn input(name: &str) -> Option<String> {
    name.starts_with("input").then(|| "a line with ü in it\n".repeat(20_000))
}

fn spec(name: &str, code: &str) -> ExecutionSpec {
    let mut spec = js(code);
    spec.stdin = input(name);
    spec.env.insert("ASKED".to_owned(), Secret::new("=by = the\nrequest ü".to_owned()));
    spec.env.insert("TZ".to_owned(), Secret::new("Asia/Tokyo".to_owned()));
    spec.limits.open_files = Some(256);
    spec
}

#[tokio::test]
async fn a_program_finds_nothing_different_in_a_worker() {
    let (cold, warm) = (place(false), place(true));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/warm_node/programs");
    let mut paths: Vec<_> =
        std::fs::read_dir(programs).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 20);
    let mut differences = Vec::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let spec = spec(name, &std::fs::read_to_string(&path).unwrap());
        let id = ExecutionId::generate();
        let (expected, expected_result) = cold.run_as(id, &spec).await;
        let (found, result) = warm.run_warm(id, &spec).await;
        assert_eq!(expected.start, StartMode::Cold);
        let parts = |ending: &Ending| {
            (ending.exit, ending.stdout.clone(), ending.stderr.clone(), ending.descendants_killed)
        };
        if parts(&expected) != parts(&found) || expected_result != result {
            differences.push(format!("{name}: {:?} and {:?}", expected.exit, found.exit));
            for stream in [|e: &Ending| e.stdout.head.clone(), |e: &Ending| e.stderr.head.clone()] {
                differences.extend(different_lines(&stream(&expected), &stream(&found)));
            }
        }
        let said = !expected.stdout.head.is_empty() || !expected.stderr.head.is_empty();
        assert!(said, "{name} shows nothing that could differ");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The lines of one that the other has not got, which are most often all that is different.
fn different_lines(cold: &[u8], warm: &[u8]) -> Vec<String> {
    let only = |who: &str, of: &[u8], not_of: &[u8]| -> Vec<String> {
        let others: Vec<&str> = text(not_of).lines().collect();
        let own = text(of).lines().filter(|line| !others.contains(line));
        own.map(|line| format!("  {who}: {line}")).collect()
    };
    [only("cold", cold, warm), only("warm", warm, cold)].concat()
}
