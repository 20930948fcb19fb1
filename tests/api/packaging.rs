//! The dashboard and the alerts that come with Ringback: whatever they ask Prometheus for is asked in
//! its language, and is there. Judges no threshold.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use promql_parser::label::Matcher;
use promql_parser::parser::{Expr, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::Value;

use super::exposition::Exposition;
use crate::support::app::TestApp;
use crate::support::wait::{DEADLINE, eventually};

/// Every series that a query asks for: its name, and the labels by which it is chosen.
#[derive(Default)]
struct Asked(Vec<(String, Vec<Matcher>)>);

impl ExprVisitor for Asked {
    type Error = String;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, String> {
        let select = |selector: &VectorSelector| {
            let name = selector.name.clone().ok_or("a selector without a name")?;
            Ok::<_, String>((name, selector.matchers.matchers.clone()))
        };
        match expr {
            Expr::VectorSelector(selector) => self.0.push(select(selector)?),
            Expr::MatrixSelector(matrix) => self.0.push(select(&matrix.vs)?),
            _ => {}
        }
        Ok(true)
    }
}

/// What a query asks for; Grafana's own words are none of Prometheus's.
#[track_caller]
fn asked(query: &str) -> Vec<(String, Vec<Matcher>)> {
    let query = query.replace("$__rate_interval", "5m");
    let parsed = parse(&query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut asked = Asked::default();
    walk_expr(&mut asked, &parsed).unwrap_or_else(|error| panic!("{query}: {error}"));
    assert!(!asked.0.is_empty(), "{query} asks for nothing");
    asked.0
}

/// The labels that each name of a line has.
fn labels() -> BTreeMap<String, BTreeSet<String>> {
    let app = TestApp::start();
    let told = eventually(DEADLINE, "a request has been counted to its end", || {
        let told = Exposition::parse(&app.get("/metrics").expect(200).text());
        let name = "ringback_http_request_duration_seconds";
        told.types.contains_key(name).then_some(told)
    });
    let mut labels: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for sample in told.samples {
        labels.entry(sample.name).or_default().extend(sample.labels.into_keys());
    }
    labels
}

/// Holds a query to the metrics that there are.
#[track_caller]
fn check(query: &str, labels: &BTreeMap<String, BTreeSet<String>>) {
    // What Prometheus itself knows of whom it asks.
    let given = ["job", "instance"];
    for (name, matchers) in asked(query) {
        let own = labels.get(&name).cloned().unwrap_or_default();
        assert!(name == "up" || labels.contains_key(&name), "there is no {name}: {query}");
        for Matcher { name: label, .. } in matchers {
            let is_known = given.contains(&&*label) || own.contains(&label);
            assert!(is_known, "{name} has no label {label}: {query}");
        }
    }
}

/// The names by which a page's headings are linked to.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    headings.map(|heading| heading.to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn every_alert_asks_for_what_there_is_and_says_what_to_do() {
    let labels = labels();
    let text = fs::read_to_string("packaging/alerts.yaml").unwrap();
    let file: Value = serde_saphyr::from_str(&text).expect("it is YAML");
    let rules = file["groups"][0]["rules"].as_array().expect("there are rules");
    assert!(rules.len() >= 9, "{}", rules.len());
    let page = fs::read_to_string("docs/why-nothing-moves.md").unwrap();
    for rule in rules {
        let name = rule["alert"].as_str().expect("a name");
        check(rule["expr"].as_str().expect("a query"), &labels);
        let annotation = |name: &str| rule["annotations"][name].as_str().unwrap_or_default();
        assert!(annotation("summary").ends_with('.'), "{name}");
        let what_to_do = annotation("description");
        assert!(what_to_do.len() > 60 && what_to_do.ends_with('.'), "{name}: {what_to_do}");
        let (file, anchor) = annotation("runbook").split_once('#').expect("a heading of a page");
        assert_eq!(file, "docs/why-nothing-moves.md", "{name}");
        assert!(anchors(&page).iter().any(|own| own == anchor), "{name}: {anchor}");
        assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()));
    }
}

#[test]
fn every_panel_asks_for_what_there_is_and_lies_beside_the_others() {
    let labels = labels();
    let text = fs::read_to_string("packaging/grafana-dashboard.json").unwrap();
    let dashboard: Value = serde_json::from_str(&text).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let (mut places, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut used = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().expect("a title");
        assert!(ids.insert(panel["id"].as_u64().expect("a number")), "{title}");
        let [x, y, w, h] =
            ["x", "y", "w", "h"].map(|name| panel["gridPos"][name].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is too wide");
        for place in (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y))) {
            assert!(places.insert(place), "{title} lies on another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{title}");
        for target in panel["targets"].as_array().expect("it asks for something") {
            let query = target["expr"].as_str().expect("a query");
            check(query, &labels);
            used.extend(asked(query).into_iter().map(|(name, _)| name));
        }
    }
    assert!(used.len() > 25, "{used:#?}");
}

#[test]
fn a_query_for_what_there_is_not_is_noticed() {
    let labels = BTreeMap::from([("a_total".to_owned(), BTreeSet::from(["code".to_owned()]))]);
    check("sum by (code) (rate(a_total{code=~\"5..\", job=\"x\"}[5m])) > 0", &labels);
    for bad in ["a_totl > 0", "a_total{cod=\"1\"}", "sum(rate(a_total[5m])", "rate(a_total)"] {
        let checked = std::panic::catch_unwind(|| check(bad, &labels));
        assert!(checked.is_err(), "{bad}");
    }
}
