//! The breaker of a host: stops attempts at one that fails nearly always, and lets a single one
//! through now and then to find out whether that has changed.
//! Reads no clock and makes no attempt.

use std::time::Duration;

use super::Timestamp;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct BreakerRule {
    /// Over how much time attempts are counted.
    pub window: Duration,
    /// How many there must be for a verdict; 0 is never a verdict.
    pub attempts_min: u32,
    /// It opens when more than this share of them failed, from 0.0 to 1.0.
    pub failed_share: f64,
    /// How long it stays open before an attempt is let through.
    pub pause: Duration,
}

impl Default for BreakerRule {
    /// Of 10 or more attempts in 60 s more than four fifths failed: 30 s of rest.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            attempts_min: 10,
            failed_share: 0.8,
            pause: Duration::from_secs(30),
        }
    }
}

/// What has become of the attempts at one host lately.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    slices: [Slice; SLICES],
    state: BreakerState,
}

/// Whether attempts are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerState {
    /// All of them.
    #[default]
    Closed,
    /// None until that time; then one, the probe.
    Open {
        /// When a probe may be made.
        until: Timestamp,
    },
    /// None but the probe, which is under way.
    Probing,
}

/// How an attempt ended, as far as its host is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The host took it.
    Taken,
    /// The host did not take it.
    Failed,
    /// Nothing was learnt of the host.
    Untried,
}

/// In how many parts the window is counted: what is older than the window is forgotten part by
/// part, and a busy host needs no more memory than an idle one.
const SLICES: usize = 12;

#[derive(Debug, Clone, Copy, Default)]
struct Slice {
    /// Which part of time this is, counted from 1970 in parts of the window.
    number: i64,
    failed: u32,
    taken: u32,
}

impl Breaker {
    /// Whether attempts are let through.
    pub const fn state(&self) -> BreakerState {
        self.state
    }

    /// Whether a probe may be made at `now`.
    pub fn is_probe_due(&self, now: Timestamp) -> bool {
        matches!(self.state, BreakerState::Open { until } if until <= now)
    }

    /// The probe begins.
    pub fn begin_probe(&mut self) {
        self.state = BreakerState::Probing;
    }

    /// An attempt has ended at `now`. While it is open, only the probe tells anything: the others
    /// began before.
    pub fn ended(&mut self, rule: &BreakerRule, is_probe: bool, verdict: Verdict, now: Timestamp) {
        match (self.state, is_probe, verdict) {
            (BreakerState::Probing, true, Verdict::Taken) => *self = Self::default(),
            (BreakerState::Probing, true, Verdict::Failed) => self.open(rule, now),
            // Another probe may be made at once.
            (BreakerState::Probing, true, Verdict::Untried) => {
                self.state = BreakerState::Open { until: now };
            }
            (BreakerState::Closed, false, Verdict::Taken | Verdict::Failed) => {
                self.count(rule, verdict, now);
                if self.is_bad(rule, now) {
                    self.open(rule, now);
                }
            }
            _ => {}
        }
    }

    /// Nothing is remembered that would matter at `now` or later. A host that nobody has wanted to
    /// try for a whole window after its pause begins anew.
    pub fn is_forgotten(&self, rule: &BreakerRule, now: Timestamp) -> bool {
        match self.state {
            BreakerState::Closed => self.lately(rule, now).next().is_none(),
            BreakerState::Open { until } => until.after(rule.window) <= now,
            BreakerState::Probing => false,
        }
    }

    fn open(&mut self, rule: &BreakerRule, now: Timestamp) {
        *self =
            Self { state: BreakerState::Open { until: now.after(rule.pause) }, ..Self::default() };
    }

    fn count(&mut self, rule: &BreakerRule, verdict: Verdict, now: Timestamp) {
        let number = slice_number(rule, now);
        let index = usize::try_from(number.rem_euclid(SLICES as i64)).unwrap_or(0);
        let slice = &mut self.slices[index];
        if slice.number != number {
            *slice = Slice { number, ..Slice::default() };
        }
        match verdict {
            Verdict::Taken => slice.taken = slice.taken.saturating_add(1),
            Verdict::Failed => slice.failed = slice.failed.saturating_add(1),
            Verdict::Untried => {}
        }
    }

    fn is_bad(&self, rule: &BreakerRule, now: Timestamp) -> bool {
        let (failed, taken) = self.lately(rule, now).fold((0.0, 0.0), |(failed, taken), slice| {
            (failed + f64::from(slice.failed), taken + f64::from(slice.taken))
        });
        let all = failed + taken;
        rule.attempts_min > 0
            && all >= f64::from(rule.attempts_min)
            && failed > all * rule.failed_share
    }

    fn lately(&self, rule: &BreakerRule, now: Timestamp) -> impl Iterator<Item = &Slice> {
        let newest = slice_number(rule, now);
        let numbers = newest - SLICES as i64 + 1..=newest;
        let is_counted = move |slice: &&Slice| slice.failed > 0 || slice.taken > 0;
        let slices = self.slices.iter().filter(is_counted);
        slices.filter(move |slice| numbers.contains(&slice.number))
    }
}

fn slice_number(rule: &BreakerRule, now: Timestamp) -> i64 {
    let millis = i64::try_from(rule.window.as_millis()).unwrap_or(i64::MAX) / SLICES as i64;
    now.as_millis().div_euclid(millis.max(1))
}

#[cfg(test)]
mod tests;
