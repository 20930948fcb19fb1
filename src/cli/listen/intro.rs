//! What a user is told at the start: where to call back, what to sign with, and what to type next.
//! Never shows a secret that was given.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::secret::SigningSecret;
use crate::cli::terminal::{Colour, Paint};

/// The lines below the one that says where it listens.
pub(super) fn intro(address: SocketAddr, signing: &SigningSecret, paint: Paint) -> String {
    let bold = |text: &str| paint.text(Colour::Bold, text);
    let (shown, written) = match &signing.kept_in {
        Some(path) => {
            let secret = signing.secret.expose();
            let kept =
                format!("{}\n  (kept in {}: the same next time)", bold(secret), path.display());
            (kept, secret.to_owned())
        }
        // The shell puts it in; it shall not be read over a shoulder.
        None => ("as given".to_owned(), "'\"$RINGBACK_SIGNING_SECRET\"'".to_owned()),
    };
    let url = format!("http://{}/", reachable(address));
    let allow = allowed(reachable(address).ip());
    format!(
        r#"signing secret: {shown}

Start the server so that it may call back here:
  {serve}
and submit something, with the API key that it prints at its first start:
  curl http://127.0.0.1:8080/v1/executions \
    -H "Authorization: Bearer $RINGBACK_TOKEN" -H 'Content-Type: application/json' -d '{{
      "code": "print(6 * 7)",
      "callback_url": "{url}",
      "callback_signature_secret": "{written}"
    }}'

Callbacks appear here. Ctrl-C ends it.
"#,
        serve = bold(&format!("ringback serve --allow-callback-to {allow}")),
    )
}

/// An address at which this one can be reached from the same machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        _ => address,
    }
}

/// What the server must be told to let callbacks through to an address.
fn allowed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => "127.0.0.0/8".to_owned(),
        ip => ip.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Secret;

    fn intro_at(address: &str, kept_in: Option<&str>) -> String {
        let signing = SigningSecret {
            secret: Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"),
            kept_in: kept_in.map(Into::into),
            warning: None,
        };
        let paint = Paint::plain();
        intro(address.parse().unwrap(), &signing, paint)
    }

    #[test]
    fn it_says_what_the_server_must_be_told_and_where_to_call_back() {
        let check = |address: &str, allow: &str, url: &str| {
            let intro = intro_at(address, None);
            assert!(intro.contains(&format!("--allow-callback-to {allow}\n")), "{intro}");
            assert!(intro.contains(&format!("\"callback_url\": \"{url}\"")), "{intro}");
        };
        check("127.0.0.1:4040", "127.0.0.0/8", "http://127.0.0.1:4040/");
        check("0.0.0.0:81", "127.0.0.0/8", "http://127.0.0.1:81/");
        check("[::]:81", "127.0.0.0/8", "http://127.0.0.1:81/");
        check("[::1]:4040", "::1", "http://[::1]:4040/");
        check("192.168.7.1:4040", "192.168.7.1", "http://192.168.7.1:4040/");
    }

    #[test]
    fn only_its_own_secret_is_shown() {
        assert!(intro_at("127.0.0.1:1", Some("/somewhere")).contains("whsec_AAEC"));
        assert!(!intro_at("127.0.0.1:1", None).contains("whsec_"));
    }
}
