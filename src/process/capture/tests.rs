//! Streams read and recorded at the same time. The writer is the test itself; each test waits for a
//! condition, never for a while.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::super::recording::Recording;
use super::super::recordings::{Recordings, Stream};
use super::*;
use crate::domain::ExecutionId;

struct Place {
    folder: TempDir,
    capture: Capture,
    writer: File,
    file: PathBuf,
}

fn capture(bytes_max: u64, stop_at: Option<u64>) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::create(folder.path()).unwrap();
    let id = ExecutionId::generate();
    let recorder = recordings.recorder(id, Stream::Stdout);
    let (capture, writer) = Capture::new(bytes_max, stop_at, Some(recorder)).unwrap();
    let file = folder.path().join(format!("output/{id}.stdout"));
    Place { folder, capture, writer: writer.into(), file }
}

/// Reads the stream until what is recorded of it satisfies a condition.
async fn until_recorded(place: &mut Place, wanted: impl Fn(&Captured) -> bool) -> Captured {
    let Place { capture, file, .. } = place;
    let recorded = async {
        loop {
            match Recording::read(file).unwrap() {
                Some(recorded) if wanted(&recorded) => return recorded,
                _ => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    };
    let both = async {
        tokio::select! {
            recorded = recorded => recorded,
            end = capture.until_closed() => panic!("{end:?}"),
        }
    };
    tokio::time::timeout(Duration::from_secs(10), both).await.unwrap()
}

#[tokio::test]
async fn a_stream_is_recorded_while_it_goes_on() {
    let mut place = capture(1000, None);
    place.writer.write_all(b"first ").unwrap();
    until_recorded(&mut place, |recorded| recorded.head == b"first ").await;
    place.writer.write_all(b"second").unwrap();
    until_recorded(&mut place, |recorded| recorded.head == b"first second").await;
    drop(place.writer);
    assert_eq!(place.capture.until_closed().await, StreamEnd::Closed);
    assert_eq!(place.capture.finish(), Captured::whole("first second"));
}

#[tokio::test]
async fn a_stream_that_was_closed_is_recorded_to_its_last_byte() {
    let Place { folder: _folder, mut capture, mut writer, file } = capture(1000, None);
    writer.write_all(b"all").unwrap();
    drop(writer);
    assert_eq!(capture.until_closed().await, StreamEnd::Closed);
    assert_eq!(Recording::read(&file).unwrap(), Some(Captured::whole("all")));
}

#[tokio::test]
async fn what_comes_with_the_end_is_recorded_where_something_was_before() {
    let mut place = capture(1000, None);
    place.writer.write_all(b"before ").unwrap();
    until_recorded(&mut place, |recorded| recorded.total == 7).await;
    place.writer.write_all(b"the end").unwrap();
    assert_eq!(place.capture.finish(), Captured::whole("before the end"));
    assert_eq!(Recording::read(&place.file).unwrap(), Some(Captured::whole("before the end")));
}

#[tokio::test]
async fn a_stream_that_ends_young_has_no_file() {
    let Place { folder, capture, mut writer, .. } = capture(1000, None);
    writer.write_all(b"short").unwrap();
    assert_eq!(capture.finish(), Captured::whole("short"));
    assert_eq!(fs::read_dir(folder.path().join("output")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_stream_that_is_too_long_is_told_and_one_of_just_the_length_is_not() {
    let mut place = capture(1000, Some(10));
    place.writer.write_all(b"0123456789").unwrap();
    until_recorded(&mut place, |recorded| recorded.total == 10).await;
    place.writer.write_all(b"!").unwrap();
    assert_eq!(place.capture.until_closed().await, StreamEnd::TooMuch);
    assert_eq!(place.capture.until_closed().await, StreamEnd::TooMuch);
    // What was written before the program was killed counts all the same.
    place.writer.write_all(b"!!").unwrap();
    assert_eq!(place.capture.finish().total, 13);
}

#[tokio::test]
async fn nothing_is_lost_however_often_it_is_given_up() {
    let Place { folder: _folder, mut capture, mut writer, .. } = capture(1 << 20, None);
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let expected = bytes.clone();
    let writing = std::thread::spawn(move || {
        bytes.chunks(1000).for_each(|chunk| writer.write_all(chunk).unwrap());
    });
    loop {
        tokio::select! {
            biased;
            end = capture.until_closed() => break assert_eq!(end, StreamEnd::Closed),
            () = tokio::task::yield_now() => {}
        }
    }
    writing.join().unwrap();
    assert_eq!(capture.finish(), Captured::whole(expected));
}

#[tokio::test]
async fn a_disk_that_refuses_costs_no_output() {
    let Place { folder, mut capture, mut writer, file } = capture(1000, None);
    fs::remove_dir(folder.path().join("output")).unwrap();
    writer.write_all(b"all").unwrap();
    drop(writer);
    assert_eq!(capture.until_closed().await, StreamEnd::Closed);
    assert!(!file.exists());
    assert_eq!(capture.finish(), Captured::whole("all"));
}

#[tokio::test]
async fn a_long_stream_is_kept_as_a_short_one_is() {
    let Place { folder: _folder, mut capture, mut writer, file } = capture(100_000, None);
    let total = 10_000_000;
    let writing = std::thread::spawn(move || {
        let numbers: Vec<u8> = (0..total / 8).flat_map(|n: u64| n.to_le_bytes()).collect();
        numbers.chunks(65_536).for_each(|chunk| writer.write_all(chunk).unwrap());
        numbers
    });
    assert_eq!(capture.until_closed().await, StreamEnd::Closed);
    let all = writing.join().unwrap();
    let recorded = Recording::read(&file).unwrap();
    let kept = capture.finish();
    assert_eq!((&kept.head[..], kept.total), (&all[..50_000], total));
    assert_eq!(kept.tail, &all[all.len() - 50_000..]);
    assert_eq!(recorded, Some(kept));
}
