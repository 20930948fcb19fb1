//! Tests of the breaker: when it opens, what it lets through, and when it closes again.

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_750_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START.after(Duration::from_secs(seconds))
}

fn after(verdicts: &[(Verdict, u64)]) -> Breaker {
    let mut breaker = Breaker::default();
    for (verdict, seconds) in verdicts {
        breaker.ended(&BreakerRule::default(), false, *verdict, at(*seconds));
    }
    breaker
}

fn is_open(breaker: &Breaker) -> bool {
    matches!(breaker.state(), BreakerState::Open { .. })
}

#[test]
fn the_tenth_failure_opens_it_and_no_earlier_one() {
    assert!(!is_open(&after(&[(Verdict::Failed, 0); 9])));
    let breaker = after(&[(Verdict::Failed, 0); 10]);
    assert_eq!(breaker.state(), BreakerState::Open { until: at(30) });
}

#[test]
fn four_fifths_is_not_enough_and_more_is() {
    let taken_first = |taken: usize, failed: usize| {
        let mut verdicts = vec![(Verdict::Taken, 0); taken];
        verdicts.extend(vec![(Verdict::Failed, 1); failed]);
        is_open(&after(&verdicts))
    };
    assert!(!taken_first(2, 8));
    assert!(taken_first(2, 9));
    assert!(!taken_first(20, 80));
    assert!(taken_first(20, 81));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let mut verdicts = vec![(Verdict::Failed, 0); 9];
    verdicts.push((Verdict::Failed, 61));
    let breaker = after(&verdicts);
    assert!(!is_open(&breaker));
    let rule = BreakerRule::default();
    assert!(!breaker.is_forgotten(&rule, at(61)));
    assert!(breaker.is_forgotten(&rule, at(130)));
    verdicts[9].1 = 50;
    assert!(is_open(&after(&verdicts)));
}

#[test]
fn what_tells_nothing_of_the_host_does_not_count() {
    assert!(!is_open(&after(&[(Verdict::Untried, 0); 100])));
}

#[test]
fn one_probe_goes_through_and_decides() {
    let rule = BreakerRule::default();
    for (verdict, state) in [
        (Verdict::Taken, BreakerState::Closed),
        (Verdict::Failed, BreakerState::Open { until: at(31 + 30) }),
        (Verdict::Untried, BreakerState::Open { until: at(31) }),
    ] {
        let mut breaker = after(&[(Verdict::Failed, 0); 10]);
        assert!(!breaker.is_probe_due(at(29)));
        assert!(breaker.is_probe_due(at(30)));
        breaker.begin_probe();
        assert!(!breaker.is_probe_due(at(31)), "there is one already");
        // These began before it opened.
        breaker.ended(&rule, false, Verdict::Taken, at(31));
        breaker.ended(&rule, false, Verdict::Failed, at(31));
        assert_eq!(breaker.state(), BreakerState::Probing);
        breaker.ended(&rule, true, verdict, at(31));
        assert_eq!(breaker.state(), state);
    }
}

#[test]
fn closed_again_it_has_forgotten_the_failures() {
    let rule = BreakerRule::default();
    let mut breaker = after(&[(Verdict::Failed, 0); 10]);
    breaker.begin_probe();
    breaker.ended(&rule, true, Verdict::Taken, at(30));
    for _ in 0..9 {
        breaker.ended(&rule, false, Verdict::Failed, at(31));
    }
    assert!(!is_open(&breaker));
}

#[test]
fn a_rule_without_a_minimum_never_opens() {
    let rule = BreakerRule { attempts_min: 0, ..BreakerRule::default() };
    let mut breaker = Breaker::default();
    for _ in 0..100 {
        breaker.ended(&rule, false, Verdict::Failed, START);
    }
    assert_eq!(breaker.state(), BreakerState::Closed);
}

proptest! {
    /// Against a list of all attempts: within the window nothing is missed but what lies in the
    /// part that the window ends in.
    #[test]
    fn it_opens_as_counting_every_attempt_would(
        steps in prop::collection::vec((0_u64..20, any::<bool>()), 1..120),
    ) {
        let rule = BreakerRule::default();
        let (mut breaker, mut all, mut now) = (Breaker::default(), Vec::new(), 0);
        for (pause, failed) in steps {
            now += pause;
            all.push((now, failed));
            let verdict = if failed { Verdict::Failed } else { Verdict::Taken };
            breaker.ended(&rule, false, verdict, at(now));
            // START is the beginning of a part, and a part is 5 s.
            let from = (now / 5 + 1) * 5;
            let lately: Vec<_> = all.iter().filter(|(at, _)| at + 60 >= from).collect();
            let failures = lately.iter().filter(|(_, failed)| *failed).count();
            let bad = lately.len() >= 10 && failures * 5 > lately.len() * 4;
            prop_assert_eq!(is_open(&breaker), bad);
            if bad {
                break;
            }
        }
    }
}
