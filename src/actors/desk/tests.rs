//! Tests of the desk: who starts at once, whose turn it is, and that no wrong count holds anybody up.

use super::*;
use crate::actors::tenants::TenantLimits;
use crate::domain::{CancelWish, Epoch};
use crate::store::Census;

const LIMITS: TenantLimits = TenantLimits::waiting(10);

fn desk_of(slots: usize, tenants: Tenants) -> Desk<u32> {
    Desk::new(slots, QueueCount::new(100, Census::default()), Arc::new(tenants))
}

fn desk(slots: usize) -> Desk<u32> {
    desk_of(slots, Tenants::all(LIMITS))
}

fn run() -> RunKey {
    (ExecutionId::generate(), Epoch(1))
}

/// What is asked for, as words.
fn ask(desk: &mut Desk<u32>) -> Option<String> {
    let turns = desk.ask(true)?;
    let word = |turn: Turn| format!("{} {}", turn.tenant, turn.at_most);
    Some(turns.into_iter().map(word).collect::<Vec<_>>().join(", "))
}

/// So many of a tenant's wait, and are on disk.
fn wait(desk: &mut Desk<u32>, tenant: &Tenant, count: usize) {
    for _ in 0..count {
        assert!(!desk.admit(tenant, false).unwrap());
        desk.accepted(tenant, false, true);
    }
}

#[test]
fn with_a_slot_free_and_nobody_waiting_it_starts_at_once() {
    let (mut desk, tenant) = (desk(1), Tenant::default());
    assert!(desk.admit(&tenant, true).unwrap());
    assert!(!desk.admit(&tenant, true).unwrap(), "the slot is spoken for");
    desk.accepted(&tenant, true, false);
    assert!(!desk.admit(&tenant, true).unwrap(), "somebody waits");
    assert_eq!(desk.queued(), 2);
}

#[test]
fn while_nothing_can_be_launched_everything_waits() {
    let (mut desk, tenant) = (desk(1), Tenant::default());
    assert!(!desk.admit(&tenant, false).unwrap());
    assert!(desk.ask(false).is_none());
    assert_eq!(ask(&mut desk).as_deref(), Some("default 1"));
}

#[test]
fn the_store_is_asked_one_question_at_a_time() {
    let (mut desk, tenant) = (desk(2), Tenant::default());
    assert_eq!(ask(&mut desk), None, "nobody waits");
    wait(&mut desk, &tenant, 3);
    assert_eq!(ask(&mut desk).as_deref(), Some("default 2"));
    assert_eq!(ask(&mut desk), None);
    desk.answered([&tenant, &tenant].into_iter());
    desk.occupy(run(), tenant.clone(), 1);
    assert_eq!(ask(&mut desk).as_deref(), Some("default 1"));
    desk.unanswered();
    assert_eq!(ask(&mut desk).as_deref(), Some("default 1"));
}

#[test]
fn slots_go_round_by_weight() {
    let (heavy, light) = (Tenant::new("heavy"), Tenant::new("light"));
    let weight = NonZeroU32::new(3).unwrap();
    let tenants = Tenants::all(LIMITS).with(heavy.clone(), TenantLimits { weight, ..LIMITS });
    let mut desk = desk_of(8, tenants);
    wait(&mut desk, &light, 10);
    wait(&mut desk, &heavy, 10);
    assert_eq!(ask(&mut desk).as_deref(), Some("light 2, heavy 6"));
}

#[test]
fn nobody_has_more_slots_than_it_may_and_others_go_on() {
    let (few, many) = (Tenant::new("few"), Tenant::new("many"));
    let tenants = Tenants::all(LIMITS).with(few.clone(), TenantLimits { slots: Some(1), ..LIMITS });
    let mut desk = desk_of(3, tenants);
    assert!(desk.admit(&few, true).unwrap());
    assert!(!desk.admit(&few, true).unwrap(), "it has what it may have");
    assert!(desk.admit(&many, true).unwrap(), "what waits could not be started");
    let first = run();
    desk.accepted(&few, true, true);
    desk.occupy(first, few.clone(), 1);
    assert_eq!(ask(&mut desk), None, "only one that may not waits");
    desk.vacate(first);
    assert_eq!(ask(&mut desk).as_deref(), Some("few 1"));
    assert!(!desk.admit(&few, true).unwrap(), "it is about to have what it may have");
    desk.answered([&few].into_iter());
    desk.occupy(run(), few.clone(), 2);
    assert!(desk.finished(first, false));
    assert_eq!(ask(&mut desk), None);
}

