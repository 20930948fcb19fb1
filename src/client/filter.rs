//! Which executions or deliveries a list is to have. Judges no value: the server does.

use std::collections::BTreeMap;

use crate::domain::{ExecutionId, Status, Timestamp};

/// Which executions are wanted, newest first. The default is all of them, a page at a time.
///
/// ```
/// use ringback::client::Filter;
/// use ringback::domain::Status;
///
/// let failed = Filter { status: Some(Status::Failed), ..Filter::default() }.label("app", "shop");
/// assert_eq!(failed.labels["app"], "shop");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those that stand so.
    pub status: Option<Status>,
    /// Only those that were ended by this.
    pub cause: Option<String>,
    /// Only those in this language.
    pub language: Option<String>,
    /// Only those that have all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only calls of this function.
    pub function: Option<String>,
    /// Only those accepted after this.
    pub created_after: Option<Timestamp>,
    /// Only those accepted before this.
    pub created_before: Option<Timestamp>,
    /// How many a page has at most, from 1 to 200; 50 when nobody says.
    pub limit: Option<u32>,
    /// Where to go on: the `next_cursor` of an earlier page.
    pub cursor: Option<String>,
}

impl Filter {
    /// The same, and with this label.
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let mut query = Query::default();
        query.add("status", self.status);
        query.add("cause", self.cause.as_ref());
        query.add("language", self.language.as_ref());
        for (name, value) in &self.labels {
            query.add(&format!("label.{name}"), Some(value));
        }
        query.add("function", self.function.as_ref());
        query.add("created_after", self.created_after);
        query.add("created_before", self.created_before);
        query.add("limit", self.limit);
        query.add("cursor", self.cursor.as_ref());
        query.0
    }
}

/// Which deliveries are wanted, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those that stand so: `pending`, `delivered`, `exhausted`, `refused`.
    pub status: Option<String>,
    /// Only those to this host, with its port where the URL has one.
    pub host: Option<String>,
    /// Only those made since.
    pub since: Option<Timestamp>,
    /// Only those made before.
    pub until: Option<Timestamp>,
    /// Only those of this event, such as `execution.failed`.
    pub event_type: Option<String>,
    /// Only those of this execution.
    pub execution: Option<ExecutionId>,
    /// How many a page has at most, from 1 to 200; 50 when nobody says.
    pub limit: Option<u32>,
    /// Where to go on: the `next_cursor` of an earlier page.
    pub cursor: Option<String>,
}

impl DeliveryFilter {
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let mut query = Query::default();
        query.add("status", self.status.as_ref());
        query.add("host", self.host.as_ref());
        query.add("since", self.since);
        query.add("until", self.until);
        query.add("event_type", self.event_type.as_ref());
        query.add("execution", self.execution);
        query.add("limit", self.limit);
        query.add("cursor", self.cursor.as_ref());
        query.0
    }
}

#[derive(Default)]
struct Query(Vec<(String, String)>);

impl Query {
    fn add(&mut self, name: &str, value: Option<impl ToString>) {
        self.0.extend(value.map(|value| (name.to_owned(), value.to_string())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_said_is_not_asked() {
        assert_eq!(Filter::default().query(), []);
        assert_eq!(DeliveryFilter::default().query(), []);
        let filter = Filter { status: Some(Status::Failed), limit: Some(7), ..Filter::default() };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("status", "failed"), pair("label.a b", "c&d"), pair("limit", "7")];
        assert_eq!(filter.label("a b", "c&d").query(), expected);
    }
}
