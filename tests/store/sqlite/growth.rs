//! The file does not grow for ever: what is removed makes room for what comes.
//! Times nothing; the clock is the test's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use ringback::actors::{Retention, sweep};
use ringback::domain::{Captured, DeliveryEnd, Ended, EventId, EventType, Guard, Next, Outcome};
use ringback::store::{Announcement, Finish, NewDelivery, NewExecution, Rooms, Settled, Store};
use rusqlite::Connection;

use super::SqliteBackend;
use crate::support::{Backend, calling_back, delivery, epoch, queued, record};

/// How many executions come in a minute.
const A_MINUTE: usize = 500;

const MINUTES: usize = 40;

const MINUTE: Duration = Duration::from_secs(60);

/// How many minutes most are kept, and those that could not be delivered.
const KEPT: [u32; 2] = [4, 8];

/// How many of the executions of a minute could not be delivered.
const FAILED: usize = A_MINUTE / 20;

/// The whole life of an execution, with as much output as its number says.
async fn live(store: &dyn Store, number: usize) {
    let spec = calling_back("https://example.com/hook");
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let now = accepted.created_at;
    let ended = Ended {
        // From nothing to several pages.
        stdout: Captured::whole(vec![b'x'; number * 37 % 15_000]),
        ..Ended::without_output(Outcome::Exited { code: 0 }, Some(now), now)
    };
    let owed = delivery(accepted.id, "example.com");
    let id = owed.id;
    let guard = Guard::Running(epoch(&accepted));
    let finish = Finish { id: accepted.id, guard, ended, delivery: Some(owed) };
    assert_eq!(store.finish(finish.into()).await.unwrap(), Settled::Written);
    let failed = number.is_multiple_of(A_MINUTE / FAILED);
    let next = if failed { Next::End(DeliveryEnd::Attempts) } else { Next::Delivered };
    record(store, id, 1, next).await;
}

/// How large the database is and how large its log beside it, in bytes. The log is as long as it had
/// to be once, when a machine was too busy to copy it back, and begins anew each time that it was.
fn bytes(dir: &Path) -> (u64, u64) {
    let length = |name| fs::metadata(dir.join(name)).unwrap().len();
    (length("ringback.db"), length("ringback.db-wal"))
}

#[tokio::test]
async fn under_a_steady_load_the_file_stops_growing() {
    let backend = SqliteBackend::new();
    let store = backend.open().await;
    let dir = backend.options().dir;
    let [age, failed_age] = KEPT.map(|minutes| Some(minutes * MINUTE));
    let retention = Retention { age, failed_age, count_max: None, interval: MINUTE, batch: 200 };
    let mut sizes = Vec::new();
    let mut removed = 0;
    for minute in 0..MINUTES {
        let numbers = minute * A_MINUTE..(minute + 1) * A_MINUTE;
        join_all(numbers.map(|number| live(&*store, number))).await;
        backend.advance(MINUTE).await;
        removed += sweep(&*store, &retention).await.unwrap();
        sizes.push(bytes(&dir));
    }
    drop(store);
    let (half, end) = (sizes[MINUTES / 2 - 1], sizes[MINUTES - 1]);
    // Pages are not filled to the last byte in every minute.
    assert!(end.0 <= half.0 + half.0 / 20, "{sizes:?}");
    // Never copied back, it would have all 40 minutes, ten times as much as is kept.
    assert!(end.1 <= 3 * end.0, "{sizes:?}");

    let database = Connection::open(dir.join("ringback.db")).unwrap();
    let kept = [age, failed_age].map(|age| age.unwrap().as_secs() / 60 - 1);
    let failed = FAILED as u64;
    let left = kept[0] * (A_MINUTE as u64 - failed) + kept[1] * failed;
    assert_eq!(removed as u64 + left, (A_MINUTE * MINUTES) as u64);
    for table in ["executions", "specs", "deliveries", "attempts"] {
        let count = |row: &rusqlite::Row<'_>| row.get::<_, u32>(0);
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(u64::from(database.query_row(&sql, [], count).unwrap()), left, "{table}");
    }
}

/// A program may tell of its output every second for hours, and nobody can ask for that again.
#[tokio::test]
async fn what_was_told_on_the_way_to_the_end_takes_no_room_when_it_is_over() {
    let backend = SqliteBackend::new();
    let store = backend.open().await;
    let spec = calling_back("https://example.com/hook");
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let kept = || {
        let database = Connection::open(backend.options().dir.join("ringback.db")).unwrap();
        let sum = "SELECT coalesce(sum(octet_length(body)), 0) FROM deliveries";
        database.query_row(sum, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let announce = async || {
        let owed = NewDelivery {
            event_id: EventId::generate(),
            event_type: EventType::Output,
            body: vec![b'x'; 64 * 1024],
            ..delivery(accepted.id, "example.com")
        };
        let (id, epoch) = (owed.id, epoch(&accepted));
        let announcement = Announcement { execution: accepted.id, epoch, delivery: owed };
        assert_eq!(store.announce(announcement).await.unwrap(), Settled::Written);
        let claimed = store.claim_deliveries(Rooms::total(1)).await.unwrap().due.remove(0);
        assert_eq!((claimed.id, claimed.body.len()), (id, 64 * 1024));
        id
    };
    for end in [Next::Delivered, Next::End(DeliveryEnd::Attempts)] {
        let id = announce().await;
        record(&*store, id, 1, Next::RetryAt(accepted.created_at)).await;
        assert_eq!(kept(), 64 * 1024, "it is still to be sent");
        record(&*store, id, 2, end).await;
        assert_eq!(kept(), 0, "{end:?}");
    }
    announce().await;
    let owed = delivery(accepted.id, "example.com");
    let (id, bytes) = (owed.id, owed.body.len() as i64);
    let now = accepted.created_at;
    let ended = Ended::without_output(Outcome::Exited { code: 0 }, Some(now), now);
    let guard = Guard::Running(epoch(&accepted));
    let finish = Finish { id: accepted.id, guard, ended, delivery: Some(owed) };
    assert_eq!(store.finish(finish.into()).await.unwrap(), Settled::Written);
    assert_eq!(kept(), bytes, "the end gives up what was not taken");
    store.claim_deliveries(Rooms::total(1)).await.unwrap();
    record(&*store, id, 1, Next::Delivered).await;
    assert_eq!(kept(), bytes, "the end can be sent again");
}
