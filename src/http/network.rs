//! Which programs have the network: the operator's policy, the request's wish, and what can be
//! enforced at all. Takes no network away itself.

use super::fields::Fields;

/// Which programs have the network, as the operator wishes it, the strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NetworkPolicy {
    /// None.
    Off,
    /// Those whose request has `network: true`.
    OnRequest,
    /// All whose request does not have `network: false`.
    On,
}

/// The operator's policy, and whether it can be kept.
#[derive(Debug, Clone, Copy)]
pub struct NetworkRules {
    /// The policy.
    pub policy: NetworkPolicy,
    /// Whether the isolation level in force can take the network away from a program. Where it
    /// cannot, every program has it.
    pub enforced: bool,
}

/// A wish about the network that cannot be fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkRefusal {
    /// The operator has no network for programs.
    #[error(
        "`network` cannot be true: the operator of this server has switched the network of \
         programs off."
    )]
    NotAllowed,
    /// The level of isolation cannot keep a program away from it.
    #[error("This server cannot take the network away from a program.")]
    NotAvailable,
}

impl NetworkRules {
    /// Whether a program has the network for which this was wished, or nothing was said.
    ///
    /// # Errors
    /// A wish that cannot be fulfilled is refused, so that nobody relies on what is not so.
    pub fn granted(self, wished: Option<bool>) -> Result<bool, NetworkRefusal> {
        if wished == Some(true) && self.policy == NetworkPolicy::Off {
            return Err(NetworkRefusal::NotAllowed);
        }
        if wished == Some(false) && !self.enforced {
            return Err(NetworkRefusal::NotAvailable);
        }
        let granted = match self.policy {
            NetworkPolicy::Off => false,
            NetworkPolicy::OnRequest => wished.unwrap_or(false),
            NetworkPolicy::On => wished.unwrap_or(true),
        };
        Ok(granted || !self.enforced)
    }
}

/// The field `network`: whether the program shall have it.
pub(super) fn read(fields: &mut Fields, rules: NetworkRules) -> bool {
    wished_and_granted(fields, rules).1
}

/// The same, behind what was asked for.
pub(super) fn wished_and_granted(fields: &mut Fields, rules: NetworkRules) -> (Option<bool>, bool) {
    const NAME: &str = "network";
    let wished = fields.boolean(NAME);
    let granted = rules.granted(wished).unwrap_or_else(|refusal| {
        let code = match refusal {
            NetworkRefusal::NotAllowed => "not_allowed",
            NetworkRefusal::NotAvailable => "not_available",
        };
        fields.wrong(NAME, code, refusal.to_string());
        false
    });
    (wished, granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of no wish, of `false` and of `true`: the network or not, or the code of a refusal.
    fn check(policy: NetworkPolicy, enforced: bool, expected: [Result<bool, &'static str>; 3]) {
        let wishes = ["{}", r#"{"network": false}"#, r#"{"network": true}"#];
        for (json, expected) in wishes.into_iter().zip(expected) {
            let mut fields = Fields::new(serde_json::from_str(json).unwrap());
            let granted = read(&mut fields, NetworkRules { policy, enforced });
            let found = fields.finish().map(|()| granted).map_err(|problem| problem.errors[0].code);
            assert_eq!(found, expected, "{policy:?}, enforced {enforced}: {json}");
        }
    }

    #[test]
    fn the_policy_decides_where_it_can_be_enforced() {
        check(NetworkPolicy::Off, true, [Ok(false), Ok(false), Err("not_allowed")]);
        check(NetworkPolicy::OnRequest, true, [Ok(false), Ok(false), Ok(true)]);
        check(NetworkPolicy::On, true, [Ok(true), Ok(false), Ok(true)]);
    }

    #[test]
    fn where_it_cannot_every_program_has_the_network_and_nobody_is_told_otherwise() {
        let none = Err("not_available");
        check(NetworkPolicy::Off, false, [Ok(true), none, Err("not_allowed")]);
        check(NetworkPolicy::OnRequest, false, [Ok(true), none, Ok(true)]);
        check(NetworkPolicy::On, false, [Ok(true), none, Ok(true)]);
    }
}
