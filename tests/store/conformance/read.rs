//! Rules of reading: whose, in which order, with what.
//! Changes executions only to have some of each kind.

use ringback::domain::{
    Captured, Cause, Ended, Execution, ExecutionId, ExecutionSpec, Guard, Outcome, ProgramResult,
    Status, Tenant, Timestamp,
};
use ringback::store::{NewExecution, Page, Purged, Store};
use uuid::Uuid;

use crate::support::{
    Backend, NOW, epoch, exited, finish, owe, page, plain, queued, read, running, tenant,
};

fn ids(executions: &[Execution]) -> Vec<ExecutionId> {
    executions.iter().map(|execution| execution.id).collect()
}

pub async fn a_tenant_sees_nothing_of_another(backend: &impl Backend) {
    let store = backend.open().await;
    let (owed, _) = owe(&*store, "example.com").await;
    let mine = store.accept(plain()).await.unwrap().execution.id;
    let acme = Tenant::new("acme");
    let theirs = NewExecution { tenant: acme.clone(), ..plain() };
    let theirs = store.accept(theirs).await.unwrap().execution;
    assert_eq!(theirs.tenant, acme);

    assert_eq!(store.execution(&tenant(), theirs.id).await.unwrap(), None);
    assert_eq!(store.deliveries(&tenant(), theirs.id).await.unwrap(), None);
    assert_eq!(store.execution(&acme, owed).await.unwrap(), None);
    assert_eq!(store.deliveries(&acme, owed).await.unwrap(), None);
    assert_eq!(store.execution(&acme, ExecutionId::generate()).await.unwrap(), None);
    assert_eq!(store.deliveries(&acme, ExecutionId::generate()).await.unwrap(), None);
    assert_eq!(ids(&store.executions(&tenant(), page(9)).await.unwrap()), [mine, owed]);
    assert_eq!(ids(&store.executions(&acme, page(9)).await.unwrap()), [theirs.id]);
    for status in Status::ALL {
        let page = Page { status: Some(status), ..page(9) };
        let found = store.executions(&acme, page).await.unwrap();
        assert_eq!(found.len(), usize::from(status == Status::Queued), "{status}");
    }
}

pub async fn pages_come_newest_first_and_have_no_gaps(backend: &impl Backend) {
    let store = backend.open().await;
    let mut accepted = Vec::new();
    for _ in 0..7 {
        accepted.push(store.accept(plain()).await.unwrap().execution);
    }
    accepted.reverse();
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let executions = store.executions(&tenant(), Page { before, ..page(3) }).await.unwrap();
        assert!(executions.len() <= 3);
        let Some(last) = executions.last() else { break };
        before = Some(last.id);
        found.extend(executions);
    }
    assert_eq!(found, accepted);
    assert_eq!(store.executions(&tenant(), page(0)).await.unwrap(), []);
}

/// One of each status and of both languages: their ids, in the order of [`Status::ALL`].
async fn one_of_each(store: &dyn Store, language: &str) -> [ExecutionId; 5] {
    let spec = || ExecutionSpec::new(language, "");
    let running = || NewExecution { start: true, ..queued(spec()) };
    let cancelled = Outcome::Cancelled { reason: None, by: None, exit: None };
    let mut ended = Vec::new();
    for outcome in [Outcome::Exited { code: 0 }, Outcome::Signaled { signal: 9 }, cancelled] {
        let accepted = store.accept(running()).await.unwrap().execution;
        let end = Ended::without_output(outcome, Some(NOW), NOW);
        let guard = Guard::Running(epoch(&accepted));
        let _ = store.finish(finish(accepted.id, guard, end).into()).await.unwrap();
        ended.push(accepted.id);
    }
    let waiting = store.accept(queued(spec())).await.unwrap().execution.id;
    let running = store.accept(running()).await.unwrap().execution.id;
    [waiting, running, ended[0], ended[1], ended[2]]
}

pub async fn pages_can_be_of_one_status_or_language(backend: &impl Backend) {
    let store = backend.open().await;
    let python = one_of_each(&*store, "python").await;
    let bash = one_of_each(&*store, "bash").await;
    for (index, status) in Status::ALL.into_iter().enumerate() {
        let of_status = Page { status: Some(status), ..page(9) };
        let both = store.executions(&tenant(), of_status.clone()).await.unwrap();
        assert_eq!(ids(&both), [bash[index], python[index]], "{status}");
        assert!(both.iter().all(|execution| execution.status() == status));
        let older = Page { before: Some(bash[index]), ..of_status.clone() };
        let older = store.executions(&tenant(), older).await.unwrap();
        assert_eq!(ids(&older), [python[index]], "{status}");
        let of_both = Page { language: Some("bash".into()), ..of_status };
        let found = store.executions(&tenant(), of_both).await.unwrap();
        assert_eq!(ids(&found), [bash[index]], "{status}");
    }
    for (language, expected) in [("python", 5), ("bash", 5), ("' OR 1 --", 0)] {
        let page = Page { language: Some(language.into()), ..page(9) };
        let found = store.executions(&tenant(), page).await.unwrap();
        assert_eq!(found.len(), expected, "{language}");
        assert!(found.iter().all(|execution| execution.language == language));
    }
}

