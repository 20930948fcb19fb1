//! What the doctor makes of what a server says of itself: one finding for each thing that can be in the
//! way, with what to do about it. Asks nobody; each is explained in docs/why-nothing-moves.md.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::super::terminal::tame;
use super::Told;
use super::{Finding, Mark};

/// An execution that has waited for so long waits for more than its turn, in seconds.
const QUEUE_IS_OLD: f64 = 60.0;

/// The same for a delivery that is due.
const DELIVERY_IS_OLD: f64 = 10.0;

/// Of how many receivers it is told why they are behind.
const RECEIVERS_MAX: usize = 5;

/// The share of its descriptors above which a server may soon have none left.
const DESCRIPTORS_FEW: f64 = 0.8;

pub(super) fn findings(told: &Told) -> Vec<Finding> {
    let ready = &told.readiness;
    let mut findings = vec![server(ready)];
    findings.extend(checks(ready));
    findings.extend([slots(ready), queue(told), deliveries(told)]);
    findings.extend(descriptors(told));
    findings
}

fn server(ready: &Value) -> Finding {
    let node = tame(ready["node"].as_str().unwrap_or("a server"));
    let is_ready = ready["ready"] == true;
    let text = if is_ready { "is ready" } else { "answers, and is not ready" };
    let finding = Finding::new("server", Mark::Bad.unless(is_ready), format!("{node} {text}"));
    finding.fact("reachable", true).fact("ready", is_ready)
}

/// Each check of `/readyz`, also one that a later server has.
fn checks(ready: &Value) -> Vec<Finding> {
    let checks = ready["checks"].as_object().into_iter().flatten();
    let finding = |(name, check): (&String, &Value)| {
        let (topic, good, remedy) = words(name);
        let is_ok = check["ok"] == true;
        let why = check["error"].as_str().map_or_else(|| format!("{name} fails"), tame);
        let text = if is_ok { good.to_owned() } else { why };
        let finding = Finding::new(topic, Mark::Bad.unless(is_ok), text).fact("check", &**name);
        if is_ok { finding } else { finding.detail(remedy) }
    };
    checks.map(finding).collect()
}

/// The topic of a check, what is so when it is well, and what to do when it is not.
fn words(check: &str) -> (&'static str, &'static str, &'static str) {
    match check {
        "store" => (
            "store",
            "can be written to",
            "make room on the disk of the data directory; the server goes on by itself as soon as it can write",
        ),
        "disk" => (
            "disk",
            "has room for more",
            "make room on the disk of the data directory; what was accepted goes on meanwhile, and more is accepted as soon as there is room",
        ),
        "launcher" => (
            "launcher",
            "programs can be started",
            "the next one comes by itself, or the server ends with 70 and its log says why",
        ),
        "accepting" => (
            "accepting",
            "takes executions on",
            "it was told to stop: what runs may end, what waits goes on with the next server; start that one",
        ),
        _ => ("check", "all is well", "see docs/why-nothing-moves.md, and the log of the server"),
    }
}

fn slots(ready: &Value) -> Finding {
    let count = |name: &str| ready[name].as_u64().unwrap_or(0);
    let (slots, free, queued) = (count("slots"), count("slots_free"), count("queued"));
    let finding = |mark, text: String| {
        Finding::new("slots", mark, text).fact("slots", slots).fact("free", free)
    };
    if free > 0 || queued == 0 {
        return finding(Mark::Ok, format!("{free} of {slots} are free"));
    }
    let oldest = ready["oldest_queued_seconds"].as_f64().unwrap_or(0.0);
    let text = format!(
        "all {slots} are busy, and {queued} executions wait for one, the first for {oldest:.0} s"
    );
    finding(if oldest > QUEUE_IS_OLD { Mark::Bad } else { Mark::Weak }, text)
        .fact("oldest_queued_seconds", oldest)
        .detail("`GET /v1/executions?status=running` says what runs; cancel what hangs")
        .detail("raise `execution.slots`, or give programs a `timeout`")
}

