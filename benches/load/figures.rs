//! Medians, percentiles and ranges.
//! Knows no unit.

use std::time::Duration;

/// The value that `percent` of all are not above; 0 of none.
pub fn percentile_ms(all: &mut [Duration], percent: usize) -> f64 {
    all.sort_unstable();
    let rank = (all.len() * percent).div_ceil(100).max(1) - 1;
    all.get(rank).map_or(0.0, |value| value.as_secs_f64() * 1000.0)
}

/// The middle of some figures, and between what they lie.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Of at least one figure.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = figures.into_iter().collect();
        all.sort_unstable_by(f64::total_cmp);
        let middle = all.len() / 2;
        let median = match all.len() {
            0 => f64::NAN,
            even if even % 2 == 0 => f64::midpoint(all[middle - 1], all[middle]),
            _ => all[middle],
        };
        let or_none = |figure: Option<&f64>| figure.copied().unwrap_or(f64::NAN);
        Self { median, min: or_none(all.first()), max: or_none(all.last()) }
    }
}
