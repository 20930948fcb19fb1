//! The HTTP server around an engine: its socket, its threads, and its end in order.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::time::Duration;

use actix_rt::task::JoinHandle;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use futures_util::FutureExt;

use super::engine::Engine;
use super::error::StartError;
use crate::config::ServerConfig;
use crate::http::{nothing_else, on_connect};

/// How long open connections have to end when everything else has: an answer is short.
const CONNECTIONS_END_WITHIN_SECONDS: u64 = 2;

/// How long requests under way have for their answers when the engine has failed.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// How many connections may wait to be taken on by the threads.
const BACKLOG: u32 = 1024;

/// An engine with a server around it that listens.
pub struct Server {
    engine: Engine,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    address: SocketAddr,
}

impl Server {
    /// Listens and serves. Must be called inside an actix system.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(engine: Engine, config: &ServerConfig) -> Result<Self, StartError> {
        let refused = |source| StartError::Listen { listen: config.listen.clone(), source };
        let listener = bind(&config.listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let routes = engine.routes();
        let threads = config.http_threads;
        let observer = engine.observer();
        let app = move || {
            let observer = observer.clone();
            let observe = move |request, next| observer.clone().observe(request, next);
            App::new().configure(routes.clone()).configure(nothing_else).wrap(from_fn(observe))
        };
        let server = HttpServer::new(app)
            .on_connect(on_connect)
            .workers(threads)
            .backlog(BACKLOG)
            .max_connections((config.connections_max / threads).max(1))
            .client_request_timeout(config.header_timeout)
            .keep_alive(config.keep_alive)
            .shutdown_timeout(CONNECTIONS_END_WITHIN_SECONDS)
            .disable_signals()
            .listen(listener)
            .map_err(refused)?
            .run();
        let handle = server.handle();
        let serving = actix_rt::spawn(server);
        Ok(Self { engine, handle, serving, address })
    }

    /// Where it listens, with the port that the system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The engine inside.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops in order: the engine first, while the API still answers those who ask how things
    /// stand; then a last pass over deliveries; then the socket. When `hurry` ends, programs are
    /// ended at once, and the last pass is cut short: what is still owed is in the store.
    ///
    /// # Errors
    /// The reason, when the engine has failed by then: see [`Engine::failed`].
    pub async fn stop(
        self,
        within: Duration,
        hurry: impl Future<Output = ()>,
    ) -> Result<(), String> {
        let hurry = hurry.shared();
        let hurried = async {
            hurry.clone().await;
            self.engine.drain(Duration::ZERO).await;
        };
        tokio::select! {
            () = self.engine.drain(within) => {}
            () = hurried => {}
            // Nothing that ends from here on could be written.
            _ = self.engine.failed() => {}
        }
        tokio::select! {
            () = self.engine.deliver_once_more() => {}
            () = hurry => {}
        }
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.serving.await {
            log::error!("the HTTP server ended badly: {error}");
        }
        let failed = self.engine.failed().now_or_never();
        self.engine.end().await;
        failed.map_or(Ok(()), Err)
    }

    /// Ends a server whose engine has failed: nothing is drained, because no end could be written.
    /// Requests under way have a moment to be told so.
    pub async fn abandon(self) {
        let _ = actix_rt::time::timeout(LAST_ANSWERS_WITHIN, self.handle.stop(true)).await;
    }
}

fn bind(listen: &str) -> std::io::Result<TcpListener> {
    let addresses: Vec<SocketAddr> = listen.to_socket_addrs()?.collect();
    TcpListener::bind(addresses.as_slice())
}
