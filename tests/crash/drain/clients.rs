//! Clients that submit without pause, cancel some of it, and go on while the server stops, until it
//! is gone. Until it stops they expect to be served.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use serde_json::Value;

use crate::scene::Scene;
use crate::support::client::Answer;

const CLIENTS: usize = 4;

/// What the programs do, one after another; none of them takes as long as the server gives it.
const CODES: [&str; 5] = ["true", "sleep 0.05", "echo hi; exit 3", "sleep 1000 & exit 0", "true"];

/// One cancel for so many submits.
const CANCEL_EVERY: usize = 6;

/// How many of what they have submitted last clients cancel when the server begins to stop.
const CANCELLED_AT_LAST: usize = 3;

/// What clients have in common.
pub struct Clients<'a> {
    scene: &'a Scene,
    is_stopping: AtomicBool,
}

/// What a client has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// What was accepted.
    pub ids: Vec<String>,
    /// How many submits were refused because the server stops.
    pub refused: usize,
    /// Those that ran when they were cancelled while the server stopped.
    pub wished: Vec<String>,
    /// Those that had ended by an answer to that: most of them waited.
    pub ended: Vec<String>,
}

impl<'a> Clients<'a> {
    /// Clients of the server of a scene.
    pub const fn of(scene: &'a Scene) -> Self {
        Self { scene, is_stopping: AtomicBool::new(false) }
    }

    /// From now on the server may refuse, and go.
    pub fn it_stops(&self) {
        self.is_stopping.store(true, Ordering::SeqCst);
    }

    /// Lets all of them begin.
    pub fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Vec<ScopedJoinHandle<'scope, Seen>> {
        (0..CLIENTS).map(|_| scope.spawn(|| self.work())).collect()
    }

    fn work(&self) -> Seen {
        let mut seen = Seen::default();
        for number in 0.. {
            let program =
                self.scene.evidence.program(&self.scene.receiver, CODES[number % CODES.len()]);
            let Some(answer) = self.send("POST", "/v1/executions", Some(&program)) else { break };
            match answer.status {
                202 => seen.ids.push(self.accepted(&program, &answer)),
                503 => self.refused(&answer, &mut seen),
                status => panic!("a submit was answered with {status}: {}", answer.text()),
            }
            if number % CANCEL_EVERY == 0 && seen.refused == 0 {
                seen.ids.last().map(|id| self.cancel(id));
            }
        }
        seen
    }

    fn accepted(&self, program: &Value, answer: &Answer) -> String {
        let id = answer.json()["id"].as_str().expect("an accepted execution has an id").to_owned();
        self.scene.evidence.submitted(program, &id);
        id
    }

    /// A refusal promises nothing, and says when to ask again.
    fn refused(&self, answer: &Answer, seen: &mut Seen) {
        assert!(self.is_stopping(), "refused by a server that need not: {}", answer.text());
        assert_eq!(answer.json()["code"], "draining", "{}", answer.text());
        assert!(answer.json()["id"].is_null() && answer.header("location").is_none());
        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
        seen.refused += 1;
        if seen.refused == 1 {
            for id in seen.ids.iter().rev().take(CANCELLED_AT_LAST) {
                match self.cancel(id) {
                    Some(202) => seen.wished.push(id.clone()),
                    Some(200) => seen.ended.push(id.clone()),
                    _ => {}
                }
            }
        }
    }

    /// The status of the answer, if there was one.
    fn cancel(&self, id: &str) -> Option<u16> {
        let answer = self.send("DELETE", &format!("/v1/executions/{id}"), None)?;
        match answer.status {
            200 | 202 => self.scene.evidence.cancelled(&answer.json()),
            503 if self.is_stopping() => {}
            status => panic!("a cancel was answered with {status}: {}", answer.text()),
        }
        Some(answer.status)
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let request = self.scene.app.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        match request.try_send() {
            Ok(answer) => Some(answer),
            Err(_) if self.is_stopping() => None,
            Err(error) => panic!("no answer to {method} {path}: {error}"),
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }
}
