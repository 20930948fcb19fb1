//! What all of HopX's ways to run code have in common: the fields of a program.
//! Accepts nothing; what is wrong is collected in the fields.

use crate::domain::{ExecutionSpec, Tenant};
use crate::http::context;
use crate::http::fields::Fields;
use crate::http::network;
use crate::http::spec;
use crate::http::state::Api;

/// A spec from HopX's fields in a request of a tenant's, with nobody to be called back.
pub(super) fn read(fields: &mut Fields, api: &Api, tenant: &Tenant) -> ExecutionSpec {
    let rules = api.limits.of(tenant);
    let code = spec::code(fields, api);
    let language = spec::language(fields, api);
    ExecutionSpec {
        env: spec::env(fields, api),
        // The documentation has `working_dir`; `workdir` is what the clients send.
        working_dir: spec::working_dir(fields, api, &["working_dir", "workdir"]),
        timeout: spec::timeout(fields, &rules),
        output_bytes: api.limits.program.output_bytes_default,
        limits: api.limits.program.defaults(),
        // Its own clients never ask for it; they get what the operator's policy gives unasked.
        network: network::read(fields, rules.network),
        traceparent: context::traceparent(),
        ..ExecutionSpec::new(language, code)
    }
}
