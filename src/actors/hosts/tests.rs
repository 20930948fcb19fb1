//! Tests of what is known of hosts: who has room, who is left alone, and who waits for what.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::domain::{EventId, EventType, PayloadFormat, Trigger};

/// Hosts with a clock that is set by hand.
struct World {
    hosts: Hosts,
    now: Arc<AtomicI64>,
}

fn world(in_flight_max: usize, in_flight_per_host_max: usize) -> World {
    let now = Arc::new(AtomicI64::new(1_750_000_000_000));
    let read = Arc::clone(&now);
    let clock = Clock::new(move || Timestamp::from_millis(read.load(Ordering::SeqCst)));
    let breaker = BreakerRule { attempts_min: 2, ..BreakerRule::default() };
    let limits = HostLimits { in_flight_max, in_flight_per_host_max, breaker };
    World { hosts: Hosts::new(limits, clock), now }
}

impl World {
    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn admit(&self, host: &str) -> Option<Permit> {
        match self.hosts.admit(&claimed(host, ExecutionId::generate())) {
            Admission::Now(permit) => Some(permit),
            Admission::Behind | Admission::NoRoom => None,
        }
    }

    fn attempt(&self, host: &str, verdict: Verdict) {
        self.admit(host).expect("there is room").answered(verdict);
    }

    fn next_probe(&self) -> Option<Timestamp> {
        self.hosts.next_probe(self.hosts.clock.steady())
    }

    fn waiting_for(&self, host: &str) -> Option<WaitingFor> {
        self.hosts.waiting_for(&delivery(host, self.now.load(Ordering::SeqCst)))
    }
}

fn claimed(host: &str, execution_id: ExecutionId) -> ClaimedDelivery {
    ClaimedDelivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(execution_id),
        execution_id,
        url: String::new(),
        host: host.to_owned(),
        payload_format: PayloadFormat::Standard,
        body: Vec::new(),
        headers: Vec::new(),
        traceparent: None,
        signing_secrets: Vec::new(),
        attempts_made: 0,
        round_made: 0,
        schedule: None,
        expires_at: None,
        trigger: Trigger::Schedule,
        wishes: 0,
        created_at: Timestamp::from_millis(0),
    }
}

fn delivery(host: &str, due: i64) -> Delivery {
    let execution_id = ExecutionId::generate();
    Delivery {
        id: DeliveryId::generate(),
        event_id: EventId::from(execution_id),
        event_type: EventType::Completed,
        execution_id,
        url: String::new(),
        host: host.to_owned(),
        payload_format: PayloadFormat::Standard,
        status: DeliveryStatus::Pending,
        ended_by: None,
        attempts_made: 0,
        attempts_max: 1,
        next_attempt_at: Some(Timestamp::from_millis(due)),
        next_trigger: Trigger::Schedule,
        expires_at: None,
        created_at: Timestamp::from_millis(due),
        delivered_at: None,
        attempts: Vec::new(),
    }
}

#[test]
fn a_host_has_its_share_and_gives_back_what_it_had() {
    let world = world(3, 2);
    let (one, two) = (world.admit("a").unwrap(), world.admit("a").unwrap());
    assert!(world.admit("a").is_none());
    let rooms = world.hosts.rooms();
    assert_eq!((rooms.total, rooms.of("a"), rooms.of("b")), (1, 0, 2));
    assert_eq!(world.waiting_for("a"), Some(WaitingFor::Permit));
    assert_eq!(world.waiting_for("b"), Some(WaitingFor::Due));
    let three = world.admit("b").unwrap();
    assert!(world.admit("c").is_none(), "three in all");
    assert_eq!(world.waiting_for("c"), Some(WaitingFor::Permit));
    drop(one);
    assert_eq!(world.hosts.rooms().of("a"), 1);
    drop((two, three));
    assert!(world.hosts.are_idle());
}

#[test]
fn a_host_that_has_answered_has_room_before_that_is_written_down() {
    let world = world(2, 1);
    let mut permit = world.admit("a").unwrap();
    assert!(world.admit("a").is_none());
    permit.answered(Verdict::Taken);
    let rooms = world.hosts.rooms();
    assert_eq!((rooms.of("a"), rooms.total), (1, 1), "but is not forgotten");
    let _second = world.admit("a").expect("it has room");
    assert!(world.admit("b").is_none(), "two in all");
    drop(permit);
    assert_eq!(world.hosts.rooms().of("a"), 0, "room is given back once");
    assert!(world.admit("b").is_some());
}

#[test]
fn what_is_under_way_waits_for_nothing_and_the_same_execution_waits_for_it() {
    let world = world(9, 9);
    let first = claimed("a", ExecutionId::generate());
    let second = claimed("b", first.execution_id);
    let Admission::Now(permit) = world.hosts.admit(&first) else { panic!("there is room") };
    assert!(matches!(world.hosts.admit(&second), Admission::Behind));
    let under_way = Delivery { id: first.id, ..delivery("a", 0) };
    assert_eq!(world.hosts.waiting_for(&under_way), None);
    drop(permit);
    assert!(matches!(world.hosts.admit(&second), Admission::Now(_)));
}

