//! What became of callbacks, from a client's side, and sending them again.
//! Explains nothing: the server does.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::exchange::Ask;
use super::{Client, DeliveryFilter, Error};
use crate::bodies::{All, Delivery, ListedDelivery, Page, Recovery};
use crate::domain::Timestamp;

/// What is recovered: all that was given up in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// From when.
    pub since: Timestamp,
    /// Until when; now when nobody says.
    pub until: Option<Timestamp>,
    /// To which host alone, with its port where the URLs have one.
    pub host: Option<String>,
}

impl Client {
    /// A page of deliveries, newest first.
    ///
    /// # Errors
    /// When the server refuses the filter, or cannot be asked.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Page<ListedDelivery>, Error> {
        self.json(Ask::get(&["v1", "deliveries"]).query(filter.query())).await
    }

    /// The deliveries of an execution, each with all its attempts.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn deliveries_of(&self, execution: impl Display) -> Result<Vec<Delivery>, Error> {
        let id = execution.to_string();
        let all = self.json(Ask::get(&["v1", "executions", &id, "deliveries"])).await;
        all.map(|all: All<Delivery>| all.data)
    }

    /// A delivery with all its attempts.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn delivery(&self, id: impl Display) -> Result<Delivery, Error> {
        self.json(Ask::get(&["v1", "deliveries", &id.to_string()])).await
    }

    /// Sends one again now: the same event and the same bytes, freshly signed.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn redeliver(&self, id: impl Display) -> Result<Delivery, Error> {
        self.json(Ask::post(&["v1", "deliveries", &id.to_string(), "redeliver"])).await
    }

    /// Begins to send everything again that was given up in a stretch of time. The server does it;
    /// [`Client::recovery`] says how far it is.
    ///
    /// # Errors
    /// When the server refuses it, or cannot be asked.
    pub async fn recover(&self, window: &Window) -> Result<Recovery, Error> {
        self.json(Ask::post(&["v1", "deliveries", "recover"]).json(&window.body())).await
    }

    /// How far a recovery is.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn recovery(&self, id: impl Display) -> Result<Recovery, Error> {
        self.json(Ask::get(&["v1", "deliveries", "recover", &id.to_string()])).await
    }
}

impl Window {
    fn body(&self) -> Value {
        let mut body = Map::new();
        let mut add = |name: &str, value: Option<String>| {
            body.extend(value.map(|value| (name.to_owned(), value.into())));
        };
        add("since", Some(self.since.to_string()));
        add("until", self.until.map(|until| until.to_string()));
        add("host", self.host.clone());
        body.into()
    }
}
