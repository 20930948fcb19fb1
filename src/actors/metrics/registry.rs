//! Where the metrics of one engine are kept and made into text: a recorder of the engine's own.
//! Knows no metric by name.

use std::fmt;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// What a metric is called, and what it tells in one sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
}

/// A histogram and the upper bounds of its buckets. One without bounds would keep its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct HistogramOf {
    pub(super) named: Named,
    pub(super) buckets: &'static [f64],
}

pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// The metrics of one engine.
pub(super) struct Registry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Registry {
    pub(super) fn new(histograms: &[HistogramOf]) -> Self {
        let mut builder = PrometheusBuilder::new();
        for HistogramOf { named, buckets } in histograms {
            let matcher = Matcher::Full(named.name.to_owned());
            builder = builder
                .set_buckets_for_metric(matcher, buckets)
                .expect("our histograms have buckets");
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    pub(super) fn counter(&self, Named { name, help }: Named, labels: Labels<'_>) -> Counter {
        self.recorder.describe_counter(name.into(), None, help.into());
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    pub(super) fn gauge(&self, Named { name, help }: Named, labels: Labels<'_>) -> Gauge {
        self.recorder.describe_gauge(name.into(), None, help.into());
        self.recorder.register_gauge(&key(name, labels), &METADATA)
    }

    pub(super) fn histogram(&self, Named { name, help }: Named, labels: Labels<'_>) -> Histogram {
        self.recorder.describe_histogram(name.into(), None, help.into());
        self.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    /// Says what a counter tells whose series come one by one.
    pub(super) fn describe_counter(&self, Named { name, help }: Named) {
        self.recorder.describe_counter(name.into(), None, help.into());
    }

    /// The same for a histogram.
    pub(super) fn describe_histogram(&self, Named { name, help }: Named) {
        self.recorder.describe_histogram(name.into(), None, help.into());
    }

    /// One series of a counter that is described already, made if it is not there.
    pub(super) fn series_of_counter(&self, name: &'static str, labels: Labels<'_>) -> Counter {
        self.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// The same for a histogram.
    pub(super) fn series_of_histogram(&self, name: &'static str, labels: Labels<'_>) -> Histogram {
        self.recorder.register_histogram(&key(name, labels), &METADATA)
    }

    /// All of them in the text format of Prometheus, version 0.0.4.
    pub(super) fn text(&self) -> String {
        self.handle.render()
    }

    /// Sorts the measurements since the last time into their buckets.
    pub(super) fn sort(&self) {
        self.handle.run_upkeep();
    }
}

/// Of no use to our recorder, which takes everything.
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(name: &'static str, labels: Labels<'_>) -> Key {
    let labels = labels.iter().map(|&(name, value)| Label::new(name, value.to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}
