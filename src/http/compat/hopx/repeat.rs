//! A submission that a client of HopX sends again because it has not waited for the answer: it is
//! known by its sender and its body, for a while. Decides for no other route.
//!
//! The published clients give up after ten seconds, try three times and send no key by which the second
//! could be known. Without this, a slow disk would run a program three times.

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use crate::domain::{IdempotencyKey, KeyHolds};
use crate::http::auth::token_of;
use crate::http::state::RepeatRules;
use crate::http::tokens::Tokens;

/// Among which requests the keys are unique.
const SCOPE: &str = "hopx";

/// By what a submission is known again; none when its sender is not one that submits again by itself.
pub(super) fn key(
    request: &HttpRequest,
    body: &[u8],
    (rules, tokens): (&RepeatRules, &Tokens),
) -> Option<IdempotencyKey> {
    if rules.within.is_zero() || !is_repeating(request, rules) {
        return None;
    }
    let key = tokens.mark_of_sent(token_of(request).unwrap_or_default(), body);
    let holds = KeyHolds::WhileUnfinished { within: rules.within };
    Some(IdempotencyKey { scope: SCOPE.to_owned(), key, holds })
}

fn is_repeating(request: &HttpRequest, rules: &RepeatRules) -> bool {
    let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let begins = |agent: &str| rules.agents.iter().any(|own| agent.starts_with(own.as_str()));
    agent.is_some_and(begins)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;

    use super::*;
    use crate::http::tokens::TOKEN_KEY_BYTES;

    const WITHIN: Duration = Duration::from_secs(60);

    fn tokens(key: u8) -> Tokens {
        Tokens::new(&[key; TOKEN_KEY_BYTES], WITHIN)
    }

    fn asked(agent: &str, token: &str, body: &str, within: Duration) -> Option<String> {
        let request = TestRequest::post()
            .insert_header(("user-agent", agent))
            .insert_header(("authorization", format!("Bearer {token}")))
            .to_http_request();
        let rules = RepeatRules { within, agents: vec!["python-httpx/".into(), "axios/".into()] };
        let key = key(&request, body.as_bytes(), (&rules, &tokens(7)))?;
        assert_eq!(key.holds, KeyHolds::WhileUnfinished { within });
        Some(key.key)
    }

    #[test]
    fn the_same_sender_with_the_same_body_is_known_again_and_nobody_else() {
        let known = |token, body| asked("axios/1.7.2", token, body, WITHIN).unwrap();
        let first = known("token", "body");
        assert_eq!(first, known("token", "body"));
        for (token, body) in [("token", "Body"), ("Token", "body"), ("tokenb", "ody")] {
            assert_ne!(first, known(token, body), "{token} {body}");
        }
        assert_eq!(asked("python-httpx/0.28.1", "token", "body", WITHIN), Some(first));
    }

    #[test]
    fn only_clients_that_submit_again_by_themselves_are_known() {
        for agent in ["curl/8.0", "", "my-axios/1", "Axios/1.7.2"] {
            assert_eq!(asked(agent, "token", "body", WITHIN), None, "{agent}");
        }
        assert_eq!(asked("axios/1.7.2", "token", "body", Duration::ZERO), None);
        let without = TestRequest::post().to_http_request();
        let rules = RepeatRules { within: WITHIN, agents: vec!["axios/".into()] };
        assert_eq!(key(&without, b"body", (&rules, &tokens(7))), None);
    }

    #[test]
    fn what_is_kept_cannot_be_tried_out_without_the_servers_key() {
        let request =
            TestRequest::post().insert_header(("user-agent", "axios/1")).to_http_request();
        let rules = RepeatRules { within: WITHIN, agents: vec!["axios/".into()] };
        let key = |tokens: &Tokens| key(&request, b"body", (&rules, tokens)).unwrap().key;
        assert_eq!(key(&tokens(7)), key(&tokens(7)));
        assert_ne!(key(&tokens(7)), key(&tokens(8)));
    }
}
