//! What the store is being asked for, and which tenants were asked for in vain.
//! Asks nobody, and counts nothing that waits.

use std::collections::{HashMap, HashSet};

use crate::domain::Tenant;
use crate::store::Turn;

/// The question to the store that is under way, if one is, and what earlier ones have taught.
///
/// What the desk has counted is only what it has heard. Of a tenant of which there was less than that,
/// something may have been ended or not be written yet: it is passed over until there is news of it,
/// or until the next look at the queue, so that a wrong count neither holds up others nor is asked after
/// again and again.
#[derive(Debug, Default)]
pub(super) struct Asking {
    question: Option<Question>,
    in_vain: HashSet<Tenant>,
}

#[derive(Debug)]
struct Question {
    /// Whose executions are to be started, in order.
    plan: Vec<Tenant>,
    /// Tenants of which something was heard since it was asked.
    news: HashSet<Tenant>,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Of whom executions were started, in the order in which it was their turn.
    pub(super) served: Vec<Tenant>,
    /// Of whom there were fewer than they were asked for.
    pub(super) short: Vec<Tenant>,
}

impl Asking {
    /// Whether an answer is awaited.
    pub(super) fn is_under_way(&self) -> bool {
        self.question.is_some()
    }

    /// How many executions are asked for.
    pub(super) fn count(&self) -> usize {
        self.question.as_ref().map_or(0, |question| question.plan.len())
    }

    /// How many of a tenant's.
    pub(super) fn count_of(&self, tenant: &Tenant) -> usize {
        let of = |question: &Question| question.plan.iter().filter(|of| *of == tenant).count();
        self.question.as_ref().map_or(0, of)
    }

    /// Whether a tenant was asked for in vain, with nothing heard of it since.
    pub(super) fn was_in_vain(&self, tenant: &Tenant) -> bool {
        self.in_vain.contains(tenant)
    }

    /// Asks for executions of these tenants, in this order.
    pub(super) fn begin(&mut self, plan: Vec<Tenant>) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        let mut known = HashMap::new();
        for tenant in &plan {
            let at = *known.entry(tenant).or_insert(turns.len());
            match turns.get_mut(at) {
                Some(turn) => turn.at_most += 1,
                None => turns.push(Turn { tenant: tenant.clone(), at_most: 1 }),
            }
        }
        self.question = Some(Question { plan, news: HashSet::new() });
        turns
    }

    /// Something was heard of what a tenant has waiting.
    pub(super) fn heard_of(&mut self, tenant: &Tenant) {
        self.in_vain.remove(tenant);
        if let Some(question) = &mut self.question {
            question.news.insert(tenant.clone());
        }
    }

    /// The store has started executions of these tenants.
    pub(super) fn answered<'a>(&mut self, started: impl Iterator<Item = &'a Tenant>) -> Answer {
        let Some(Question { plan, news }) = self.question.take() else {
            return Answer { served: Vec::new(), short: Vec::new() };
        };
        let mut left: HashMap<&Tenant, usize> = HashMap::new();
        started.for_each(|tenant| *left.entry(tenant).or_default() += 1);
        let mut answer = Answer { served: Vec::new(), short: Vec::new() };
        for tenant in plan {
            match left.get_mut(&tenant) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    answer.served.push(tenant);
                }
                _ if answer.short.contains(&tenant) => {}
                _ => answer.short.push(tenant),
            }
        }
        let silent = answer.short.iter().filter(|tenant| !news.contains(tenant));
        self.in_vain.extend(silent.cloned());
        answer
    }

    /// The store could not answer.
    pub(super) fn failed(&mut self) {
        self.question = None;
    }

    /// Who was asked for in vain may be asked for again.
    pub(super) fn try_all_again(&mut self) -> Vec<Tenant> {
        self.in_vain.drain().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants(names: &[&str]) -> Vec<Tenant> {
        names.iter().copied().map(Tenant::new).collect()
    }

    fn answer(asking: &mut Asking, started: &[&str]) -> (Vec<Tenant>, Vec<Tenant>) {
        let Answer { served, short } = asking.answered(tenants(started).iter());
        (served, short)
    }

    #[test]
    fn a_plan_becomes_a_turn_for_each_tenant() {
        let mut asking = Asking::default();
        let turns = asking.begin(tenants(&["b", "a", "b", "b"]));
        let turn = |name, at_most| Turn { tenant: Tenant::new(name), at_most };
        assert_eq!(turns, [turn("b", 3), turn("a", 1)]);
        assert_eq!((asking.count(), asking.count_of(&Tenant::new("b"))), (4, 3));
        let served = tenants(&["b", "a", "b"]);
        assert_eq!(answer(&mut asking, &["b", "b", "a"]), (served, tenants(&["b"])));
        assert_eq!((asking.count(), asking.is_under_way()), (0, false));
    }

    #[test]
    fn who_was_asked_for_in_vain_is_passed_over_until_something_is_heard() {
        let (mut asking, a) = (Asking::default(), Tenant::new("a"));
        asking.begin(tenants(&["a", "b"]));
        answer(&mut asking, &["b"]);
        assert!(asking.was_in_vain(&a) && !asking.was_in_vain(&Tenant::new("b")));
        asking.heard_of(&a);
        assert!(!asking.was_in_vain(&a));
        asking.begin(tenants(&["a"]));
        answer(&mut asking, &[]);
        assert_eq!(asking.try_all_again(), std::slice::from_ref(&a));
        assert!(!asking.was_in_vain(&a));
    }

    #[test]
    fn what_is_heard_while_the_store_answers_is_not_in_the_answer() {
        let (mut asking, a) = (Asking::default(), Tenant::new("a"));
        asking.begin(tenants(&["a"]));
        asking.heard_of(&a);
        assert_eq!(answer(&mut asking, &[]), (vec![], vec![a.clone()]));
        assert!(!asking.was_in_vain(&a), "it may have come a moment too late");
    }

    #[test]
    fn a_store_that_cannot_answer_says_nothing_of_anybody() {
        let (mut asking, a) = (Asking::default(), Tenant::new("a"));
        asking.begin(vec![a.clone()]);
        asking.failed();
        assert!(!asking.is_under_way() && !asking.was_in_vain(&a));
    }
}
