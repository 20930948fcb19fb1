//! Rules of ending: once, by whom it was given to, together with what it owes.
//! What is kept of an end is in the rules of `ends`.

use futures_util::future::join_all;
use ringback::domain::{
    CancelWish, DeliveryStatus, DeliverySummary, Ended, Epoch, EventType, Guard, Outcome,
    PayloadFormat, Requeue, State, Status,
};
use ringback::store::{Finish, NewDelivery, NewExecution, Requeued, Rooms, Settled};

use crate::support::{
    Backend, NOW, calling_back, delivery, epoch, exited, finish, ids, plain, queued, read, running,
    tenant, turns,
};

fn cancelled() -> Ended {
    let CancelWish { reason, by } = CancelWish::default();
    Ended::without_output(Outcome::Cancelled { reason, by, exit: None }, None, NOW)
}

pub async fn an_end_is_written_once_however_many_try(backend: &impl Backend) {
    let store = backend.open().await;
    let spec = calling_back("https://example.com/");
    let accepted =
        store.accept(NewExecution { start: true, ..queued(spec) }).await.unwrap().execution;
    let guard = Guard::Running(epoch(&accepted));
    let tries = (0..32).map(|code| Finish {
        delivery: Some(delivery(accepted.id, "example.com")),
        ..finish(accepted.id, guard, exited(code))
    });
    let tries: Vec<_> = tries.collect();
    let answers = join_all(tries.iter().map(|finish| store.finish(finish.clone().into()))).await;
    let written: Vec<_> = answers
        .into_iter()
        .zip(&tries)
        .filter_map(|(answer, finish)| (answer.unwrap() == Settled::Written).then_some(finish))
        .collect();
    assert_eq!(written.len(), 1);
    assert_eq!(read(&*store, accepted.id).await.ended(), Some(&written[0].ended));
    let owed = store.deliveries(&tenant(), accepted.id).await.unwrap().unwrap();
    let owed: Vec<_> = owed.iter().map(|delivery| delivery.id).collect();
    assert_eq!(owed, [written[0].delivery.as_ref().unwrap().id]);
}

pub async fn a_stale_guard_changes_nothing(backend: &impl Backend) {
    let store = backend.open().await;
    let waiting = store.accept(plain()).await.unwrap().execution;
    let running = store.accept(running()).await.unwrap().execution;
    let ended = store.accept(plain()).await.unwrap().execution;
    let end = finish(ended.id, Guard::Queued, cancelled());
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    let ended = read(&*store, ended.id).await;

    let Epoch(now) = epoch(&running);
    let cases = [
        (&waiting, Guard::Running(Epoch(0))),
        (&waiting, Guard::Running(Epoch(1))),
        (&running, Guard::Queued),
        (&running, Guard::Running(Epoch(now - 1))),
        (&running, Guard::Running(Epoch(now + 1))),
        (&ended, Guard::Queued),
        (&ended, Guard::Running(Epoch(0))),
        (&ended, Guard::Running(Epoch(1))),
    ];
    for (execution, guard) in cases {
        let late = Finish {
            delivery: Some(delivery(execution.id, "example.com")),
            ..finish(execution.id, guard, exited(0))
        };
        assert_eq!(store.finish(late.into()).await.unwrap(), Settled::Stale, "{guard:?}");
        assert_eq!(&read(&*store, execution.id).await, execution, "{guard:?}");
        let owed = store.deliveries(&tenant(), execution.id).await.unwrap();
        assert_eq!(owed, Some(vec![]), "{guard:?}");
    }
    let unknown = finish(plain().id, Guard::Queued, exited(0));
    assert_eq!(store.finish(unknown.into()).await.unwrap(), Settled::Stale);
}

