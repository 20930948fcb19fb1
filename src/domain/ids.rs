//! The names of things: prefixed identifiers that sort by the time they were made.
//! Makes no decisions and never reveals more in an id than the millisecond of its making.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A text that is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with `{prefix}` and goes on with 32 hexadecimal digits")]
pub struct IdError {
    prefix: &'static str,
}

/// Defines an identifier: a UUIDv7 written without dashes behind a prefix.
macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID that is already known, such as one read from a database.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID behind the id.
            pub const fn uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix($prefix)
                    .filter(|rest| rest.len() == 32 && !rest.contains(|c: char| c.is_ascii_uppercase()))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

prefixed_id!(
    /// Names one execution: `exec_` and a UUIDv7.
    ExecutionId,
    "exec_"
);
prefixed_id!(
    /// Names one delivery: `dlv_` and a UUIDv7.
    DeliveryId,
    "dlv_"
);
prefixed_id!(
    /// Names an event. The terminal one of an execution is `evt_` and the execution's own UUID,
    /// so that every attempt, redelivery and crash gives the same id.
    EventId,
    "evt_"
);
prefixed_id!(
    /// Names one recovery of deliveries: `rcv_` and a UUIDv7.
    RecoveryId,
    "rcv_"
);
prefixed_id!(
    /// Names one start of a server process. A hostname or a pid would come back after a restart.
    OwnerId,
    "own_"
);

impl ExecutionId {
    /// Makes a new id. Ids made later in this process sort later.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl DeliveryId {
    /// Makes a new id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl EventId {
    /// Makes the id of an event on the way to the end, of which there may be many.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl RecoveryId {
    /// Makes a new id.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl OwnerId {
    /// Makes the id of this start of the process.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

impl From<ExecutionId> for EventId {
    fn from(id: ExecutionId) -> Self {
        Self(id.0)
    }
}

/// The fencing token of an execution: it grows with every start and every rescue, and a write
/// that carries an older one changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Epoch(pub u32);

/// Whose execution it is. Nothing of one tenant is visible to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(String);

impl Tenant {
    /// The tenant of a server that has only one.
    pub const DEFAULT: &'static str = "default";

    /// Wraps a tenant's name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is that tenant.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_prints() {
        let id = ExecutionId::generate();
        assert_eq!(id.to_string().parse::<ExecutionId>(), Ok(id));
        assert_eq!(id.to_string().len(), 5 + 32);
    }

    #[test]
    fn other_spellings_of_an_id_are_refused() {
        let id = ExecutionId::generate();
        let dashed = format!("exec_{}", id.uuid().hyphenated());
        let upper = format!("exec_{}", id.uuid().simple().to_string().to_uppercase());
        for text in ["", "exec_", "evt_0", &dashed, &upper, "exec_zz", &id.uuid().to_string()] {
            assert!(text.parse::<ExecutionId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_event_of_an_execution_has_one_id_for_ever() {
        let id = ExecutionId::generate();
        assert_eq!(EventId::from(id), EventId::from(id));
        assert_eq!(EventId::from(id).uuid(), id.uuid());
    }

    #[test]
    fn ids_sort_by_their_making() {
        let ids: Vec<_> = (0..1000).map(|_| ExecutionId::generate()).collect();
        assert!(ids.is_sorted());
    }
}
