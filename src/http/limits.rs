//! How much of the machine a program may use: what the server allows and what a request asks for.
//! Enforces nothing; what comes out is what the execution is accepted with.

use std::time::Duration;

use super::fields::Fields;
use crate::domain::{Limits, OnOutputLimit};

/// What programs may use.
#[derive(Debug, Clone, Copy)]
pub struct ProgramLimits {
    /// Memory of all processes of a program together, in bytes.
    pub memory_bytes: Bounds<u64>,
    /// Processes and threads at a time.
    pub processes: Bounds<u64>,
    /// User and system time of all its processes together.
    pub cpu_time: Bounds<Duration>,
    /// File descriptors that one of its processes has open at a time.
    pub open_files: Bounds<u64>,
    /// What it may write to the disk, in bytes.
    pub disk_bytes: Bounds<u64>,
    /// How many bytes of each output stream are kept when a request does not say.
    pub output_bytes_default: u64,
    /// How many it may ask for.
    pub output_bytes_max: u64,
}

/// One limit: what it is when a request does not say, and the most that it may ask for. `None` is
/// no limit. The default is within the maximum.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<T> {
    /// When the request does not say.
    pub default: Option<T>,
    /// The most that it may ask for.
    pub max: Option<T>,
}

/// The most that can be asked for where the operator has set no maximum: as much as a store keeps.
const COUNT_MAX: u64 = i64::MAX as u64;

/// The same for a time: a year, which is the longest duration that a configuration takes.
const TIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

impl ProgramLimits {
    /// What a program may use whose request says nothing.
    pub(super) const fn defaults(&self) -> Limits {
        Limits {
            memory_bytes: self.memory_bytes.default,
            processes: self.processes.default,
            cpu_time: self.cpu_time.default,
            open_files: self.open_files.default,
            disk_bytes: self.disk_bytes.default,
        }
    }

    /// What was allowed once, and no more than is allowed now.
    pub(super) fn within(&self, limits: Limits) -> Limits {
        Limits {
            memory_bytes: self.memory_bytes.within(limits.memory_bytes),
            processes: self.processes.within(limits.processes),
            cpu_time: self.cpu_time.within(limits.cpu_time),
            open_files: self.open_files.within(limits.open_files),
            disk_bytes: self.disk_bytes.within(limits.disk_bytes),
        }
    }
}

impl<T: Ord + Copy> Bounds<T> {
    fn within(self, limit: Option<T>) -> Option<T> {
        match (limit, self.max) {
            (Some(limit), Some(max)) => Some(limit.min(max)),
            (limit, max) => limit.or(max),
        }
    }
}

/// The field `limits`: what the program may use, and how many bytes of each stream are kept.
pub(super) fn read(fields: &mut Fields, allowed: &ProgramLimits) -> (Limits, u64) {
    let Some(object) = fields.object("limits") else {
        return (allowed.defaults(), allowed.output_bytes_default);
    };
    let mut inner = Fields::new(object);
    let mut count = |name, min, bounds: Bounds<u64>| {
        inner.count(name, min..=bounds.max.unwrap_or(COUNT_MAX)).or(bounds.default)
    };
    let limits = Limits {
        memory_bytes: count("memory_bytes", Limits::MEMORY_BYTES_MIN, allowed.memory_bytes),
        processes: count("processes", Limits::PROCESSES_MIN, allowed.processes),
        open_files: count("open_files", Limits::OPEN_FILES_MIN, allowed.open_files),
        disk_bytes: count("disk_bytes", Limits::DISK_BYTES_MIN, allowed.disk_bytes),
        cpu_time: {
            let bounds = allowed.cpu_time;
            inner.seconds("cpu_seconds", bounds.max.unwrap_or(TIME_MAX)).or(bounds.default)
        },
    };
    let output_bytes = inner.count("output_bytes", 1..=allowed.output_bytes_max);
    if let Err(problem) = inner.finish() {
        fields.wrong_inside("limits", problem);
    }
    (limits, output_bytes.unwrap_or(allowed.output_bytes_default))
}

