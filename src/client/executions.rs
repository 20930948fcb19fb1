//! Executions, from a client's side: submit, read, wait, list, cancel, and what they have written.
//! Follows none as it runs; that is `events`.

use std::fmt::Display;
use std::ops::{Bound, RangeBounds};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{Stream as Futures, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::exchange::{Answer, Ask};
use super::retry::Retry;
use super::{Client, Error, Filter, Stream};
use crate::bodies::{NewExecution, Page, Record};

/// The longest that a server holds an answer back, and a little less.
const HELD_MAX: Duration = Duration::from_secs(50);

/// What a program has written to one of its streams, as far as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The bytes.
    pub bytes: Bytes,
    /// How many the program wrote in all; none when the server does not say.
    pub total: Option<u64>,
    /// Whether only the first and the last of all are kept.
    pub is_truncated: bool,
}

impl Client {
    /// Has the server accept an execution. What is sent again because no answer came is the same
    /// execution: a key of its own goes along.
    ///
    /// # Errors
    /// When the server refuses it, or cannot be asked.
    pub async fn submit(&self, wanted: &NewExecution) -> Result<Record, Error> {
        self.submit_with(&Uuid::new_v4().to_string(), wanted).await
    }

    /// The same under a key of the caller's: as long as the server knows the key, it is one execution
    /// however often it is submitted, by whichever process.
    ///
    /// # Errors
    /// When the server refuses it, or cannot be asked.
    pub async fn submit_with(&self, key: &str, wanted: &NewExecution) -> Result<Record, Error> {
        self.submitted(key, wanted).await
    }

    pub(crate) async fn submitted<T: DeserializeOwned>(
        &self,
        key: &str,
        wanted: &NewExecution,
    ) -> Result<T, Error> {
        let ask = Ask::post(&["v1", "executions"]).json(wanted);
        let ask = ask.header("idempotency-key", key.to_owned());
        let mut retry = Retry::of_a_request();
        loop {
            match self.json(ask.clone()).await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => match retry.pause_after(&error) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(error),
                },
            }
        }
    }

    /// An execution as it stands.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn get(&self, id: impl Display) -> Result<Record, Error> {
        self.json(one(&id.to_string())).await
    }

    /// An execution once it has ended, or as it stands when the time is up; without a time, whenever
    /// that is. A server that goes away meanwhile is waited for, for about a minute.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn wait(&self, id: impl Display, at_most: Option<Duration>) -> Result<Record, Error> {
        self.waited(&id.to_string(), at_most).await
    }

    pub(crate) async fn waited<T: Standing>(
        &self,
        id: &str,
        at_most: Option<Duration>,
    ) -> Result<T, Error> {
        let begun = Instant::now();
        let mut retry = Retry::of_a_wait();
        let mut is_reached = false;
        loop {
            let left = at_most.map(|at_most| at_most.saturating_sub(begun.elapsed()));
            let held = left.unwrap_or(HELD_MAX).min(HELD_MAX);
            match self.held::<T>(id, held).await {
                Ok(found) if found.has_ended() || left.is_some_and(|left| left <= held) => {
                    return Ok(found);
                }
                Ok(_) => {
                    is_reached = true;
                    retry.succeeded();
                }
                // Nobody waits for a server that was not there in the first place.
                Err(error @ Error::Unreachable { .. }) if !is_reached => return Err(error),
                Err(error) => {
                    let pause = retry.pause_after(&error);
                    let pause = pause.filter(|pause| left.is_none_or(|left| left > *pause));
                    tokio::time::sleep(pause.ok_or(error)?).await;
                }
            }
        }
    }

    /// An execution once it has ended or this time is up, in one request.
    pub(super) async fn held<T: DeserializeOwned>(
        &self,
        id: &str,
        held: Duration,
    ) -> Result<T, Error> {
        let wait = ("wait", held.as_secs_f64().to_string());
        self.json(one(id).query([wait]).held_for(held)).await
    }

    /// A page of executions, newest first, without what they have written.
    ///
    /// # Errors
    /// When the server refuses the filter, or cannot be asked.
    pub async fn list(&self, filter: &Filter) -> Result<Page<Record>, Error> {
        self.json(Ask::get(&["v1", "executions"]).query(filter.query())).await
    }

    /// All of them, page after page as they are taken.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # use ringback::client::{Client, Error, Filter};
    /// # async fn example(client: &Client) -> Result<(), Error> {
    /// let mut all = std::pin::pin!(client.list_all(Filter::default()));
    /// while let Some(record) = all.try_next().await? {
    ///     println!("{} {}", record.id, record.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list_all(&self, filter: Filter) -> impl Futures<Item = Result<Record, Error>> + '_ {
        let pages = stream::try_unfold(Some(filter), async move |next| {
            let Some(filter) = next else { return Ok(None) };
            let page = self.list(&filter).await?;
            let next = page.next_cursor.map(|cursor| Filter { cursor: Some(cursor), ..filter });
            Ok(Some((stream::iter(page.data.into_iter().map(Ok)), next)))
        });
        pages.try_flatten()
    }

    /// Has an execution ended. While its program is being ended the record says `cancelling`; of one that
    /// has ended before it is as it ended.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn cancel(&self, id: impl Display, reason: Option<&str>) -> Result<Record, Error> {
        self.cancelled(&id.to_string(), reason).await
    }

    pub(crate) async fn cancelled<T: DeserializeOwned>(
        &self,
        id: &str,
        reason: Option<&str>,
    ) -> Result<T, Error> {
        let ask = Ask::delete(&["v1", "executions", id]);
        self.json(match reason {
            Some(reason) => ask.json(&json!({ "reason": reason })),
            None => ask,
        })
        .await
    }

    /// What an execution has written to a stream; while it runs, so far.
    ///
    /// # Errors
    /// When there is none of that id, or the server cannot be asked.
    pub async fn output(&self, id: impl Display, stream: Stream) -> Result<Output, Error> {
        self.output_part(id, stream, ..).await
    }

    /// Some of these bytes. Where there are none the server answers 416.
    ///
    /// # Errors
    /// When there is no such execution or part, or the server cannot be asked.
    pub async fn output_part(
        &self,
        id: impl Display,
        stream: Stream,
        part: impl RangeBounds<u64>,
    ) -> Result<Output, Error> {
        let id = id.to_string();
        let ask = Ask::get(&["v1", "executions", &id, "output", stream.as_str()]);
        let first = match part.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let last = match part.end_bound() {
            Bound::Included(last) => Some(*last),
            Bound::Excluded(end) => Some(end.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        let ask = match last {
            Some(last) => ask.header("range", format!("bytes={first}-{last}")),
            None if first > 0 => ask.query([("offset", first.to_string())]),
            None => ask,
        };
        self.answer(ask).await.map(Output::of)
    }
}

impl Output {
    fn of(answer: Answer) -> Self {
        let text = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            total: text("ringback-total-bytes").and_then(|total| total.parse().ok()),
            is_truncated: text("ringback-truncated") == Some("true"),
            bytes: answer.bytes,
        }
    }
}

/// An execution, however it is read.
pub(crate) trait Standing: DeserializeOwned {
    /// Whether nothing more becomes of it.
    fn has_ended(&self) -> bool;
}

impl Standing for Record {
    fn has_ended(&self) -> bool {
        self.status.is_terminal()
    }
}

impl Standing for Value {
    fn has_ended(&self) -> bool {
        !self["completed_at"].is_null()
    }
}

fn one(id: &str) -> Ask {
    Ask::get(&["v1", "executions", id])
}