#[test]
fn one_that_was_counted_and_is_not_there_holds_nobody_up() {
    let (phantom, real) = (Tenant::new("phantom"), Tenant::new("real"));
    let mut desk = desk(1);
    wait(&mut desk, &phantom, 1);
    wait(&mut desk, &real, 1);
    assert_eq!(ask(&mut desk).as_deref(), Some("phantom 1"));
    desk.answered([].into_iter());
    assert_eq!(ask(&mut desk).as_deref(), Some("real 1"));
    desk.answered([&real].into_iter());
    assert_eq!(ask(&mut desk), None, "it is not asked after for ever");
    assert!(!desk.admit(&phantom, true).unwrap(), "one that is there may be older");
    desk.accepted(&phantom, false, true);
    assert_eq!(ask(&mut desk).as_deref(), Some("phantom 1"), "there is news of it");
    desk.answered([&phantom].into_iter());
    assert_eq!(ask(&mut desk).as_deref(), Some("phantom 1"), "as many as were counted");
    desk.answered([].into_iter());
    assert_eq!(ask(&mut desk), None);
    desk.try_all_again();
    assert_eq!(ask(&mut desk).as_deref(), Some("phantom 1"));
}

#[test]
fn what_is_written_while_the_store_answers_is_asked_for_again() {
    let (mut desk, tenant) = (desk(1), Tenant::default());
    assert!(!desk.admit(&tenant, false).unwrap());
    assert_eq!(ask(&mut desk).as_deref(), Some("default 1"));
    desk.accepted(&tenant, false, true);
    desk.answered([].into_iter());
    assert_eq!(ask(&mut desk).as_deref(), Some("default 1"));
}

#[test]
fn who_submits_faster_than_it_may_is_told_when_to_come_back() {
    let per_second = NonZeroU32::new(2).unwrap();
    let slow = TenantLimits { submissions_per_second: Some(per_second), ..LIMITS };
    let mut desk = desk_of(1, Tenants::all(LIMITS).with(Tenant::new("slow"), slow));
    let (slow, other) = (Tenant::new("slow"), Tenant::new("other"));
    // The clock runs: a slow machine may have let another one in.
    let refused = (0..1000).find_map(|_| desk.admit(&slow, true).err()).unwrap();
    let SubmitError::TooManySubmissions { wait, .. } = refused else { panic!("{refused}") };
    assert!(!wait.is_zero());
    desk.admit(&other, true).unwrap();
}

#[test]
fn a_wish_that_overtook_the_start_is_met_at_birth() {
    let (mut desk, tenant) = (desk(1), Tenant::default());
    let (id, wish) = (ExecutionId::generate(), StopReason::Cancel(CancelWish::default()));
    desk.admit(&tenant, true).unwrap();
    assert_eq!(desk.stop(id, wish.clone()), None);
    desk.forget_early_wishes();
    assert_eq!(desk.stop_at_birth(id), Some(wish.clone()));
    desk.occupy((id, Epoch(1)), tenant, 7);
    assert_eq!(desk.stop(id, wish), Some(7));
}

#[test]
fn a_server_that_stops_starts_nothing_and_is_idle_when_nothing_runs() {
    let (mut desk, tenant, id) = (desk(2), Tenant::default(), ExecutionId::generate());
    desk.admit(&tenant, true).unwrap();
    desk.drain();
    assert!(matches!(desk.admit(&tenant, true), Err(SubmitError::Draining)));
    assert!(!desk.is_idle());
    desk.accepted(&tenant, true, true);
    assert_eq!(desk.stop_at_birth(id), Some(StopReason::Shutdown));
    let run = (id, Epoch(1));
    desk.occupy(run, tenant.clone(), 7);
    assert!(desk.finished(run, true) && !desk.finished(run, true));
    assert!(desk.is_idle() && desk.ask(true).is_none());
    assert_eq!(desk.queued(), 1);
}
