//! What is counted of HTTP requests: by the pattern of their path, never by the path itself.
//! Knows no route and no problem; whoever counts says what they are called.

use std::time::Duration;

use super::registry::{HistogramOf, Named, Registry};
use super::{Metrics, OTHER};

const REQUESTS: Named = Named {
    name: "ringback_http_requests_total",
    help: "Requests that were answered, by the pattern of their path, method and status.",
};
pub(super) const SECONDS: HistogramOf = HistogramOf {
    named: Named {
        name: "ringback_http_request_duration_seconds",
        help: "From the head of a request to the end of its answer, held ones and streams included.",
    },
    buckets: &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0],
};
const REFUSED: Named = Named {
    name: "ringback_requests_refused_total",
    help: "Requests that were answered with a problem, by its code.",
};

/// The methods that have a name of their own in a label; a client may make others up.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Says what they tell, which is all that there is of them before a request comes.
pub(super) fn describe(registry: &Registry) {
    registry.describe_counter(REQUESTS);
    registry.describe_histogram(SECONDS.named);
    registry.describe_counter(REFUSED);
}

impl Metrics {
    /// A request was answered. Its series is made by the first of its kind: routes, methods and
    /// statuses are few, but not each answers with each. `route` is none for a path that nobody has.
    pub fn request_answered(&self, route: Option<&str>, method: &str, status: u16) {
        let code = status.to_string();
        let [route, method] = labels(route, method);
        let registry = &self.0.registry;
        registry.series_of_counter(REQUESTS.name, &[route, method, ("code", &code)]).increment(1);
    }

    /// The answer to a request came to its end, so long after the request.
    pub fn request_over(&self, route: Option<&str>, method: &str, took: Duration) {
        let labels = labels(route, method);
        self.0.registry.series_of_histogram(SECONDS.named.name, &labels).record(took);
    }

    /// A request was answered with the problem of this code.
    pub fn request_refused(&self, code: &'static str) {
        self.0.registry.series_of_counter(REFUSED.name, &[("code", code)]).increment(1);
    }

    /// Has a counter for each of these codes from now on, so that the first problem is a rise from
    /// nought.
    pub fn may_refuse(&self, codes: impl IntoIterator<Item = &'static str>) {
        for code in codes {
            self.0.registry.series_of_counter(REFUSED.name, &[("code", code)]).absolute(0);
        }
    }
}

fn labels<'a>(route: Option<&'a str>, method: &str) -> [(&'static str, &'a str); 2] {
    let method = METHODS.into_iter().find(|own| *own == method).unwrap_or(OTHER);
    [("route", route.unwrap_or(OTHER)), ("method", method)]
}
