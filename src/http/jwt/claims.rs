//! What the claims of a JWT mean, once its signature was found good: whom it stands for, if anybody
//! now. Decides by what it is given; reads no clock.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::domain::access::{self, SCOPES};
use crate::domain::{Tenant, Timestamp};
use crate::http::tokens::ISSUER as OURS;

/// How much of a subject is kept as a name, in characters.
const NAME_CHARS_MAX: usize = 128;

/// What a token must say.
pub(super) struct Expected {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) leeway: Duration,
}

/// Whom a token stands for.
#[derive(Debug, PartialEq)]
pub(super) struct Holder {
    pub(super) tenant: Tenant,
    pub(super) name: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) until: Timestamp,
}

/// Whom a token stands for now; nobody when a claim is not what it must be.
pub(super) fn read(
    claims: &Map<String, Value>,
    expected: &Expected,
    now: Timestamp,
) -> Option<Holder> {
    if !is_for_us(claims, expected) {
        return None;
    }
    let until = moment(claims.get("exp")?)?.after(expected.leeway);
    let begins = claims.get("nbf").map(moment);
    let has_begun = match begins {
        Some(begins) => begins?.before(expected.leeway) <= now,
        None => true,
    };
    if now >= until || !has_begun {
        return None;
    }
    let tenant = match claims.get("tenant") {
        Some(tenant) => access::tenant(tenant.as_str()?).ok()?,
        None => Tenant::default(),
    };
    let scopes = match claims.get("scope") {
        Some(scopes) => scopes.as_str()?.split_ascii_whitespace(),
        None => "".split_ascii_whitespace(),
    };
    // An issuer has scopes of its own, such as `openid`, which are none of ours.
    let scopes = scopes.filter(|scope| SCOPES.contains(scope)).map(str::to_owned).collect();
    Some(Holder { tenant, name: name(claims), scopes, until })
}

/// Whether the right issuer means us. Our own tokens are never taken for one of these, whoever has
/// signed them.
fn is_for_us(claims: &Map<String, Value>, expected: &Expected) -> bool {
    let issuer = claims.get("iss").and_then(Value::as_str);
    let is_issuer = match &expected.issuer {
        Some(expected) => issuer == Some(expected),
        None => issuer != Some(OURS),
    };
    let is_audience = expected.audience.as_deref().is_none_or(|expected| match claims.get("aud") {
        Some(Value::String(audience)) => audience == expected,
        Some(Value::Array(all)) => all.iter().any(|audience| audience == expected),
        _ => false,
    });
    is_issuer && is_audience
}

/// A number of seconds since 1970, with decimals or without. A text is none, though it be of digits.
fn moment(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_f64().filter(|seconds| seconds.is_finite())?;
    // What is beyond the range of a moment is its end.
    #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
    let seconds = seconds.floor() as i64;
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}

/// What its holder is called where somebody asks who it was.
fn name(claims: &Map<String, Value>) -> Option<String> {
    let subject = claims.get("sub")?.as_str()?;
    let name: String = subject.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect();
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

    fn expected() -> Expected {
        let (issuer, audience) = (Some("https://a.example".into()), Some("ringback".into()));
        Expected { issuer, audience, leeway: Duration::from_secs(30) }
    }

    /// Good claims with changes; null takes one away.
    fn claims(changes: &Value) -> Map<String, Value> {
        let mut claims = json!({
            "iss": "https://a.example", "aud": "ringback", "exp": 1_750_000_600, "sub": "ci",
        });
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.remove(name);
            } else {
                claims.insert(name.clone(), value.clone());
            }
        }
        claims.clone()
    }

    #[track_caller]
    fn check(changes: Value, is_good: bool) {
        let read = read(&claims(&changes), &expected(), NOW);
        assert_eq!(read.is_some(), is_good, "{changes}");
    }

    #[test]
    fn claims_say_who_it_is_and_what_they_may_do() {
        let changes = json!({
            "tenant": "acme", "scope": "openid executions:read  executions:write admin:all",
            "sub": "a\nb",
        });
        let holder = read(&claims(&changes), &expected(), NOW).unwrap();
        assert_eq!(holder.tenant.as_str(), "acme");
        assert_eq!(holder.scopes, ["executions:read", "executions:write"]);
        assert_eq!(holder.name.as_deref(), Some("ab"));
        assert_eq!(holder.until, Timestamp::from_millis(1_750_000_630_000));
        let holder = read(&claims(&json!({"sub": null})), &expected(), NOW).unwrap();
        assert_eq!((holder.tenant, holder.name), (Tenant::default(), None));
        assert_eq!(holder.scopes, [""; 0], "nothing is given to whom nothing is given");
    }

    #[test]
    fn a_token_has_an_end_that_is_a_number() {
        for good in
            [json!(1_750_000_600), json!(1_750_000_600.5), json!(1_749_999_971), json!(1e300)]
        {
            check(json!({ "exp": good }), true);
        }
        for bad in [
            json!(null),
            json!(1_749_999_970),
            json!(0),
            json!(-1),
            json!(-1e300),
            json!("1750000600"),
            json!(true),
            json!([1_750_000_600]),
        ] {
            check(json!({ "exp": bad }), false);
        }
    }

    #[test]
    fn a_token_may_have_a_beginning() {
        for good in [json!(null), json!(1_749_000_000), json!(1_750_000_030), json!(0.5)] {
            check(json!({ "nbf": good }), true);
        }
        for bad in [json!(1_750_000_031), json!("1749000000"), json!({})] {
            check(json!({ "nbf": bad }), false);
        }
    }

    #[test]
    fn a_token_is_of_the_issuer_and_for_us() {
        for bad in
            [json!(null), json!("https://a.example/"), json!(["https://a.example"]), json!(1)]
        {
            check(json!({ "iss": bad }), false);
        }
        for good in [json!("ringback"), json!(["ringback"]), json!(["other", "ringback"])] {
            check(json!({ "aud": good }), true);
        }
        for bad in [json!(null), json!("other"), json!([]), json!(["other"]), json!([["ringback"]])]
        {
            check(json!({ "aud": bad }), false);
        }
    }

    #[test]
    fn whom_nobody_names_may_be_anybody_but_us() {
        let anybody = Expected { issuer: None, audience: None, ..expected() };
        for (issuer, is_good) in [(json!(null), true), (json!("x"), true), (json!(OURS), false)] {
            let claims = claims(&json!({ "iss": issuer, "aud": null }));
            assert_eq!(read(&claims, &anybody, NOW).is_some(), is_good, "{issuer}");
        }
    }

    #[test]
    fn what_is_no_tenant_or_no_scope_is_refused() {
        for bad in [json!(""), json!("a/b"), json!(1), json!(["acme"])] {
            check(json!({ "tenant": bad }), false);
        }
        for bad in [json!(["executions:read"]), json!(1)] {
            check(json!({ "scope": bad }), false);
        }
        check(json!({ "scope": "" }), true);
    }
}
