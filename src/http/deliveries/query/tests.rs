//! Tests of the query of a list of deliveries: what is read, what is refused, and where a cursor
//! leads. They send nothing.

use std::time::Duration;

use super::*;
use crate::domain::Tenant;
use crate::http::deliveries::explanation::example;
use crate::http::query::parameters;
use crate::http::tokens::Tokens;

const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

fn list_of<'a>(tokens: &'a Tokens, tenant: &Tenant, query: &BTreeMap<String, String>) -> List<'a> {
    List::new(tokens, ("deliveries", tenant), query)
}

fn tokens() -> Tokens {
    Tokens::new(&[7; 32], Duration::from_secs(1))
}

fn read(query: &str) -> Result<Query, Problem> {
    let (tokens, query) = (tokens(), parameters(query)?);
    let list = list_of(&tokens, &Tenant::default(), &query);
    Query::read(query, &list, NOW)
}

/// The cursor that this list of this tenant gives behind a delivery.
fn cursor_behind(delivery: &Delivery, tenant: &Tenant, query: &str) -> String {
    let tokens = tokens();
    list_of(&tokens, tenant, &parameters(query).unwrap()).cursor(&place_of(delivery))
}

#[test]
fn what_is_wrong_with_a_query_is_named() {
    let blamed = |query: &str| match read(query) {
        Ok(_) => vec![],
        Err(problem) => problem.errors.into_iter().map(|error| error.field).collect(),
    };
    let good = "limit=200&status=exhausted&host=Example.com&since=7d&until=2026-01-01T00:00:00Z\
                &event_type=execution.failed&execution=exec_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b";
    for query in ["", "limit=1", good] {
        assert!(blamed(query).is_empty(), "{query}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00", "cursor"),
        ("status=failed", "status"),
        ("event_type=completed", "event_type"),
        ("since=yesterday", "since"),
        ("until=", "until"),
        ("host=", "host"),
        ("host=https%3A%2F%2Fexample.com", "host"),
        ("host=a%20b", "host"),
        ("host=example.com:99999", "host"),
        ("execution=evt_0197ab2f5c1d7e8f9a0b1c2d3e4f5a6b", "execution"),
        ("Status=pending", "Status"),
    ] {
        assert_eq!(blamed(query), [field], "{query}");
    }
}

#[test]
fn a_cursor_leads_on_in_its_own_list_and_in_no_other() {
    let last = example();
    let filters = "status=pending&host=example.com&since=2h";
    let cursor = cursor_behind(&last, &Tenant::default(), &format!("{filters}&limit=3"));
    let next = read(&format!("limit=9&{filters}&cursor={cursor}")).unwrap();
    assert_eq!(next.page.before, Some((last.created_at, last.id)));
    for other in [
        "",
        "status=pending&host=example.com",
        "status=delivered&host=example.com&since=2h",
        "status=pending&host=example.com&since=2h&event_type=execution.failed",
    ] {
        let problem = read(&format!("{other}&cursor={cursor}")).unwrap_err();
        let error = problem.errors.first().unwrap();
        assert_eq!((error.field.as_str(), error.code), ("cursor", "invalid"), "{other}");
    }
    let theirs = cursor_behind(&last, &Tenant::new("stranger"), filters);
    assert!(read(&format!("{filters}&cursor={theirs}")).is_err());
}

#[test]
fn a_host_is_read_as_it_is_kept() {
    for (text, kept) in [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("example.com:443", "example.com:443"),
        ("127.0.0.1:80", "127.0.0.1:80"),
        ("[::1]", "[::1]"),
        ("[0:0::1]:8080", "[::1]:8080"),
    ] {
        assert_eq!(host(text).as_deref(), Some(kept), "{text}");
    }
    for text in ["", ":80", "a b", "a/b", "a:b", "a:", "::1", "user@host"] {
        assert_eq!(host(text), None, "{text}");
    }
}

#[test]
fn deliveries_of_an_execution_are_chosen_as_those_of_a_page() {
    let delivery = example();
    let cases = [
        ("", true),
        ("status=pending", true),
        ("status=refused", false),
        ("host=example.com", true),
        ("host=example.com:443", true),
        ("host=example.com:80", false),
        ("host=example.org", false),
        ("event_type=execution.completed", true),
        ("event_type=execution.output", false),
        ("since=1970-01-01T00:00:00Z", true),
        ("since=2100-01-01T00:00:00Z", false),
        ("until=2100-01-01T00:00:00Z", true),
        ("until=1970-01-01T00:00:00Z", false),
    ];
    for (query, expected) in cases {
        assert_eq!(read(query).unwrap().matches(&delivery), expected, "{query}");
    }
    let behind_itself = cursor_behind(&delivery, &Tenant::default(), "");
    assert!(!read(&format!("cursor={behind_itself}")).unwrap().matches(&delivery));
}
