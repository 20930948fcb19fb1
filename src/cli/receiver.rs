//! A receiver of webhooks on a free port of this machine, for the demo.
//! Keeps nothing: each callback is handed on as it came.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::sync::mpsc;

use super::exit::Failure;
use crate::domain::Secret;
use crate::webhook::signature::{Mismatch, Received, TOLERANCE, verify_standard};

/// The largest callback that is taken, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A callback as it came.
pub(super) struct Callback {
    pub(super) id: String,
    pub(super) timestamp: String,
    pub(super) signature: String,
    pub(super) body: Bytes,
}

/// A receiver that listens.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    pub(super) callbacks: mpsc::UnboundedReceiver<Callback>,
    handle: ServerHandle,
}

impl Receiver {
    pub(super) fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Failure::failed)?;
        let address = listener.local_addr().map_err(Failure::failed)?;
        let (hand_on, callbacks) = mpsc::unbounded_channel();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(hand_on.clone()))
                .app_data(PayloadConfig::new(BODY_BYTES_MAX))
                .default_service(web::to(receive))
        });
        let server =
            server.workers(1).disable_signals().listen(listener).map_err(Failure::failed)?.run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Ok(Self { address, callbacks, handle })
    }

    pub(super) async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Callback {
    /// Whether it was signed with `secret`, a moment ago.
    pub(super) fn verify(&self, secret: &Secret, now_seconds: i64) -> Result<(), Mismatch> {
        let received = Received {
            id: &self.id,
            timestamp: &self.timestamp,
            signature: &self.signature,
            body: &self.body,
        };
        verify_standard(secret, received, now_seconds, TOLERANCE)
    }
}

async fn receive(
    request: HttpRequest,
    body: Bytes,
    hand_on: Data<mpsc::UnboundedSender<Callback>>,
) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let callback = Callback {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
    };
    match hand_on.send(callback) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(_) => HttpResponse::Gone().finish(),
    }
}
