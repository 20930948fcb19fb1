//! Whether the process is alive, and whether it can take anything on.
//! Asks nobody for a key, for a load balancer has none; only who wants to know why needs one.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::answers;
use super::auth::Caller;
use super::error::{Kind, Problem};
use super::state::Api;
use crate::actors::Status;
use crate::bodies::{Check, Isolation, IsolationBeside, Readiness, Word};
use crate::process::Surroundings;

/// What a server that is about to stop says of itself.
const STOPPING: &str = "The server is stopping.";

/// What a server says of itself whose launcher has gone and whose next one is not there yet.
const NO_LAUNCHER: &str = "There is no launcher at present.";

/// What a server says of itself that has no room for more.
const DISK_LOW: &str = "The disk is nearly full.";

/// What is looked at.
struct Checks {
    store: Check,
    disk: Check,
    launcher: Check,
    accepting: Check,
}

/// `GET /livez`
pub(super) async fn live() -> HttpResponse {
    answers::json(StatusCode::OK, &json!({ "alive": true }))
}

/// `GET /readyz`: the store can be written to and the server is not stopping. With `?verbose`,
/// everything that is known of it, for those who may know.
pub(super) async fn ready(
    request: HttpRequest,
    caller: Result<Caller, Problem>,
    api: web::Data<Api>,
) -> Result<HttpResponse, Problem> {
    if is_verbose(request.query_string()) {
        caller?.needs("metrics:read")?;
        return in_detail(&api).await;
    }
    check(&api).await?;
    Ok(answers::json(StatusCode::OK, &json!({ "ready": true })))
}

/// Whether the server can take anything on at this moment.
pub(super) async fn check(api: &Api) -> Result<(), Problem> {
    let status = api.supervisor.send(Status).await?;
    if status.draining {
        return Err(Problem::new(Kind::Draining, STOPPING));
    }
    api.store.check().await?;
    if api.disk.is_low() {
        return Err(Problem::new(Kind::DiskLow, DISK_LOW));
    }
    if !api.launcher.is_up() {
        return Err(Problem::new(Kind::NoLauncher, NO_LAUNCHER));
    }
    Ok(())
}

fn is_verbose(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "verbose")
}

/// The same body whether it is ready or not: a check that fails says why.
async fn in_detail(api: &Api) -> Result<HttpResponse, Problem> {
    let status = api.supervisor.send(Status).await?;
    let surroundings = api.launcher.surroundings();
    // Where it cannot be read, a check says so.
    let oldest = api.store.oldest().await.unwrap_or_default();
    let hosts = api.hosts.status();
    let checks = Checks {
        // Its own words are for those who run the server, as this answer is.
        store: check_of(api.store.check().await.map_err(|error| error.to_string())),
        disk: check_of(if api.disk.is_low() { Err(disk_low(api)) } else { Ok(()) }),
        launcher: check_that(api.launcher.is_up(), NO_LAUNCHER),
        accepting: check_that(!status.draining, STOPPING),
    };
    let failing = checks.failing();
    let readiness = Readiness {
        ready: failing.is_none(),
        checks: checks.by_name(),
        isolation: Isolation {
            level: surroundings.level.as_str().into(),
            reason: surroundings.reason.clone(),
            weaker: surroundings.weaker.clone(),
            besides: api.launcher.surroundings_besides().map(beside).collect(),
        },
        containment: surroundings.containment.as_str().into(),
        slots: status.slots,
        slots_free: status.free,
        queued: status.queued,
        queue_max: status.queue_max,
        oldest_queued_seconds: oldest
            .queued
            .map(|since| api.clock.now().since(since).as_secs_f64()),
        running: status.running,
        oldest_due_seconds: oldest.due.map(|since| api.clock.steady().since(since).as_secs_f64()),
        breakers_open: hosts.open,
        hosts_saturated: hosts.saturated,
        node: api.node.clone(),
    };
    Ok(match failing {
        None => answers::json(StatusCode::OK, &readiness),
        Some(kind) => Problem::new(kind, "").start().json(&readiness),
    })
}

/// The same for those who run it.
fn disk_low(api: &Api) -> String {
    let min = api.disk.free_bytes_min();
    format!("{DISK_LOW} Less than {min} bytes are free (`server.disk_free_bytes_min`).")
}

impl Checks {
    /// The kind of problem that keeps the server from being ready, if there is one.
    fn failing(&self) -> Option<Kind> {
        let kinds = [
            (&self.accepting, Kind::Draining),
            (&self.store, Kind::StoreUnavailable),
            (&self.disk, Kind::DiskLow),
            (&self.launcher, Kind::NoLauncher),
        ];
        kinds.into_iter().find(|(check, _)| !check.ok).map(|(_, kind)| kind)
    }

    fn by_name(self) -> BTreeMap<Word, Check> {
        let Self { store, disk, launcher, accepting } = self;
        let named = [("store", store), ("disk", disk), ("launcher", launcher)];
        let named = named.into_iter().chain([("accepting", accepting)]);
        named.map(|(name, check)| (name.into(), check)).collect()
    }
}

fn beside(surroundings: &Surroundings) -> IsolationBeside {
    let Surroundings { level, containment, weaker, .. } = surroundings;
    IsolationBeside {
        level: level.as_str().into(),
        containment: containment.as_str().into(),
        weaker: weaker.clone(),
    }
}

fn check_of(result: Result<(), String>) -> Check {
    Check { ok: result.is_ok(), error: result.err() }
}

fn check_that(ok: bool, otherwise: &str) -> Check {
    check_of(if ok { Ok(()) } else { Err(otherwise.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbose_is_asked_for_by_its_name_alone_or_with_a_value() {
        let check = |query: &str, expected| assert_eq!(is_verbose(query), expected, "{query}");
        check("verbose", true);
        check("verbose=1", true);
        check("a=b&verbose", true);
        check("", false);
        check("verbosity", false);
        check("a=verbose", false);
    }

    #[test]
    fn one_check_that_fails_is_enough() {
        let failing = |[accepting, store, disk, launcher]: [bool; 4]| {
            let [accepting, store, disk, launcher] =
                [accepting, store, disk, launcher].map(|ok| check_that(ok, "why"));
            Checks { store, disk, launcher, accepting }.failing()
        };
        assert_eq!(failing([true, true, true, true]), None);
        assert_eq!(failing([true, true, true, false]), Some(Kind::NoLauncher));
        assert_eq!(failing([true, true, false, false]), Some(Kind::DiskLow));
        assert_eq!(failing([true, false, false, true]), Some(Kind::StoreUnavailable));
        assert_eq!(failing([false, true, true, true]), Some(Kind::Draining));
    }
}
