//! What is written is what is read, at every moment and in whatever steps; and what is no
//! recording is told in a sentence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exec_1.stdout");
    Place { _folder: folder, path }
}

/// A stream in which every byte tells where it stands.
fn stream(from: u64, length: usize) -> Vec<u8> {
    (from..).take(length).map(|offset| (offset % 251) as u8).collect()
}

/// A recording of `total` bytes of that stream.
fn recorded(path: &Path, bytes_max: u64, total: usize) -> (Recording, OutputKeeper) {
    let mut keeper = OutputKeeper::new(bytes_max);
    keeper.push(&stream(0, total));
    let mut recording = Recording::create(path, keeper.layout()).unwrap();
    recording.write(&keeper).unwrap();
    (recording, keeper)
}

#[test]
fn there_is_nothing_before_something_is_written() {
    let place = place();
    assert_eq!(Recording::read(&place.path).unwrap(), None);
    let recording = Recording::create(&place.path, KeptLayout::new(100)).unwrap();
    assert_eq!(Recording::read(&place.path).unwrap(), None);
    recording.file.write_all_at(b"not yet counted", HEADER_BYTES).unwrap();
    assert_eq!(Recording::read(&place.path).unwrap(), None);
}

#[test]
fn only_its_owner_may_read_it_and_an_older_one_is_gone() {
    let place = place();
    fs::write(&place.path, "x".repeat(1000)).unwrap();
    let (_, keeper) = recorded(&place.path, 100, 10);
    assert_eq!(fs::metadata(&place.path).unwrap().len(), HEADER_BYTES + 10);
    assert_eq!(Recording::read(&place.path).unwrap(), Some(keeper.finish()));
    fs::remove_file(&place.path).unwrap();
    recorded(&place.path, 100, 10);
    assert_eq!(fs::metadata(&place.path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_writer_that_was_killed_between_two_writes_leaves_what_is_true() {
    let place = place();
    let (mut recording, mut keeper) = recorded(&place.path, 20, 100);
    // It had given up the older half of the tail and written over some of it.
    let tail_from = keeper.layout().tail_from(105);
    recording.write_header(Header { tail_from, ..recording.header }).unwrap();
    keeper.push(&stream(100, 5));
    let (position, bytes) = keeper.kept_since(100).next().unwrap();
    recording.file.write_all_at(bytes, HEADER_BYTES + position).unwrap();
    let left = Recording::read(&place.path).unwrap().unwrap();
    assert_eq!((left.head, left.tail, left.total), (stream(0, 10), stream(95, 5), 100));
}

#[test]
fn what_is_no_recording_is_told_in_a_sentence() {
    let place = place();
    let said = || Recording::read(&place.path).unwrap_err().to_string();
    fs::write(&place.path, "short").unwrap();
    assert!(said().contains("ends within its header"), "{}", said());
    fs::write(&place.path, "these are the wrong trousers ".repeat(9)).unwrap();
    assert!(said().contains("is no recording"), "{}", said());
    fs::remove_file(&place.path).unwrap();
    fs::create_dir(&place.path).unwrap();
    assert!(said().contains("something else than a file"), "{}", said());
    fs::remove_dir(&place.path).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &place.path).unwrap();
    assert!(Recording::read(&place.path).is_err());
}

#[test]
fn damage_is_told_in_a_sentence() {
    let place = place();
    let said = || Recording::read(&place.path).unwrap_err().to_string();
    let (mut recording, _) = recorded(&place.path, 100, 60);
    for at in [8, 16, 24, 32] {
        let mut bytes = fs::read(&place.path).unwrap();
        bytes[at] ^= 1;
        fs::write(&place.path, bytes).unwrap();
        assert!(said().contains("checksum"), "{at}: {}", said());
        recorded(&place.path, 100, 60);
    }
    let good = recording.header;
    recording.write_header(Header { total: 1 << 60, tail_from: 1 << 60, ..good }).unwrap();
    assert!(said().contains("shorter than its header says"), "{}", said());
    recording.write_header(Header { bytes_max: u64::MAX, total: u64::MAX, ..good }).unwrap();
    assert!(said().contains("shorter than its header says"), "{}", said());
    recording.write_header(Header { tail_from: 0, ..good }).unwrap();
    assert!(said().contains("more than there is room for"), "{}", said());
}

#[test]
fn who_reads_while_it_is_written_never_sees_a_byte_that_is_not_there() {
    let place = place();
    let bytes_max = 64 * 1024;
    let (mut recording, mut keeper) = recorded(&place.path, bytes_max, 1);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Steps of all lengths, from a byte to more than the ring holds.
            for step in (1..1000).map(|step: usize| step * step % 40_000 + 1) {
                keeper.push(&stream(keeper.total(), step));
                recording.write(&keeper).unwrap();
            }
            over.store(true, Ordering::SeqCst);
        });
        let mut reads = 0;
        while !over.load(Ordering::SeqCst) || reads == 0 {
            let seen = Recording::read(&place.path).unwrap().unwrap();
            let tail_from = seen.total - seen.tail.len() as u64;
            let is_true = seen.head == stream(0, seen.head.len())
                && seen.tail == stream(tail_from, seen.tail.len());
            assert!(is_true, "after {} bytes, with a tail from {tail_from}", seen.total);
            reads += 1;
        }
    });
    assert_eq!(Recording::read(&place.path).unwrap(), Some(keeper.finish()));
}

proptest::proptest! {
    #[test]
    fn what_was_written_is_read(
        bytes_max in 0u64..64,
        steps in proptest::collection::vec((0usize..100, proptest::bool::ANY), 1..12),
    ) {
        let place = place();
        let mut keeper = OutputKeeper::new(bytes_max);
        let mut recording = Recording::create(&place.path, keeper.layout()).unwrap();
        let last = steps.len() - 1;
        for (step, (length, is_written)) in steps.into_iter().enumerate() {
            keeper.push(&stream(keeper.total(), length));
            if is_written || step == last {
                recording.write(&keeper).unwrap();
                let mut same = OutputKeeper::new(bytes_max);
                same.push(&stream(0, usize::try_from(keeper.total()).unwrap()));
                proptest::prop_assert_eq!(Recording::read(&place.path).unwrap(), Some(same.finish()));
                let length = fs::metadata(&place.path).unwrap().len();
                proptest::prop_assert!(length <= HEADER_BYTES + bytes_max);
            }
        }
    }

    #[test]
    fn no_file_makes_a_reader_panic(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        fields in proptest::array::uniform3(proptest::num::u64::ANY),
        has_a_header in proptest::bool::ANY,
    ) {
        let place = place();
        let [bytes_max, total, tail_from] = fields;
        let header = Header { bytes_max, total, tail_from }.to_bytes();
        let header = if has_a_header { &header[..] } else { &[] };
        fs::write(&place.path, [header, &bytes].concat()).unwrap();
        if let Ok(Some(seen)) = Recording::read(&place.path) {
            proptest::prop_assert!(has_a_header && seen.head.len() + seen.tail.len() <= 200);
        }
    }
}
