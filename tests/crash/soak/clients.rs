//! Clients of a soak: each submits, cancels some of what it has submitted, and waits for its oldest
//! when it has enough under way. What is answered is written down; what is not, is not.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::chance::Chance;
use super::mixture;
use super::progress::Progress;
use crate::evidence::Evidence;
use crate::support::app::TestApp;
use crate::support::client::{Answer, Request};
use crate::support::options::API_KEY;
use crate::support::receiver::TestReceiver;
use crate::support::wait::{DEADLINE, eventually};

const CLIENTS: usize = 6;

/// How many executions a client has under way: more, all together, than there are slots.
const UNDER_WAY: usize = 12;

/// How many of a hundred submits are followed by a cancel of something.
const CANCEL_PERCENT: usize = 15;

/// How long a soak is.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    /// So many executions in all.
    Executions(usize),
    /// So long, however many that are.
    Time(Duration),
}

/// What the clients have in common.
pub struct Clients<'a> {
    /// Where the server is at the moment.
    address: Mutex<SocketAddr>,
    /// Something is wrong already, and nobody need go on.
    is_over: AtomicBool,
    endpoint: &'a TestReceiver,
    evidence: &'a Evidence,
    progress: &'a Progress,
}

/// Clients that may still have something to do.
pub struct Busy<'scope>(Vec<ScopedJoinHandle<'scope, ()>>);

impl Busy<'_> {
    /// Whether any of them has.
    pub fn are_busy(&self) -> bool {
        self.0.iter().any(|client| !client.is_finished())
    }
}

impl<'a> Clients<'a> {
    /// Clients of a server that are told of an endpoint.
    pub fn of(
        app: &TestApp,
        endpoint: &'a TestReceiver,
        evidence: &'a Evidence,
        progress: &'a Progress,
    ) -> Self {
        let (address, is_over) = (Mutex::new(app.address()), AtomicBool::new(false));
        Self { address, is_over, endpoint, evidence, progress }
    }

    /// Lets everybody stop where they are.
    pub fn give_up(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The server is somewhere else now.
    pub fn find_it_at(&self, address: SocketAddr) {
        *self.address.lock().expect("nobody panics with the lock") = address;
    }

    /// Lets all of them begin.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        seed: u64,
        length: Length,
    ) -> Busy<'scope> {
        let start = |number| {
            let chance = Chance::new(seed, &format!("client {number}"));
            scope.spawn(move || Client::of(self, chance).work(length))
        };
        Busy((0..CLIENTS).map(start).collect())
    }

    fn request(&self, method: &str, path: &str) -> Request {
        let address = *self.address.lock().expect("nobody panics with the lock");
        Request::new(method, format!("http://{address}{path}"))
            .header("authorization", &format!("Bearer {API_KEY}"))
    }

    /// Sends what must not be sent twice; nothing when the server is away or goes away meanwhile.
    fn send_once(&self, request: Request) -> Option<Answer> {
        let answer = request.try_send().ok();
        if answer.is_none() {
            self.progress.unanswered.count();
        }
        answer
    }
}

struct Client<'a> {
    all: &'a Clients<'a>,
    chance: Chance,
    under_way: VecDeque<String>,
}

impl<'a> Client<'a> {
    const fn of(all: &'a Clients<'a>, chance: Chance) -> Self {
        Self { all, chance, under_way: VecDeque::new() }
    }

    fn work(mut self, length: Length) {
        let begin = Instant::now();
        let mut accepted = 0;
        while !self.is_over()
            && match length {
                Length::Executions(count) => accepted < count.div_ceil(CLIENTS),
                Length::Time(time) => begin.elapsed() < time,
            }
        {
            accepted += usize::from(self.submit());
            if self.chance.percent(CANCEL_PERCENT) {
                self.cancel();
            }
            if self.under_way.len() >= UNDER_WAY {
                self.wait_for_the_oldest();
            }
        }
    }

    /// Submits something; whether it was accepted.
    fn submit(&mut self) -> bool {
        let program = mixture::draw(&mut self.chance, self.all.evidence, self.all.endpoint);
        let request = self.all.request("POST", "/v1/executions").json(&program);
        let Some(answer) = self.all.send_once(request) else {
            self.wait_for_the_server();
            return false;
        };
        let is_welcome = mixture::is_welcome(&program);
        match (answer.status, is_welcome) {
            (202, true) => self.accepted(&program, &answer),
            (400, false) | (503, _) => self.all.progress.refused.count(),
            (status, _) => panic!("{program} was answered with {status}: {}", answer.text()),
        }
        answer.status == 202
    }

    fn accepted(&mut self, program: &Value, answer: &Answer) {
        let id = answer.json()["id"].as_str().expect("an accepted execution has an id").to_owned();
        self.all.evidence.submitted(program, &id);
        self.all.progress.accepted.count();
        self.under_way.push_back(id);
    }

    /// Cancels one of those under way, wherever it is in its life.
    fn cancel(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let id = &self.under_way[self.chance.number(0..self.under_way.len())];
        let request = self.all.request("DELETE", &format!("/v1/executions/{id}"));
        let Some(answer) = self.all.send_once(request) else { return };
        match answer.status {
            200 | 202 => {
                self.all.evidence.cancelled(&answer.json());
                self.all.progress.cancelled.count();
            }
            503 => {}
            status => panic!("the cancel of {id} was answered with {status}: {}", answer.text()),
        }
    }

    fn wait_for_the_oldest(&mut self) {
        let Some(id) = self.under_way.pop_front() else { return };
        eventually(DEADLINE * 3, format!("{id} has ended"), || {
            if self.is_over() {
                return Some(());
            }
            let path = format!("/v1/executions/{id}?wait=1");
            let answer = self.all.request("GET", &path).try_send().ok()?;
            match answer.status {
                200 => (!answer.json()["completed_at"].is_null()).then_some(()),
                503 => None,
                status => panic!("{id} was accepted, and now: {status}, {}", answer.text()),
            }
        });
    }

    fn wait_for_the_server(&self) {
        eventually(DEADLINE, "the server is back", || {
            let answer = self.all.request("GET", "/readyz").try_send();
            (answer.is_ok() || self.is_over()).then_some(())
        });
    }

    fn is_over(&self) -> bool {
        self.all.is_over.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executions(count) => write!(f, "{count} executions"),
            Self::Time(time) => write!(f, "{} seconds", time.as_secs()),
        }
    }
}