/// The field `on_output_limit`.
pub(super) fn on_output_limit(fields: &mut Fields) -> OnOutputLimit {
    let Some(name) = fields.string("on_output_limit") else { return OnOutputLimit::Truncate };
    OnOutputLimit::from_name(&name).unwrap_or_else(|| {
        let detail = "`on_output_limit` must be `truncate` or `fail`.".to_owned();
        fields.wrong("on_output_limit", "invalid", detail);
        OnOutputLimit::Truncate
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    /// Memory and CPU time have neither a default nor a maximum.
    const ALLOWED: ProgramLimits = ProgramLimits {
        memory_bytes: Bounds { default: None, max: None },
        processes: Bounds { default: Some(256), max: Some(4096) },
        cpu_time: Bounds { default: None, max: None },
        open_files: Bounds { default: Some(1024), max: None },
        disk_bytes: Bounds { default: Some(MIB), max: Some(4 * MIB) },
        output_bytes_default: 1000,
        output_bytes_max: 2000,
    };

    fn read_with(allowed: &ProgramLimits, json: &str) -> Result<(Limits, u64), Vec<String>> {
        let mut fields = Fields::new(serde_json::from_str(json).unwrap());
        let found = read(&mut fields, allowed);
        let sentence = |problem: super::super::error::Problem| {
            problem.errors.into_iter().map(|error| format!("{} {}", error.field, error.detail))
        };
        fields.finish().map(|()| found).map_err(|problem| sentence(problem).collect())
    }

    #[test]
    fn what_was_allowed_once_is_brought_within_what_is_allowed_now() {
        let once = Limits {
            memory_bytes: Some(9 * MIB),
            processes: Some(9999),
            cpu_time: None,
            open_files: None,
            disk_bytes: None,
        };
        let now = Limits { processes: Some(4096), disk_bytes: Some(4 * MIB), ..once };
        assert_eq!(ALLOWED.within(once), now);
        assert_eq!(ALLOWED.within(now), now);
    }

    #[test]
    fn what_a_request_does_not_say_is_as_the_server_has_it() {
        let expected = Limits {
            memory_bytes: None,
            processes: Some(256),
            cpu_time: None,
            open_files: Some(1024),
            disk_bytes: Some(MIB),
        };
        for json in ["{}", r#"{"limits": null}"#, r#"{"limits": {}}"#] {
            assert_eq!(read_with(&ALLOWED, json), Ok((expected, 1000)), "{json}");
        }
        assert_eq!(ALLOWED.defaults(), expected);
        let one = r#"{"limits": {"processes": 4096, "memory_bytes": null}}"#;
        let expected = Limits { processes: Some(4096), ..expected };
        assert_eq!(read_with(&ALLOWED, one), Ok((expected, 1000)));
    }

    #[test]
    fn what_a_request_says_counts_up_to_the_maximum() {
        let all = r#"{"limits": {"memory_bytes": 1048576, "processes": 1, "cpu_seconds": 0.5,
            "open_files": 9223372036854775807, "disk_bytes": 4194304, "output_bytes": 2000}}"#;
        let expected = Limits {
            memory_bytes: Some(MIB),
            processes: Some(1),
            cpu_time: Some(Duration::from_millis(500)),
            open_files: Some(COUNT_MAX),
            disk_bytes: Some(4 * MIB),
        };
        assert_eq!(read_with(&ALLOWED, all), Ok((expected, 2000)));
    }

    #[test]
    fn what_is_beyond_a_bound_is_refused_with_its_name_and_the_bound() {
        let check = |limit: &str, sentence: &str| {
            let json = format!(r#"{{"limits": {{{limit}}}}}"#);
            assert_eq!(read_with(&ALLOWED, &json), Err(vec![sentence.to_owned()]), "{limit}");
        };
        check(
            r#""processes": 4097"#,
            "limits.processes `limits.processes` must be a whole number from 1 to 4096, and is 4097.",
        );
        check(
            r#""disk_bytes": 5000000"#,
            "limits.disk_bytes `limits.disk_bytes` must be a whole number from 65536 to 4194304, and is \
             5000000.",
        );
        check(
            r#""memory_bytes": 4096"#,
            "limits.memory_bytes `limits.memory_bytes` must be a whole number from 1048576 to \
             9223372036854775807, and is 4096.",
        );
        check(
            r#""open_files": 15"#,
            "limits.open_files `limits.open_files` must be a whole number from 16 to \
             9223372036854775807, and is 15.",
        );
        check(
            r#""cpu_seconds": 0"#,
            "limits.cpu_seconds `limits.cpu_seconds` must be more than 0 and at most 31536000 seconds, \
             and is 0.",
        );
        check(
            r#""output_bytes": 2001"#,
            "limits.output_bytes `limits.output_bytes` must be a whole number from 1 to 2000, and is 2001.",
        );
        check(
            r#""procesess": 1"#,
            "limits.procesess There is no field `limits.procesess`; did you mean `processes`?",
        );
    }

    #[test]
    fn cpu_time_has_a_maximum_if_the_server_has_one() {
        let cpu_time =
            Bounds { default: Some(Duration::from_secs(1)), max: Some(Duration::from_secs(2)) };
        let allowed = ProgramLimits { cpu_time, ..ALLOWED };
        let sentence = "limits.cpu_seconds `limits.cpu_seconds` must be more than 0 and at most 2 seconds, and is 2.5.";
        let json = r#"{"limits": {"cpu_seconds": 2.5}}"#;
        assert_eq!(read_with(&allowed, json), Err(vec![sentence.to_owned()]));
        let cpu_time = |json: &str| read_with(&allowed, json).unwrap().0.cpu_time;
        assert_eq!(cpu_time(r#"{"limits": {"cpu_seconds": 2}}"#), Some(Duration::from_secs(2)));
        assert_eq!(cpu_time(r#"{"limits": {}}"#), Some(Duration::from_secs(1)));
    }

    #[test]
    fn the_policy_for_too_much_output_is_one_of_two_words() {
        let read = |json: &str| {
            let mut fields = Fields::new(serde_json::from_str(json).unwrap());
            let policy = on_output_limit(&mut fields);
            fields.finish().map(|()| policy).map_err(|problem| problem.detail)
        };
        assert_eq!(read("{}"), Ok(OnOutputLimit::Truncate));
        assert_eq!(read(r#"{"on_output_limit": "truncate"}"#), Ok(OnOutputLimit::Truncate));
        assert_eq!(read(r#"{"on_output_limit": "fail"}"#), Ok(OnOutputLimit::Fail));
        let sentence = "`on_output_limit` must be `truncate` or `fail`.".to_owned();
        assert_eq!(read(r#"{"on_output_limit": "stop"}"#), Err(sentence));
    }
}
