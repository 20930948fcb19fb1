//! Connections that wait a moment for the next request to the same origin at the same address.
//! Vets nothing: whoever asks for one names addresses that were vetted for this attempt.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_rt::time::{Instant, sleep_until};

use super::address::Endpoint;
use super::connection::Connection;

/// How many connections wait at most; beyond it the one goes that waits longest.
const IDLE_MAX: usize = 256;

/// Which requests a connection can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    is_https: bool,
    authority: String,
    pub(super) address: SocketAddr,
}

impl Route {
    /// From here to this address of an endpoint.
    pub(super) fn new(endpoint: &Endpoint, address: SocketAddr) -> Self {
        let authority = endpoint.authority().to_owned();
        Self { is_https: endpoint.is_https(), authority, address }
    }

    fn leads_to(&self, endpoint: &Endpoint, addresses: &[SocketAddr]) -> bool {
        self.is_https == endpoint.is_https()
            && self.authority == endpoint.authority()
            && addresses.contains(&self.address)
    }
}

/// The connections that wait. None waits for longer than `keep_alive`.
pub(super) struct Idle<T = Connection> {
    keep_alive: Duration,
    shelf: Rc<Shelf<T>>,
}

struct Shelf<T> {
    /// Who has waited longest comes first.
    waiting: RefCell<VecDeque<Waiting<T>>>,
    /// Whether somebody looks after it already.
    is_watched: Cell<bool>,
}

struct Waiting<T> {
    route: Route,
    until: Instant,
    connection: T,
}

impl<T: 'static> Idle<T> {
    pub(super) fn new(keep_alive: Duration) -> Self {
        let shelf = Shelf { waiting: RefCell::default(), is_watched: Cell::new(false) };
        Self { keep_alive, shelf: Rc::new(shelf) }
    }

    /// The connection to one of these addresses of the endpoint that was used last.
    pub(super) fn take(&self, endpoint: &Endpoint, addresses: &[SocketAddr]) -> Option<(Route, T)> {
        let mut waiting = self.shelf.waiting.borrow_mut();
        let now = Instant::now();
        let fits = |one: &Waiting<T>| one.until > now && one.route.leads_to(endpoint, addresses);
        let at = waiting.iter().rposition(fits)?;
        waiting.remove(at).map(|one| (one.route, one.connection))
    }

    /// Lets a connection wait whose last answer was read to its end.
    pub(super) fn put(&self, route: Route, connection: T) {
        let until = Instant::now() + self.keep_alive;
        if !self.shelf.is_watched.replace(true) {
            actix_rt::spawn(close_in_time(Rc::downgrade(&self.shelf), until));
        }
        let mut waiting = self.shelf.waiting.borrow_mut();
        if waiting.len() == IDLE_MAX {
            waiting.pop_front();
        }
        waiting.push_back(Waiting { route, until, connection });
    }
}

/// Closes what has waited for too long, until nothing waits any more.
async fn close_in_time<T>(shelf: Weak<Shelf<T>>, mut next: Instant) {
    loop {
        sleep_until(next).await;
        let Some(shelf) = shelf.upgrade() else { return };
        let mut waiting = shelf.waiting.borrow_mut();
        let now = Instant::now();
        while waiting.front().is_some_and(|oldest| oldest.until <= now) {
            waiting.pop_front();
        }
        let Some(oldest) = waiting.front() else {
            shelf.is_watched.set(false);
            return;
        };
        next = oldest.until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::AddressPolicy;

    const KEEP_ALIVE: Duration = Duration::from_secs(20);

    fn endpoint(url: &str) -> Endpoint {
        AddressPolicy::new(Vec::new(), true).check_url(url).unwrap()
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[actix_rt::test]
    async fn a_connection_serves_its_own_origin_and_address_only() {
        let idle = Idle::new(KEEP_ALIVE);
        let (ours, here) = (endpoint("https://a.example/x"), at("8.8.8.8:443"));
        idle.put(Route::new(&ours, here), "ours");
        for (url, address) in [
            ("https://b.example/x", "8.8.8.8:443"),
            ("https://a.example:8443/x", "8.8.8.8:443"),
            ("http://a.example:443/x", "8.8.8.8:443"),
            ("https://a.example/x", "8.8.4.4:443"),
            ("https://a.example/x", "8.8.8.8:444"),
        ] {
            assert!(idle.take(&endpoint(url), &[at(address)]).is_none(), "{url} {address}");
        }
        let elsewhere = endpoint("https://a.example/another/path");
        let taken = idle.take(&elsewhere, &[at("1.1.1.1:443"), here]);
        assert_eq!(taken, Some((Route::new(&ours, here), "ours")));
        assert!(idle.take(&ours, &[here]).is_none(), "it is taken once");
    }

    #[actix_rt::test]
    async fn one_watches_over_all_and_another_one_when_it_is_done() {
        let idle = Idle::new(Duration::from_millis(20));
        let (ours, here) = (endpoint("https://a.example/"), at("8.8.8.8:443"));
        for _ in 0..3 {
            for number in 0..100 {
                idle.put(Route::new(&ours, here), number);
                // Nothing waits between one request and the next.
                idle.take(&ours, &[here]);
                assert_eq!(Rc::weak_count(&idle.shelf), 1);
            }
            idle.put(Route::new(&ours, here), 0);
            let gone = async {
                while Rc::weak_count(&idle.shelf) > 0 {
                    actix_rt::time::sleep(Duration::from_millis(2)).await;
                }
            };
            actix_rt::time::timeout(KEEP_ALIVE, gone).await.expect("it ends when nothing waits");
            assert!(idle.shelf.waiting.borrow().is_empty());
        }
    }

    #[actix_rt::test]
    async fn of_too_many_the_one_goes_that_waited_longest() {
        let idle = Idle::new(KEEP_ALIVE);
        let (ours, here) = (endpoint("https://a.example/"), at("8.8.8.8:443"));
        for number in 0..=IDLE_MAX {
            idle.put(Route::new(&ours, here), number);
        }
        let taken = std::iter::from_fn(|| idle.take(&ours, &[here]).map(|(_, number)| number));
        // The one that was used last comes first.
        assert_eq!(taken.collect::<Vec<_>>(), (1..=IDLE_MAX).rev().collect::<Vec<_>>());
    }
}
