//! Starts the two system actors and keeps them standing.
//! Decides nothing; what to do when one falls too often is for whoever owns the process.

use std::sync::Arc;

use actix::Arbiter;
use tokio::sync::watch;

use super::draining::Draining;
use super::engine::EngineParts;
use super::hosts::Hosts;
use super::metrics::Scrape;
use super::standing::Standing;
use super::supervisor::{self, SupervisorActor};
use super::surviving::Surviving;
use super::webhook::{self, WebhookActor};
use crate::store::Census;
use crate::webhook::ClientSettings;

/// The system actors of an engine, by handles that stay.
pub struct System {
    /// Who runs executions.
    pub supervisor: Standing<SupervisorActor>,
    /// Who delivers.
    pub webhook: Standing<WebhookActor>,
    /// What is known of the hosts that it delivers to.
    pub hosts: Hosts,
    /// Who is asked for metrics.
    pub metrics: Arc<Scrape>,
    /// Whether the engine stops.
    pub draining: Draining,
    failed: watch::Receiver<Option<String>>,
}

impl System {
    /// Starts both on a thread; they are there when this returns.
    pub async fn start(
        parts: &EngineParts,
        client_settings: ClientSettings,
        census: Census,
        arbiter: &Arbiter,
    ) -> Self {
        parts.store.measure(parts.metrics.of_store());
        let (supervisor, webhook) = (Standing::vacant(), Standing::vacant());
        let (tell, failed) = watch::channel(None);
        let hosts = Hosts::new(parts.settings.hosts.clone(), parts.clock.clone());
        let making = (parts.clone(), client_settings, hosts.clone());
        keep_webhook(making, webhook.clone(), (arbiter, tell.clone()));
        let surviving = Surviving::new(parts.settings.arbiters);
        let draining = surviving.draining.clone();
        let making = supervisor::Making {
            parts: parts.clone(),
            webhook: webhook.clone(),
            ourselves: supervisor.clone(),
            surviving,
            census,
            is_again: false,
        };
        keep_supervisor(making, (arbiter, tell));
        supervisor.stands().await;
        webhook.stands().await;
        arbiter.spawn(parts.metrics.clone().upkeep());
        let metrics = Arc::new(Scrape::new(parts, supervisor.clone(), hosts.clone()));
        Self { supervisor, webhook, hosts, metrics, draining, failed }
    }

    /// Waits until one of them has failed for good, and says which. Nothing is accepted, started
    /// or delivered then any more.
    pub async fn failed(&self) -> String {
        let mut failed = self.failed.clone();
        match failed.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(reason)) => reason.clone(),
            // The thread has ended, because the engine has.
            _ => std::future::pending().await,
        }
    }
}

type Whereto<'a> = (&'a Arbiter, watch::Sender<Option<String>>);

fn keep_webhook(
    (parts, client_settings, hosts): (EngineParts, ClientSettings, Hosts),
    standing: Standing<WebhookActor>,
    (arbiter, tell): Whereto<'_>,
) {
    arbiter.spawn_fn(move || {
        actix_rt::spawn(async move {
            let ourselves = standing.clone();
            let make = |footing, number| {
                let making = webhook::Making {
                    parts: parts.clone(),
                    client_settings: client_settings.clone(),
                    ourselves: ourselves.clone(),
                    hosts: hosts.clone(),
                    is_again: number > 0,
                };
                WebhookActor::new(making, footing)
            };
            let reason = standing.keep("the webhook actor", make).await;
            tell.send_replace(Some(reason));
        });
    });
}

fn keep_supervisor(making: supervisor::Making, (arbiter, tell): Whereto<'_>) {
    arbiter.spawn_fn(move || {
        actix_rt::spawn(async move {
            let standing = making.ourselves.clone();
            let make = |footing, number| {
                let making = supervisor::Making { is_again: number > 0, ..making.clone() };
                SupervisorActor::new(making, footing)
            };
            let reason = standing.keep("the supervisor", make).await;
            tell.send_replace(Some(reason));
        });
    });
}
