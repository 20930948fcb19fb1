//! Asks for the addresses of a name: by default the system, as every other program here does.
//! Judges no address and keeps no answer.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture, Shared};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How many lookups are under way at a time. Each holds a thread for as long as the system waits
/// for name servers, which is 10 s by default where one server does not answer, and an attempt
/// gives it up after 3. The 64 attempts that are under way by default leave at most some two
/// hundred lookups behind in that time, so that dead name servers do not use these up.
const LOOKUPS_MAX: usize = 256;

/// What is said of a lookup that ended without an answer, which the system's does not do.
const FELL: &str = "the lookup was broken off";

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: fmt::Debug + Send + Sync {
    /// Every address that a host has now. Whoever asks may go away before there is an answer.
    ///
    /// # Errors
    /// Why there is none, in a few words.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's own resolver, with whatever this machine has for it: files, DNS, search domains.
/// It blocks, so it has threads of its own, as many as are needed and not more than 256. While
/// a name is being looked up, everybody else who asks for it waits for the same answer.
#[derive(Clone)]
pub struct SystemLookup {
    ask: Ask,
    under_way: Arc<Mutex<HashMap<String, UnderWay>>>,
    slots: Arc<Semaphore>,
}

/// Blocks until it has an answer, or says in words why there is none.
type Ask = Arc<dyn Fn(&str) -> Answer + Send + Sync>;
type Answer = Result<Vec<IpAddr>, String>;
type UnderWay = Shared<BoxFuture<'static, Answer>>;

impl SystemLookup {
    fn asking(ask: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let slots = Arc::new(Semaphore::new(LOOKUPS_MAX));
        Self { ask: Arc::new(ask), under_way: Arc::default(), slots }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, UnderWay>> {
        // What is in there is whole at every moment.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a lookup, unless somebody else has begun it meanwhile.
    fn begin(&self, host: &str, slot: OwnedSemaphorePermit) -> UnderWay {
        let mut under_way = self.under_way();
        if let Some(begun) = under_way.get(host) {
            return begun.clone();
        }
        let (lookup, name) = (self.clone(), host.to_owned());
        let (tell, told) = oneshot::channel();
        // A thread of nobody's pool: a runtime that ends waits for its own, and a server that
        // stops must not wait for name servers.
        let thread = thread::Builder::new().name("lookup".to_owned()).spawn(move || {
            let answer = (lookup.ask)(&name);
            // From here on, whoever asks wants to know anew.
            lookup.under_way().remove(&name);
            drop(slot);
            // Everybody may have given up.
            let _ = tell.send(answer);
        });
        let begun = match thread {
            Ok(_) => async { told.await.unwrap_or_else(|_| Err(FELL.to_owned())) }.boxed(),
            Err(error) => return future::ready(Err(error.to_string())).boxed().shared(),
        };
        let begun = begun.shared();
        under_way.insert(host.to_owned(), begun.clone());
        begun
    }
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self::asking(ask_the_system)
    }
}

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let begun = self.under_way().get(host).cloned();
        let answer = match begun {
            Some(begun) => begun,
            None => {
                let slot = Arc::clone(&self.slots).acquire_owned().await;
                self.begin(host, slot.map_err(io::Error::other)?)
            }
        };
        answer.await.map_err(io::Error::other)
    }
}

impl fmt::Debug for SystemLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemLookup").finish_non_exhaustive()
    }
}

fn ask_the_system(host: &str) -> Answer {
    let found = (host, 0).to_socket_addrs();
    let found = found.map_err(|error| {
        // What stands before the system's own words only says again what was being done.
        let text = error.to_string();
        text.rsplit_once(": ").map_or(text.clone(), |(_, why)| why.to_lowercase())
    })?;
    Ok(found.map(|address| address.ip()).collect())
}

#[cfg(test)]
mod tests;
