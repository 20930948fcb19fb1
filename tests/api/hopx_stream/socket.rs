//! A WebSocket client for tests: says what it is told and gives back what came, pings and all.
//! Knows no message's meaning but `complete`.

use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::Error;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket, client};

use crate::support::app::TestApp;
use crate::support::options::API_KEY;
use crate::support::wait::DEADLINE;

/// A socket to `/execute/stream`.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    /// Opens one with the admin key.
    #[track_caller]
    pub fn open(app: &TestApp) -> Self {
        Self::open_with(app, API_KEY)
    }

    /// Opens one with a key or a token.
    #[track_caller]
    pub fn open_with(app: &TestApp, key: &str) -> Self {
        Self::open_by(app, &[("authorization", &format!("Bearer {key}"))])
    }

    /// Opens one with the admin key, in a trace.
    #[track_caller]
    pub fn open_traced(app: &TestApp, traceparent: &str) -> Self {
        let bearer = format!("Bearer {API_KEY}");
        Self::open_by(app, &[("authorization", &bearer), ("traceparent", traceparent)])
    }

    #[track_caller]
    fn open_by(app: &TestApp, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("ws://{}/execute/stream", app.address());
        let mut request = url.into_client_request().expect("this is a URL");
        for &(name, value) in headers {
            let value = value.parse().expect("it fits into a header");
            request.headers_mut().insert(name, value);
        }
        let stream = TcpStream::connect(app.address()).expect("the server listens");
        stream.set_read_timeout(Some(DEADLINE)).expect("a deadline above zero");
        Self(client(request, stream).expect("the server speaks WebSocket").0)
    }

    /// Sends a text.
    pub fn send(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).expect("the server listens");
    }

    /// Sends bytes.
    pub fn send_bytes(&mut self, bytes: &'static [u8]) {
        self.0.send(Message::Binary(bytes.into())).expect("the server listens");
    }

    /// Asks for a program to be run by a shell.
    pub fn execute(&mut self, code: &str) {
        self.send(json!({ "type": "execute", "language": "sh", "code": code }).to_string());
    }

    /// Sends a ping.
    pub fn ping(&mut self, bytes: &'static [u8]) {
        self.0.send(Message::Ping(bytes.into())).expect("the server listens");
    }

    /// The next frame, whatever it is.
    #[track_caller]
    pub fn frame(&mut self) -> Message {
        self.0.read().unwrap_or_else(|error| panic!("no frame has come: {error}"))
    }

    /// The next message.
    #[track_caller]
    pub fn message(&mut self) -> Value {
        loop {
            match self.frame() {
                Message::Text(text) => {
                    return serde_json::from_str(&text).expect("a message is JSON");
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// All messages up to `complete`.
    #[track_caller]
    pub fn until_complete(&mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        loop {
            let message = self.message();
            let is_last = message["type"] == "complete";
            messages.push(message);
            if is_last {
                return messages;
            }
        }
    }

    /// Closes it from this side.
    pub fn close(&mut self) {
        self.0.close(None).expect("it is open");
    }

    /// How the server closes, after whatever else it says; the connection has ended then.
    #[track_caller]
    pub fn closed(&mut self) -> CloseFrame {
        let mut closed = None;
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => closed = frame,
                Ok(_) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => break,
                Err(error) => panic!("{error}, after {closed:?}"),
            }
        }
        closed.expect("the server says why it closes")
    }
}

/// All that messages have of one stream.
pub fn text(messages: &[Value], stream: &str) -> String {
    let of_stream = messages.iter().filter(|message| message["type"] == stream);
    of_stream.map(|message| message["data"].as_str().expect("data is a text")).collect()
}
