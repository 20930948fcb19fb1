//! How soon an execution is wanted, among those of its tenant.
//! Puts nothing in order; who hands out slots does.

/// How soon an execution is wanted: 0 to 3, of which 3 is soonest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(u8);

impl Priority {
    /// The highest.
    pub const MAX: Self = Self(3);

    /// The priority of this number, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (number <= Self::MAX.0).then_some(Self(number))
    }

    /// Its number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// When nobody says: there is room below, for what can wait.
impl Default for Priority {
    fn default() -> Self {
        Self(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_four() {
        let known: Vec<u8> = (0..=u8::MAX).filter_map(Priority::new).map(Priority::get).collect();
        assert_eq!(known, [0, 1, 2, 3]);
        assert!(Priority::default() < Priority::MAX);
    }
}
