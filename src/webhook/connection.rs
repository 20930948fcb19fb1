//! One connection to one vetted address, as an HTTP client of its own that can reach nothing else.
//! Dials nothing: when the connection has gone, so has the client.

use std::cell::RefCell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::Duration;

use actix_tls::connect::{ConnectError, ConnectInfo, Connection as Connected};
use actix_web::dev::{Service, always_ready};
use awc::error::SendRequestError;
use awc::http::Uri;
use awc::http::header::HOST;

use super::address::Endpoint;
use super::client::Request;
use super::wire::{Notes, Stream, Wire};

/// However busy it is, a connection is not used for longer: the certificate that was believed
/// when it was made is looked at again.
const LIFETIME_MAX: Duration = Duration::from_secs(60);

/// An answer whose head has come.
pub(super) type Answer = awc::ClientResponse;

/// An open connection.
pub(super) struct Connection {
    http: awc::Client,
    notes: Rc<Notes>,
}

impl Connection {
    /// A client for a connection that was dialled and, with https, shaken hands on. Idle, it
    /// stands for as long as `keep_alive`.
    pub(super) fn new(stream: Stream, keep_alive: Duration) -> Self {
        let notes = Rc::new(Notes::default());
        let wire = Wire::new(stream, Rc::clone(&notes));
        let connector = awc::Connector::new()
            .connector(Handover(Rc::new(RefCell::new(Some(wire)))))
            .conn_keep_alive(keep_alive)
            .conn_lifetime(LIFETIME_MAX);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            .no_default_headers()
            .disable_timeout()
            .finish();
        Self { http, notes }
    }

    /// Sends a request and waits for the head of the final answer. `is_last` asks the receiver to
    /// close the connection.
    ///
    /// # Errors
    /// When there is none; the notes say why.
    pub(super) async fn send(
        &self,
        endpoint: &Endpoint,
        request: &Request<'_>,
        is_last: bool,
    ) -> Result<Answer, SendRequestError> {
        // TLS is underneath, on the wire: the library sees plain HTTP.
        let url = format!("http://{}", endpoint.after_scheme());
        let mut post = self.http.post(url).no_decompress();
        post = post.insert_header((HOST, endpoint.host_header()));
        for (name, value) in request.headers {
            post = post.append_header((name.as_str(), value.as_str()));
        }
        if is_last {
            post = post.force_close();
        }
        post.send_body(request.body.clone()).await
    }

    /// What is known of the request that is being made.
    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }
}

/// Gives the one connection out, once. The HTTP library keeps it from then on, and asks again only
/// when it has lost it.
#[derive(Clone)]
struct Handover(Rc<RefCell<Option<Wire>>>);

impl Service<ConnectInfo<Uri>> for Handover {
    type Response = Connected<Uri, Wire>;
    type Error = ConnectError;
    type Future = Ready<Result<Self::Response, ConnectError>>;

    always_ready!();

    fn call(&self, asked: ConnectInfo<Uri>) -> Self::Future {
        let wire = self.0.take();
        let connected = wire.map(|wire| Connected::new(asked.request().clone(), wire));
        ready(connected.ok_or(ConnectError::NoRecords))
    }
}
