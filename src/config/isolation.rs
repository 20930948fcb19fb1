//! How programs are kept apart from the machine and from each other, in the words of an operator.
//! Whether this machine can do so is found out by `process` when it starts.

use super::typed::FromValue;
use super::value::Value;

/// How programs are kept apart from the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// The strongest level that works here.
    #[default]
    Auto,
    /// A clean environment and resource limits only.
    None,
    /// No way to other people's files, to other processes, to the network.
    Confined,
    /// A small system of its own, in namespaces.
    Sandbox,
}

/// How the processes of an execution are held together, so that none outlives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Containment {
    /// The strongest means that works here.
    #[default]
    Auto,
    /// A control group of version 2 for each execution.
    Cgroup2,
    /// A PID namespace for each execution.
    PidNamespace,
    /// A session for each execution, and a look for what has left it.
    Session,
}

/// Which programs have the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// None.
    Off,
    /// Those whose request has `network: true`.
    #[default]
    OnRequest,
    /// All, but those whose request has `network: false`.
    On,
}

impl FromValue for Isolation {
    fn from_value(value: &Value) -> Result<Self, String> {
        word(value)
            .and_then(|level| match level {
                "auto" => Some(Self::Auto),
                "none" => Some(Self::None),
                "confined" => Some(Self::Confined),
                "sandbox" => Some(Self::Sandbox),
                _ => None,
            })
            .ok_or_else(|| "expected \"auto\", \"none\", \"confined\" or \"sandbox\"".to_owned())
    }
}

impl FromValue for Containment {
    fn from_value(value: &Value) -> Result<Self, String> {
        word(value)
            .and_then(|means| match means {
                "auto" => Some(Self::Auto),
                "cgroup2" => Some(Self::Cgroup2),
                "pidns" => Some(Self::PidNamespace),
                "session" => Some(Self::Session),
                _ => None,
            })
            .ok_or_else(|| "expected \"auto\", \"cgroup2\", \"pidns\" or \"session\"".to_owned())
    }
}

impl FromValue for Network {
    fn from_value(value: &Value) -> Result<Self, String> {
        word(value)
            .and_then(|network| match network {
                "off" => Some(Self::Off),
                "on-request" => Some(Self::OnRequest),
                "on" => Some(Self::On),
                _ => None,
            })
            .ok_or_else(|| "expected \"off\", \"on-request\" or \"on\"".to_owned())
    }
}

fn word(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_stands_for_one_thing() {
        fn read<T: FromValue>(word: &str) -> Option<T> {
            T::from_value(&Value::Text(word.to_owned())).ok()
        }
        assert_eq!(read("auto"), Some(Isolation::Auto));
        assert_eq!(read("none"), Some(Isolation::None));
        assert_eq!(read("confined"), Some(Isolation::Confined));
        assert_eq!(read("sandbox"), Some(Isolation::Sandbox));
        assert_eq!(read::<Isolation>("None"), None);
        assert_eq!(read("auto"), Some(Containment::Auto));
        assert_eq!(read("cgroup2"), Some(Containment::Cgroup2));
        assert_eq!(read("pidns"), Some(Containment::PidNamespace));
        assert_eq!(read("session"), Some(Containment::Session));
        assert_eq!(read::<Containment>("cgroup"), None);
        assert_eq!(read("off"), Some(Network::Off));
        assert_eq!(read("on-request"), Some(Network::OnRequest));
        assert_eq!(read("on"), Some(Network::On));
        assert_eq!(read::<Network>(""), None);
    }
}
