//! What a client is told before it begins: the server, the token, whom to believe.
//! Connects to nothing.

use std::path::PathBuf;

use actix_web::http::header::HeaderValue;
use url::Url;

use super::Client;
use crate::domain::Secret;
use crate::webhook::{TlsError, tls};

/// Names us to the server.
const USER_AGENT: &str = concat!("ringback/", env!("CARGO_PKG_VERSION"));

/// Makes a [`Client`].
#[derive(Debug, Clone)]
pub struct Builder {
    server: String,
    token: Option<Secret>,
    ca_file: Option<PathBuf>,
    user_agent: String,
}

/// What no client can be made with. Repeats nothing of what may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The server's URL is none.
    #[error(
        "the server: expected a URL such as http://127.0.0.1:8080, without user, query or fragment"
    )]
    Server,
    /// The token has a character that no header can have.
    #[error("the token has a character that no token can have")]
    Token,
    /// The name of the program has one.
    #[error("the user agent has a character that no header can have")]
    UserAgent,
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Builder {
    pub(super) fn new(server: String) -> Self {
        Self { server, token: None, ca_file: None, user_agent: USER_AGENT.to_owned() }
    }

    /// An API key or a JWT.
    pub fn token(self, token: impl Into<String>) -> Self {
        Self { token: Some(Secret::new(token)), ..self }
    }

    /// Certificates to believe beside the public ones, in PEM.
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        Self { ca_file: Some(path.into()), ..self }
    }

    /// What the program calls itself, for the server's log.
    pub fn user_agent(self, name: impl Into<String>) -> Self {
        Self { user_agent: name.into(), ..self }
    }

    /// The client.
    ///
    /// # Errors
    /// When the URL is no server's, when a token can be in no header, and when the certificates cannot
    /// be read.
    pub fn build(self) -> Result<Client, SettingsError> {
        let server = server_url(&self.server).ok_or(SettingsError::Server)?;
        if self.token.as_ref().is_some_and(|token| HeaderValue::from_str(token.expose()).is_err()) {
            return Err(SettingsError::Token);
        }
        let user_agent = HeaderValue::from_str(&self.user_agent);
        let user_agent = user_agent.map_err(|_| SettingsError::UserAgent)?;
        let tls = tls::client_config(self.ca_file.as_deref())?;
        let http = awc::Client::builder()
            .connector(awc::Connector::new().rustls_0_23(tls))
            // A redirect would carry the token to whoever it names.
            .disable_redirects()
            .add_default_header(("user-agent", user_agent))
            .finish();
        Ok(Client { http, server, token: self.token })
    }
}

/// The URL of a server, with a path if the API lies below one.
fn server_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| {
        let is_http = ["http", "https"].contains(&url.scheme()) && url.has_host();
        let is_plain = url.username().is_empty() && url.password().is_none();
        is_http && is_plain && url.query().is_none() && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_none_is_refused_and_not_repeated() {
        let bad = [
            "",
            "localhost:8080",
            "ftp://x",
            "http://",
            "http://user:hunter2@x",
            "http://x?y",
            "//x",
        ];
        for text in bad {
            let error = Client::builder(text).build().unwrap_err().to_string();
            assert!(error.contains("expected a URL"), "{text}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let builder = Client::builder("http://x").token("hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
        let error = Client::builder("http://x").token("hunter2\n").build().unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
