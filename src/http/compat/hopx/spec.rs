//! What all of HopX's ways to run code have in common: the fields of a program.
//! Accepts nothing; what is wrong is collected in the fields.

use crate::domain::ExecutionSpec;
use crate::http::context;
use crate::http::fields::Fields;
use crate::http::network;
use crate::http::spec;
use crate::http::state::Api;

/// A spec from HopX's fields, with nobody to be called back.
pub(super) fn read(fields: &mut Fields, api: &Api) -> ExecutionSpec {
    let code = spec::code(fields, api);
    let language = spec::language(fields, api);
    ExecutionSpec {
        env: spec::env(fields, api),
        // The documentation has `working_dir`; `workdir` is what the clients send.
        working_dir: spec::working_dir(fields, api, &["working_dir", "workdir"]),
        timeout: spec::timeout(fields, api),
        output_bytes: api.limits.program.output_bytes_default,
        limits: api.limits.program.defaults(),
        // Its own clients never ask for it; they get what the operator's policy gives unasked.
        network: network::read(fields, api.limits.network),
        traceparent: context::traceparent(),
        ..ExecutionSpec::new(language, code)
    }
}
