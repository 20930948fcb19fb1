//! How many threads a name service can take, and who waits for whom.
//! Asks no real one but for the machine's own name.

use std::sync::Condvar;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_rt::time::timeout;
use futures_util::future::join_all;

use super::*;

/// A resolver that blocks until it is let go, and counts who asks.
#[derive(Clone, Default)]
struct Blocking(Arc<(Mutex<bool>, Condvar, AtomicUsize)>);

impl Blocking {
    fn lookup(&self) -> SystemLookup {
        let blocking = self.clone();
        SystemLookup::asking(move |_| {
            let (go, told, asked) = &*blocking.0;
            asked.fetch_add(1, Ordering::SeqCst);
            let _go = told.wait_while(go.lock().unwrap(), |go| !*go).unwrap();
            Ok(vec![IpAddr::from([127, 0, 0, 1])])
        })
    }

    fn asked(&self) -> usize {
        self.0.2.load(Ordering::SeqCst)
    }

    async fn asked_by(&self, count: usize) {
        let enough = async {
            while self.asked() < count {
                actix_rt::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(Duration::from_secs(20), enough).await.expect("so many lookups begin");
    }

    fn let_go(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

const SHORT: Duration = Duration::from_millis(20);

#[actix_rt::test]
async fn everybody_who_asks_for_a_name_waits_for_the_same_answer() {
    let blocking = Blocking::default();
    let lookup = blocking.lookup();
    // Whoever gives up leaves the question behind for the next.
    for _ in 0..3 {
        assert!(timeout(SHORT, lookup.addresses("slow.test")).await.is_err());
    }
    let all = join_all((0..1000).map(|_| lookup.addresses("slow.test")));
    let (answers, ()) = futures_util::future::join(all, async {
        blocking.asked_by(1).await;
        blocking.let_go();
    })
    .await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|found| found.len() == 1)));
    assert_eq!(blocking.asked(), 1);
    // An answer is for those who waited; it is not kept.
    lookup.addresses("slow.test").await.unwrap();
    assert_eq!(blocking.asked(), 2);
    assert!(lookup.under_way().is_empty());
}

#[actix_rt::test]
async fn names_that_are_never_answered_take_so_many_threads_and_no_more() {
    let blocking = Blocking::default();
    let lookup = blocking.lookup();
    let names: Vec<String> = (0..2 * LOOKUPS_MAX).map(|n| format!("{n}.test")).collect();
    let all = join_all(names.iter().map(|name| lookup.addresses(name)));
    assert!(timeout(Duration::from_millis(300), all).await.is_err());
    blocking.asked_by(LOOKUPS_MAX).await;
    // There is no thread for one more, and who waited for one and gave up does not get it.
    assert!(timeout(SHORT, lookup.addresses("one.more.test")).await.is_err());
    assert_eq!((blocking.asked(), lookup.under_way().len()), (LOOKUPS_MAX, LOOKUPS_MAX));
    blocking.let_go();
    lookup.addresses("one.more.test").await.unwrap();
    assert_eq!(blocking.asked(), LOOKUPS_MAX + 1);
}

#[actix_rt::test]
async fn the_system_knows_this_machine_and_says_why_it_knows_no_other() {
    let lookup = SystemLookup::default();
    let found = lookup.addresses("localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    let error = lookup.addresses("nowhere.invalid").await.unwrap_err().to_string();
    assert!(!error.is_empty() && !error.contains("failed to lookup"), "{error}");
}
