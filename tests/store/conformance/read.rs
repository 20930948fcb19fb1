//! Rules of reading: whose, in which order, with what.
//! Changes executions only to have some of each kind.

use ringback::domain::{
    Captured, Ended, Execution, ExecutionId, ExecutionSpec, Guard, Outcome, ProgramResult, Status,
    Tenant,
};
use ringback::store::{NewExecution, Page, Store};

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
