//! A database of an earlier version: it is brought up to date when it is opened, and what is in it
//! means what it meant then.

use std::fs;

use refinery::Target;
use ringback::domain::{Ended, ExecutionSpec, Limits, OnOutputLimit, Outcome};
use ringback::store::Store;
use rusqlite::Connection;
use uuid::Uuid;

use super::SqliteBackend;
use crate::support::{NOW, read};

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

/// A database as the first version left it, with one execution that waits and one that has ended,
/// in this order.
fn first_version(backend: &SqliteBackend, ids: [Uuid; 2]) {
    let dir = backend.options().dir;
    fs::create_dir(&dir).unwrap();
    let mut database = Connection::open(dir.join("ringback.db")).unwrap();
    let runner = embedded::migrations::runner().set_target(Target::Version(1));
    runner.run(&mut database).unwrap();
    for id in ids.map(Uuid::into_bytes) {
        let insert = "INSERT INTO executions
                (id, tenant, language, created_at, timeout_ms, labels, metadata)
             VALUES (?1, 'default', 'sh', ?2, 1000, '{}', '{}')";
        database.execute(insert, (id, NOW.as_millis())).unwrap();
        let insert = "INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
             VALUES (?1, 'fail', 7, 'own', 'true')";
        database.execute(insert, [id]).unwrap();
    }
    let [waits, ended] = ids.map(Uuid::into_bytes);
    let insert = "INSERT INTO queue (id, tenant, state, epoch, attempt)
         VALUES (?1, 'default', 'queued', 0, 1)";
    database.execute(insert, [waits]).unwrap();
    let update = "UPDATE executions SET status = 'completed', cause = 'exited', exit_code = 0,
            started_at = ?2, completed_at = ?2
         WHERE id = ?1";
    database.execute(update, (ended, NOW.as_millis())).unwrap();
}

#[tokio::test]
async fn what_the_first_version_kept_means_what_it_meant() {
    let backend = SqliteBackend::new();
    let ids = [Uuid::now_v7(), Uuid::now_v7()];
    first_version(&backend, ids);
    let [waits, ended] = ids.map(ringback::domain::ExecutionId::from_uuid);
    let store = backend.open_sqlite();

    let end = read(&store, ended).await.ended().cloned();
    let outcome = Outcome::Exited { code: 0 };
    assert_eq!(end, Some(Ended::without_output(outcome, Some(NOW), NOW)));

    let started = store.start(9).await.unwrap();
    assert_eq!(started.iter().map(|started| started.execution.id).collect::<Vec<_>>(), [waits]);
    let spec: &ExecutionSpec = &started[0].spec;
    assert_eq!((spec.limits, spec.on_output_limit), (Limits::default(), OnOutputLimit::Truncate));
    assert!(spec.network, "programs had the network then");
    assert_eq!((spec.code.as_str(), spec.output_bytes), ("true", 7));
}