pub async fn a_queued_execution_ends_in_any_epoch(backend: &impl Backend) {
    let store = backend.open().await;
    let fresh = store.accept(plain()).await.unwrap().execution;
    let again = store.accept(running()).await.unwrap().execution;
    let requeued = store.requeue(again.id, epoch(&again), Requeue::Interrupted).await.unwrap();
    assert_eq!(requeued, Requeued::Written);
    for id in [fresh.id, again.id] {
        let end = finish(id, Guard::Queued, cancelled());
        assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
        assert_eq!(read(&*store, id).await.status(), Status::Cancelled);
    }
    assert!(store.start(&turns(10)).await.unwrap().is_empty(), "what has ended is never started");
}

pub async fn cancelling_and_starting_at_once_has_one_winner(backend: &impl Backend) {
    let store = backend.open().await;
    for round in 0..50 {
        let id = store.accept(plain()).await.unwrap().execution.id;
        let (end, one) = (finish(id, Guard::Queued, cancelled()), turns(1));
        let (started, settled) = if round % 2 == 0 {
            tokio::join!(store.start(&one), store.finish(end.into()))
        } else {
            let (settled, started) = tokio::join!(store.finish(end.into()), store.start(&one));
            (started, settled)
        };
        let was_started = started.unwrap().iter().any(|started| started.execution.id == id);
        let was_cancelled = settled.unwrap() == Settled::Written;
        assert!(was_started != was_cancelled, "started: {was_started}, cancelled: {was_cancelled}");
        let is_running = matches!(read(&*store, id).await.state, State::Running(_));
        assert_eq!(is_running, was_started);
    }
}

pub async fn an_end_and_its_delivery_come_together(backend: &impl Backend) {
    let store = backend.open().await;
    let spec = calling_back("https://example.com/hook");
    let accepted = store.accept(queued(spec)).await.unwrap().execution;
    let owed = NewDelivery {
        event_type: EventType::Cancelled,
        payload_format: PayloadFormat::Hopx,
        body: b"{\"a\":\"\xe2\x98\x83\"}\n\x00".to_vec(),
        attempts_max: 9,
        ..delivery(accepted.id, "example.com:8443")
    };
    let end =
        Finish { delivery: Some(owed.clone()), ..finish(accepted.id, Guard::Queued, cancelled()) };
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);

    assert_eq!(read(&*store, accepted.id).await.delivery, DeliverySummary::Pending);
    let kept = store.deliveries(&tenant(), accepted.id).await.unwrap().unwrap().remove(0);
    assert_eq!((kept.id, kept.event_id, kept.execution_id), (owed.id, owed.event_id, accepted.id));
    assert_eq!((kept.event_type, kept.payload_format), (owed.event_type, owed.payload_format));
    assert_eq!((&kept.url, kept.attempts_max), (&owed.url, 9));
    assert_eq!((kept.status, kept.ended_by), (DeliveryStatus::Pending, None));
    assert_eq!((kept.created_at, kept.delivered_at), (NOW, None));
    assert_eq!(kept.attempts, []);

    let claim = store.claim_deliveries(Rooms::total(10)).await.unwrap();
    assert_eq!(ids(&claim), [owed.id], "it is due at once");
    assert_eq!(claim.due[0].body, owed.body, "the very bytes");
    assert_eq!(claim.due[0].host, owed.host);
}

pub async fn an_end_that_owes_nothing_has_no_delivery(backend: &impl Backend) {
    let store = backend.open().await;
    let accepted = store.accept(running()).await.unwrap().execution;
    let end = finish(accepted.id, Guard::Running(epoch(&accepted)), exited(0));
    assert_eq!(store.finish(end.into()).await.unwrap(), Settled::Written);
    assert_eq!(read(&*store, accepted.id).await.delivery, DeliverySummary::None);
    assert_eq!(store.deliveries(&tenant(), accepted.id).await.unwrap(), Some(vec![]));
    let claim = store.claim_deliveries(Rooms::total(10)).await.unwrap();
    assert_eq!((claim.due.len(), claim.next_due), (0, None));
}
