//! Tests of the round robin: shares follow weights, nobody is passed over, idling earns nothing.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn tenant(name: impl ToString) -> Tenant {
    Tenant::new(name.to_string())
}

/// Tenants by number with these weights, each with as much to start as anybody could want.
struct Crowd {
    turns: Turns,
    weights: HashMap<Tenant, NonZeroU32>,
}

impl Crowd {
    fn new(weights: &[u32]) -> Self {
        let weight =
            |(number, weight): (usize, &u32)| (tenant(number), NonZeroU32::new(*weight).unwrap());
        let weights = weights.iter().enumerate().map(weight).collect();
        Self { turns: Turns::default(), weights }
    }

    fn all_join(&mut self) {
        (0..self.weights.len()).for_each(|number| self.turns.join(&tenant(number)));
    }

    /// Whose the next `count` starts are; served in the order in which they were chosen.
    fn start(&mut self, count: usize) -> Vec<Tenant> {
        let next = self
            .turns
            .next(count, |tenant| Offer { weight: self.weights[tenant], at_most: usize::MAX });
        next.iter().for_each(|tenant| self.turns.serve(tenant, self.weights[tenant]));
        next
    }

    /// The same, so many at a time.
    fn start_all(&mut self, count: usize, at_a_time: usize) -> Vec<Tenant> {
        let mut all = Vec::new();
        while all.len() < count {
            let started = self.start(at_a_time.min(count - all.len()));
            assert!(!started.is_empty(), "somebody waits");
            all.extend(started);
        }
        all
    }
}

fn of(tenant: &Tenant, starts: &[Tenant]) -> usize {
    starts.iter().filter(|started| *started == tenant).count()
}

fn weights() -> impl Strategy<Value = Vec<u32>> {
    proptest::collection::vec(1_u32..12, 1..6)
}

proptest! {
    /// Of any stretch of starts each tenant has its share, but for one start at each end of it. With that
    /// nobody who waits is passed over more often than the weights say.
    #[test]
    fn starts_follow_the_weights_in_every_stretch(
        weights in weights(),
        at_a_time in 1_usize..9,
        from in 0_usize..100,
        length in 1_usize..200,
    ) {
        let mut crowd = Crowd::new(&weights);
        crowd.all_join();
        let starts = crowd.start_all(from + length, at_a_time);
        let stretch = &starts[from..];
        let sum = f64::from(weights.iter().sum::<u32>());
        for (number, weight) in weights.iter().enumerate() {
            let share = length as f64 * f64::from(*weight) / sum;
            let had = of(&tenant(number), stretch) as f64;
            // Whoever is served may be ahead by one start of everybody else.
            let others = weights.len() as f64;
            prop_assert!(had >= share - others && had <= share + others, "{had} of {share}");
        }
    }

    /// How many are asked for at a time changes nothing about the order.
    #[test]
    fn it_is_all_one_how_many_slots_are_filled_at_a_time(
        weights in weights(),
        at_a_time in 2_usize..20,
    ) {
        let (mut one, mut many) = (Crowd::new(&weights), Crowd::new(&weights));
        one.all_join();
        many.all_join();
        prop_assert_eq!(one.start_all(60, 1), many.start_all(60, at_a_time));
    }

    #[test]
    fn a_newcomer_is_next(weights in weights(), before in 6_usize..200) {
        let mut crowd = Crowd::new(&weights);
        crowd.all_join();
        // Nobody else is new any more: each has had its first start.
        crowd.start_all(before, 1);
        let newcomer = tenant("new");
        crowd.weights.insert(newcomer.clone(), NonZeroU32::MIN);
        crowd.turns.join(&newcomer);
        prop_assert_eq!(crowd.start(1), [newcomer]);
    }

    /// Who has been away, however long, has no more of what follows than if it had waited.
    #[test]
    fn idling_earns_nothing(away in 0_usize..500, after in 1_usize..50) {
        let mut crowd = Crowd::new(&[1, 1]);
        crowd.all_join();
        crowd.start_all(10, 1);
        crowd.turns.leave(&tenant(0));
        crowd.start_all(away.max(1), 1);
        crowd.turns.join(&tenant(0));
        let starts = crowd.start_all(after, 1);
        let had = of(&tenant(0), &starts);
        prop_assert!(had <= after.div_ceil(2), "{had} of {after}");
    }

    /// Whoever goes and comes back with every start has not more of them.
    #[test]
    fn going_and_coming_back_earns_nothing(weights in proptest::collection::vec(1_u32..12, 2..5)) {
        let mut crowd = Crowd::new(&weights);
        crowd.all_join();
        let mut starts = Vec::new();
        for _ in 0..300 {
            starts.extend(crowd.start(1));
            crowd.turns.leave(&tenant(0));
            crowd.turns.join(&tenant(0));
        }
        let share = 300.0 * f64::from(weights[0]) / f64::from(weights.iter().sum::<u32>());
        let had = of(&tenant(0), &starts) as f64;
        prop_assert!(had <= share + weights.len() as f64, "{had} of {share}");
    }
}

#[test]
fn equal_turns_go_to_whoever_was_served_longest_ago() {
    let mut crowd = Crowd::new(&[1, 1, 1]);
    crowd.all_join();
    let starts: Vec<String> =
        crowd.start_all(7, 1).into_iter().map(|tenant| tenant.to_string()).collect();
    assert_eq!(starts, ["0", "1", "2", "0", "1", "2", "0"]);
}

#[test]
fn nobody_is_named_more_often_than_it_has_something() {
    let mut turns = Turns::default();
    let (a, b) = (tenant("a"), tenant("b"));
    turns.join(&a);
    turns.join(&b);
    let offer = |tenant: &Tenant| Offer {
        weight: NonZeroU32::MIN,
        at_most: if *tenant == a { 1 } else { 2 },
    };
    assert_eq!(turns.next(9, offer), [a.clone(), b.clone(), b.clone()]);
    assert_eq!(turns.next(0, offer), []);
}

#[test]
fn who_is_asked_in_vain_goes_on_from_the_present() {
    let mut crowd = Crowd::new(&[1, 1]);
    crowd.all_join();
    let (absent, served) = (tenant(0), tenant(1));
    (0..50).for_each(|_| crowd.turns.serve(&served, NonZeroU32::MIN));
    crowd.turns.pass_over(&absent);
    let starts = crowd.start_all(10, 1);
    assert!(of(&absent, &starts) <= 6, "it does not catch up: {starts:?}");
}

#[test]
fn tenants_that_are_gone_are_forgotten() {
    let mut crowd = Crowd::new(&[1]);
    crowd.all_join();
    for number in 1..5_000 {
        let passing = tenant(number);
        crowd.weights.insert(passing.clone(), NonZeroU32::MIN);
        crowd.turns.join(&passing);
        assert_eq!(of(&passing, &crowd.start(2)), 1, "and the one who stays has the other");
        crowd.turns.leave(&passing);
    }
    assert!(crowd.turns.seats.len() < 100, "{} are remembered", crowd.turns.seats.len());
    crowd.turns.leave(&tenant(0));
    assert!(crowd.turns.is_empty() && crowd.turns.seats.is_empty());
}
