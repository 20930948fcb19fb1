//! A running engine, as the application that has it inside sees it.

use std::mem;
use std::time::Duration;

use actix::{Arbiter, Recipient};
use actix_web::web::{Data, ServiceConfig};

use crate::actors::{
    Drain, DrainDeliveries, ExecutionEnded, Standing, Subscribe, SupervisorActor, System, ended,
};
use crate::domain::{Execution, ExecutionId, Secret, Tenant};
use crate::http::{Api, NewKey, Observer, RequestLimits, routes};
use crate::process::Launcher;
use crate::store::StoreError;

/// How often a drain is asked for when the supervisor falls meanwhile.
const DRAINS_MAX: usize = 3;

/// A running engine. Dropping it stops it at once, and kills what runs; [`Engine::shutdown`]
/// stops it in order. Either way nothing that was accepted is lost.
pub struct Engine {
    api: Data<Api>,
    system: System,
    arbiters: Vec<Arbiter>,
    last_pass: Duration,
    settles_within: Duration,
    new_key: Option<NewKey>,
    launcher: Launcher,
}

/// What a running engine consists of.
pub(super) struct Running {
    pub(super) api: Data<Api>,
    pub(super) system: System,
    pub(super) arbiters: Vec<Arbiter>,
    pub(super) last_pass: Duration,
    /// How long programs that are ended may take to be gone, and their ends to be written.
    pub(super) settles_within: Duration,
    pub(super) new_key: Option<NewKey>,
    pub(super) launcher: Launcher,
}

impl Engine {
    pub(super) fn new(running: Running) -> Self {
        let Running { api, system, arbiters, last_pass, settles_within, new_key, launcher } =
            running;
        Self { api, system, arbiters, last_pass, settles_within, new_key, launcher }
    }

    /// The actor that takes [`Submit`](crate::Submit), [`Cancel`](crate::Cancel) and
    /// [`Status`](crate::Status), by a handle that stays when the actor has to be started again.
    pub fn supervisor(&self) -> Standing<SupervisorActor> {
        self.api.supervisor.clone()
    }

    /// The HTTP API, for `App::new().configure(…)` or a scope under any prefix. A server that is given
    /// [`on_connect`](crate::http::on_connect) as well notices clients that go away while they wait for
    /// an execution. Answers that are held back are given at once when the engine is drained: an
    /// application that wants its server to stop quickly drains first.
    pub fn routes(&self) -> impl FnOnce(&mut ServiceConfig) + Clone + Send + use<> {
        routes(self.api.clone())
    }

    /// Tells an actor each terminal event from now on. It is a hint: whoever must not miss one
    /// asks for a webhook.
    pub fn subscribe(&self, recipient: Recipient<ExecutionEnded>) {
        self.api.supervisor.do_send(Subscribe { recipient });
    }

    /// Waits for the end of an execution, for as long as the engine runs; nothing when this
    /// tenant has no such execution.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ended(
        &self,
        tenant: &Tenant,
        id: ExecutionId,
    ) -> Result<Option<Execution>, StoreError> {
        ended(&self.api.supervisor, self.api.store.as_ref(), (tenant, id)).await
    }

    /// The key that was made because there was none. It is not to be had a second time.
    pub fn new_api_key(&mut self) -> Option<Secret> {
        self.new_key.take().map(|key| key.text)
    }

    /// How much of everything a request may have. Its
    /// [`spec`](crate::http::RequestLimits::spec) is an execution as the configuration has it.
    pub fn limits(&self) -> &RequestLimits {
        &self.api.limits
    }

    /// All metrics in the text format of Prometheus, version 0.0.4, for an application that tells
    /// them itself. They are this engine's alone; nothing is installed for the whole process.
    pub async fn metrics(&self) -> String {
        self.system.metrics.text().await
    }

    /// Who counts the requests of a server around this engine, and has them in the log.
    pub(super) fn observer(&self) -> Observer {
        Observer::new(self.system.metrics.counts().clone())
    }

    /// What runs programs, with its runtimes.
    pub fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// Accepts and starts nothing more. Programs may run on for `within`; then they are ended.
    /// Returns when nothing runs and every end is written, or when that takes longer than it should:
    /// the next engine then settles the rest. Called again with a shorter time, it hurries.
    pub async fn drain(&self, within: Duration) {
        let drained = async {
            // The next supervisor goes on with a drain in which one fell, but nobody who waited
            // for that one is told.
            for _ in 0..DRAINS_MAX {
                if self.api.supervisor.send(Drain { within }).await.is_ok() {
                    break;
                }
            }
        };
        let limit = within.saturating_add(self.settles_within);
        if actix_rt::time::timeout(limit, drained).await.is_err() {
            log::warn!("not every execution could be settled in time; the next server does it");
        }
    }

    /// Stops in order: drains, makes a last pass over what is due to be delivered, and ends its
    /// threads. What was queued or could not be delivered is in the store. Once this returns, and
    /// routes are served no more, the data directory is free for another engine.
    pub async fn shutdown(self, within: Duration) {
        self.drain(within).await;
        self.deliver_once_more().await;
        self.end().await;
    }

    /// Waits until the engine has failed in a way that it cannot go on from, and says why in a
    /// sentence without its end: its store has stopped for good, because a sync failed or the
    /// database is broken; one of its actors fails again and again; or programs cannot be started
    /// any more. What was accepted is safe; nothing more will be. Whoever runs the engine ends it,
    /// best with its process, and starts another one on the same data.
    pub async fn failed(&self) -> String {
        tokio::select! {
            reason = self.api.store.stopped() => format!("the store has stopped: {reason}"),
            reason = self.system.failed() => reason,
            reason = self.launcher.given_up() => {
                format!("programs cannot be started any more: {reason}")
            }
        }
    }

    /// Ends the threads, and with them whatever still runs.
    pub(super) async fn end(mut self) {
        self.api.auth.keys.write_uses().await;
        let arbiters = mem::take(&mut self.arbiters);
        let launcher = self.launcher.clone();
        let joined = actix_rt::task::spawn_blocking(move || {
            for arbiter in arbiters {
                arbiter.stop();
                // An arbiter whose thread panicked has stopped as well.
                let _ = arbiter.join();
            }
            launcher.close();
        });
        let _ = joined.await;
    }

    /// The last pass over what is due; what does not end within the time of one attempt is
    /// delivered by the next server.
    pub(super) async fn deliver_once_more(&self) {
        let pass = self.system.webhook.send(DrainDeliveries);
        let _ = actix_rt::time::timeout(self.last_pass, pass).await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}