#[test]
fn a_host_that_always_fails_is_left_alone_but_for_a_probe() {
    let world = world(9, 9);
    world.attempt("a", Verdict::Failed);
    assert_eq!(world.next_probe(), None);
    world.attempt("a", Verdict::Failed);
    assert!(world.admit("a").is_none());
    assert_eq!((world.hosts.rooms().of("a"), world.hosts.status().open), (0, 1));
    assert_eq!(world.waiting_for("a"), Some(WaitingFor::Breaker));
    let until = world.next_probe().expect("it is left alone for a time");
    assert_eq!(until.as_millis(), world.now.load(Ordering::SeqCst) + 30_000);

    world.pass(30);
    assert_eq!((world.next_probe(), world.hosts.rooms().of("a")), (None, 1));
    let mut probe = world.admit("a").expect("a probe may be made");
    assert!(world.admit("a").is_none(), "one is enough");
    assert_eq!(world.waiting_for("a"), Some(WaitingFor::Breaker));
    probe.answered(Verdict::Taken);
    assert_eq!((world.hosts.rooms().of("a"), world.hosts.status().open), (9, 0));
}

#[test]
fn a_probe_that_fails_is_no_new_opening() {
    let world = world(9, 9);
    assert_eq!(world.hosts.status().openings, 0);
    (0..2).for_each(|_| world.attempt("a", Verdict::Failed));
    assert_eq!(world.hosts.status().openings, 1);
    world.pass(30);
    world.attempt("a", Verdict::Failed);
    assert_eq!((world.hosts.status().open, world.hosts.status().openings), (1, 1));
    world.pass(30);
    world.attempt("a", Verdict::Taken);
    (0..2).for_each(|_| world.attempt("a", Verdict::Failed));
    assert_eq!((world.hosts.status().open, world.hosts.status().openings), (1, 2));
}

#[test]
fn a_probe_that_was_lost_is_made_again() {
    let world = world(9, 9);
    (0..2).for_each(|_| world.attempt("a", Verdict::Failed));
    world.pass(30);
    drop(world.admit("a").expect("a probe may be made"));
    assert!(world.admit("a").is_some());
}

/// A question to the store takes a moment, in which the pause may be over: the answer knows nothing of
/// the host then, and somebody has to ask again.
#[test]
fn a_pause_that_ends_while_the_store_is_asked_is_not_forgotten() {
    let world = world(9, 9);
    (0..2).for_each(|_| world.attempt("a", Verdict::Failed));
    world.pass(29);
    let rooms = world.hosts.rooms();
    assert_eq!(rooms.of("a"), 0);
    let asked_at = world.hosts.clock.steady();
    world.pass(1);
    assert_eq!(world.hosts.next_probe(asked_at), Some(world.hosts.clock.steady()));
    assert_eq!((world.hosts.rooms().of("a"), world.next_probe()), (1, None), "once");
}

#[test]
fn what_is_not_due_waits_for_its_time_whatever_its_host_does() {
    let world = world(9, 9);
    (0..2).for_each(|_| world.attempt("a", Verdict::Failed));
    let later = delivery("a", world.now.load(Ordering::SeqCst) + 1);
    assert_eq!(world.hosts.waiting_for(&later), Some(WaitingFor::Due));
    let done = Delivery { status: DeliveryStatus::Exhausted, next_attempt_at: None, ..later };
    assert_eq!(world.hosts.waiting_for(&done), None);
}

#[test]
fn hosts_of_which_nothing_matters_any_more_are_forgotten() {
    let world = world(9, 9);
    for number in 0..FORGET_FROM {
        world.attempt(&format!("{number}.example:443"), Verdict::Taken);
    }
    let _under_way = world.admit("busy:443").unwrap();
    world.pass(Duration::from_secs(3600).as_secs().cast_signed());
    for number in 0..FORGET_FROM {
        world.attempt(&format!("{number}.later.example:443"), Verdict::Taken);
    }
    let known = world.hosts.known();
    assert!(known.hosts.contains_key("busy:443"));
    assert!(known.hosts.len() <= FORGET_FROM + 1, "{}", known.hosts.len());
}

/// Names cost nothing, and each may fail as often as it takes.
#[test]
fn hosts_that_failed_and_are_not_wanted_any_more_are_forgotten() {
    let world = world(9, 9);
    for number in 0..FORGET_FROM {
        (0..2).for_each(|_| world.attempt(&format!("{number}.dead.example:443"), Verdict::Failed));
    }
    assert_eq!(world.hosts.status().open, FORGET_FROM);
    world.pass(90);
    // It is looked for what can be forgotten when there are twice as many as the last time.
    for number in 0..=FORGET_FROM {
        world.attempt(&format!("{number}.example:443"), Verdict::Taken);
    }
    let is_dead = |name: &String| name.contains("dead");
    assert_eq!(world.hosts.known().hosts.keys().filter(|name| is_dead(name)).count(), 0);
}