fn queue(told: &Told) -> Finding {
    let ready = &told.readiness;
    let queued = ready["queued"].as_u64().unwrap_or(0);
    let max = ready["queue_max"].as_u64().unwrap_or(u64::MAX);
    let refused = told.figures.by("ringback_requests_refused_total", "code");
    let refused = refused.into_iter().filter(|(code, _)| code.ends_with("queue_full"));
    let refused: f64 = refused.map(|(_, count)| count).sum();
    let is_full = queued >= max;
    let text = if is_full {
        format!("it is full: {queued} executions wait, which is all that it takes")
    } else {
        format!("{queued} executions wait, and {max} may")
    };
    let mut finding = Finding::new("queue", Mark::Bad.unless(!is_full), text);
    finding = finding.fact("queued", queued).fact("max", max).fact("refused", refused);
    if refused > 0.0 {
        let sentence = "since its start the server has refused";
        finding =
            finding.detail(format!("{sentence} {refused} executions because a queue was full"));
    }
    if is_full {
        let remedy = "it empties as slots become free; `queue.max_total` says how many may wait";
        finding = finding.detail(remedy);
    }
    finding
}

fn deliveries(told: &Told) -> Finding {
    let ready = &told.readiness;
    let due = ready["oldest_due_seconds"].as_f64().unwrap_or(0.0);
    let count = |name: &str| ready[name].as_u64().unwrap_or(0);
    let (open, saturated) = (count("breakers_open"), count("hosts_saturated"));
    let pending = told.figures.value("ringback_deliveries_pending").unwrap_or(0.0);
    let is_late = due > DELIVERY_IS_OLD || open > 0;
    let text = match (pending == 0.0, is_late) {
        (true, false) => "nothing is owed".to_owned(),
        (false, false) => format!("{pending} are pending, and none is late"),
        (_, true) => format!(
            "{pending} are pending, the first is due for {due:.0} s; {open} hosts are left alone because they \
             failed, and {saturated} are slow"
        ),
    };
    let mut finding = Finding::new("deliveries", Mark::Weak.unless(!is_late), text);
    finding = finding.fact("pending", pending).fact("oldest_due_seconds", due);
    finding = finding.fact("breakers_open", open).fact("hosts_saturated", saturated);
    match &told.pending {
        // What has failed is worth telling also before it is late.
        Some(pending) => behind(pending).into_iter().fold(finding, Finding::detail),
        None if is_late => {
            finding.detail("a key with the scope `deliveries:read` is told whose they are")
        }
        None => finding,
    }
}

/// Why the receivers are behind that are, one sentence for each.
fn behind(pending: &[Value]) -> Vec<String> {
    let mut of_host: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for delivery in pending.iter().filter(|delivery| is_behind(delivery)) {
        let url = delivery["url"].as_str().unwrap_or_default();
        let host = url::Url::parse(url).ok().and_then(|url| {
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            Some(format!("{}{port}", url.host_str()?))
        });
        let (count, why) = of_host.entry(tame(&host.unwrap_or_default())).or_default();
        *count += 1;
        if why.is_empty() {
            *why = tame(delivery["explanation"].as_str().unwrap_or_default());
        }
    }
    let told = of_host.into_iter().map(|(host, (count, why))| format!("{host} ({count}): {why}"));
    told.take(RECEIVERS_MAX).collect()
}

fn is_behind(delivery: &Value) -> bool {
    delivery["attempts_made"].as_u64().unwrap_or(0) > 0 || delivery["waiting_for"] == "breaker"
}

fn descriptors(told: &Told) -> Option<Finding> {
    let open = told.figures.value("process_open_fds")?;
    let max = told.figures.value("process_max_fds")?;
    let is_few = open > max * DESCRIPTORS_FEW;
    let text = format!("{open} of {max} are open");
    let finding = Finding::new("descriptors", Mark::Weak.unless(!is_few), text);
    let finding = finding.fact("open", open).fact("max", max);
    Some(if is_few { finding.detail("raise `LimitNOFILE=`, or `ulimit -n`") } else { finding })
}

#[cfg(test)]
mod tests;
