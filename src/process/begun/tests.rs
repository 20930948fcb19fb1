//! What the next owner can tell of the marks of the one before.

use super::*;

fn run(epoch: u32) -> (ExecutionId, Epoch) {
    (ExecutionId::generate(), Epoch(epoch))
}

fn open(dir: &Path) -> (Begun, OwnerId) {
    let owner = OwnerId::generate();
    (Begun::open(dir, owner).unwrap(), owner)
}

#[test]
fn the_next_owner_knows_what_was_begun_and_what_was_not() {
    let dir = tempfile::tempdir().unwrap();
    let (first, owner) = open(dir.path());
    let runs: Vec<_> = (1..300).map(run).collect();
    runs.iter().for_each(|run| first.mark(*run).unwrap());
    runs.iter().step_by(2).for_each(|run| first.unmark(*run));
    let (again, other) = (run(7), run(8));
    first.mark(again).unwrap();
    drop(first);

    let (second, _) = open(dir.path());
    for (at, run) in runs.iter().enumerate() {
        assert_eq!(second.may_have(owner, *run), at % 2 == 1, "{at}");
    }
    assert!(second.may_have(owner, again));
    assert!(!second.may_have(owner, other));
    assert!(!second.may_have(owner, (again.0, Epoch(9))), "another run of the same");
}

#[test]
fn of_an_owner_that_left_nothing_every_program_may_have_begun() {
    let dir = tempfile::tempdir().unwrap();
    let (begun, _) = open(dir.path());
    assert!(begun.may_have(OwnerId::generate(), run(1)));
}

#[test]
fn marks_of_another_start_of_the_kernel_count_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (first, owner) = open(dir.path());
    let path = first.own.clone();
    let mut bytes = fs::read(&path).unwrap();
    bytes[..HEAD_BYTES].copy_from_slice(&head("another-start"));
    fs::write(&path, bytes).unwrap();
    let (second, _) = open(dir.path());
    assert!(second.may_have(owner, run(1)));
}

#[test]
fn marks_that_cannot_be_kept_leave_nothing_that_could_be_believed() {
    let dir = tempfile::tempdir().unwrap();
    let (first, owner) = open(dir.path());
    // Writing there fails for ever, with no disk that is full.
    first.marks().file = Some(File::open(&first.own).unwrap());
    first.mark(run(1)).unwrap();
    first.mark(run(2)).unwrap();
    let (second, _) = open(dir.path());
    assert!(second.may_have(owner, run(3)));
}

#[test]
fn what_earlier_owners_left_goes_when_all_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let (first, owner) = open(dir.path());
    let (second, _) = open(dir.path());
    second.forget_earlier().unwrap();
    assert!(!first.own.exists() && second.own.exists());
    let (third, _) = open(dir.path());
    assert!(third.may_have(owner, run(1)));
}
