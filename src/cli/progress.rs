//! What is shown on a terminal while something takes long: a spinner and a sentence, on stderr, gone when
//! it is over. Shows nothing where stderr is no terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

const TURN_EVERY: Duration = Duration::from_millis(100);

/// A spinner, until it is dropped.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(sentence.into());
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        bar.set_style(style.expect("the template is our own"));
        bar.enable_steady_tick(TURN_EVERY);
        Self(bar)
    }

    /// Says something else from now on.
    pub(super) fn say(&self, sentence: impl Into<String>) {
        self.0.set_message(sentence.into());
    }

    /// Does something that prints, with the spinner out of its way.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