pub async fn pages_can_be_of_one_cause_and_of_labels(backend: &impl Backend) {
    let store = backend.open().await;
    let [_, running, completed, failed, cancelled] = one_of_each(&*store, "python").await;
    let of = |cause| Page { cause: Some(cause), ..page(9) };
    for (cause, expected) in [
        (Cause::Exited, vec![completed]),
        (Cause::Signaled, vec![failed]),
        (Cause::Cancelled, vec![cancelled]),
        (Cause::Timeout, vec![]),
    ] {
        assert_eq!(
            ids(&store.executions(&tenant(), of(cause)).await.unwrap()),
            expected,
            "{cause:?}"
        );
        let status = Some(Status::Running);
        let unfinished = Page { status, ..of(cause) };
        assert_eq!(
            store.executions(&tenant(), unfinished).await.unwrap(),
            [],
            "nothing ends it yet"
        );
    }
    let labelled = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        ExecutionSpec { labels, ..ExecutionSpec::new("sh", "") }
    };
    let mut made = Vec::new();
    for labels in [&[("a", "1"), ("b", "2")][..], &[("a", "1")], &[("a", "2"), ("b", "1")]] {
        let new = NewExecution { start: true, ..queued(labelled(labels)) };
        made.push(store.accept(new).await.unwrap().execution);
    }
    let theirs = NewExecution { tenant: Tenant::new("acme"), ..queued(labelled(&[("a", "1")])) };
    store.accept(theirs).await.unwrap();
    let with = |labels: &[(&str, &str)]| Page { labels: labelled(labels).labels, ..page(9) };
    for (labels, expected) in [
        (&[("a", "1")][..], vec![made[1].id, made[0].id]),
        (&[("b", "2"), ("a", "1")], vec![made[0].id]),
        (&[("a", "1"), ("b", "1")], vec![]),
        (&[("A", "1")], vec![]),
        (&[("a", "")], vec![]),
    ] {
        let found = store.executions(&tenant(), with(labels)).await.unwrap();
        assert_eq!(ids(&found), expected, "{labels:?}");
        let running = Page { status: Some(Status::Running), ..with(labels) };
        assert_eq!(ids(&store.executions(&tenant(), running).await.unwrap()), expected);
    }
    assert!(ids(&store.executions(&tenant(), page(9)).await.unwrap()).contains(&running));
    // What is removed is found by none of its labels.
    let end = finish(made[0].id, Guard::Running(epoch(&made[0])), exited(0));
    let _ = store.finish(end.into()).await.unwrap();
    assert_eq!(store.purge(&tenant(), made[0].id).await.unwrap(), Purged::Removed);
    let found = store.executions(&tenant(), with(&[("a", "1")])).await.unwrap();
    assert_eq!(ids(&found), [made[1].id]);
}

pub async fn pages_can_be_of_a_time(backend: &impl Backend) {
    let store = backend.open().await;
    let mut made = Vec::new();
    for _ in 0..4 {
        // Ids are made by the wall's clock, and times by the store's, which are not the same in a test.
        let second = std::time::Duration::from_secs(1);
        let at = made.last().map_or(NOW, |last: &Execution| last.created_at.after(second));
        let id = ExecutionId::from_uuid(id_at(at));
        let accepted = store.accept(NewExecution { id, ..plain() }).await.unwrap().execution;
        assert!(accepted.created_at >= at);
        made.push(accepted);
        backend.advance(second).await;
    }
    let at = |index: usize| Some(made[index].created_at);
    for (created_after, created_before, expected) in [
        (None, None, vec![3, 2, 1, 0]),
        (at(1), None, vec![3, 2]),
        (None, at(1), vec![0]),
        (at(0), at(3), vec![2, 1]),
        (at(2), at(2), vec![]),
        (at(3), at(0), vec![]),
    ] {
        let page = Page { created_after, created_before, ..page(9) };
        let found = store.executions(&tenant(), page).await.unwrap();
        let expected: Vec<_> = expected.into_iter().map(|index| made[index].id).collect();
        assert_eq!(ids(&found), expected, "{created_after:?} {created_before:?}");
    }
}

/// An id that is made at a time.
fn id_at(time: Timestamp) -> Uuid {
    let millis = time.as_millis().unsigned_abs();
    let (seconds, nanos) = (millis / 1000, u32::try_from(millis % 1000).unwrap() * 1_000_000);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}

pub async fn pages_come_without_output(backend: &impl Backend) {
    let store = backend.open().await;
    let accepted = store.accept(running()).await.unwrap().execution;
    let loud = Ended {
        stdout: Captured::whole("out"),
        stderr: Captured::whole("err"),
        result: ProgramResult::Json("1".into()),
        ..exited(3)
    };
    let end = finish(accepted.id, Guard::Running(epoch(&accepted)), loud.clone());
    let _ = store.finish(end.into()).await.unwrap();
    let listed = store.executions(&tenant(), page(1)).await.unwrap().remove(0);
    assert_eq!(listed.ended(), Some(&exited(3)), "all but the output");
    assert_eq!(read(&*store, accepted.id).await.ended(), Some(&loud));
}
