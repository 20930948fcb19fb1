//! A call of a function: its definition and what its caller brings, put together into a spec that
//! is executed like every other. The operator's rules are asked anew at each call.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::domain::{
    Callback, Definition, Entrypoint, ExecutionSpec, Function, HandlerCall, Invocation,
    PayloadFormat, PayloadKind, Priority, Progress, Secret, Tenant, WorkingDir,
};
use crate::http::callback;
use crate::http::context;
use crate::http::error::{FieldError, Kind, Problem};
use crate::http::state::{Api, RequestLimits, TenantRules};

/// What a caller brings.
#[derive(Debug)]
pub(in crate::http) struct Call {
    /// What it is called with.
    pub(in crate::http) input: Option<Input>,
    /// What the caller calls it, if not by the id of the execution.
    pub(in crate::http) request_id: Option<String>,
    /// Who is told of its end.
    pub(in crate::http) told: WhoIsTold,
    /// The payload format that the caller has chosen, if it has.
    pub(in crate::http) format: Option<PayloadFormat>,
    /// The payload format, where neither the caller nor the function's owner has chosen one.
    pub(in crate::http) format_default: PayloadFormat,
    /// How long it may run, if not as long as the function's owner said.
    pub(in crate::http) timeout: Option<Duration>,
    /// The same for how long it is willing to wait for a slot.
    pub(in crate::http) queue_timeout: Option<Duration>,
    /// The same for how soon it is wanted.
    pub(in crate::http) priority: Option<Priority>,
    /// Variables beside those of the function, or in their place.
    pub(in crate::http) env: BTreeMap<String, Secret>,
    /// The same for labels.
    pub(in crate::http) labels: BTreeMap<String, String>,
    /// The same for metadata.
    pub(in crate::http) metadata: Map<String, Value>,
}

/// What a program is called with.
#[derive(Debug)]
pub(in crate::http) struct Input {
    /// What it reads from standard input; bytes are in base64.
    pub(in crate::http) stdin: String,
    /// What a handler is given it as.
    pub(in crate::http) kind: PayloadKind,
}

impl Input {
    /// A value as JSON.
    pub(in crate::http) fn json(value: &Value) -> Self {
        Self { stdin: value.to_string(), kind: PayloadKind::Json }
    }
}

/// Who is told of the end of a call.
#[derive(Debug)]
pub(in crate::http) enum WhoIsTold {
    /// Whom the caller names.
    Named(Callback),
    /// Whom the function's owner has named, if anybody.
    AsDefined,
    /// Nobody: the caller waits for the answer.
    Nobody,
}

impl Call {
    /// A call with this input that changes nothing about the function.
    pub(in crate::http) fn new(input: Option<Input>) -> Self {
        Self {
            input,
            request_id: None,
            told: WhoIsTold::AsDefined,
            format: None,
            format_default: PayloadFormat::Standard,
            timeout: None,
            queue_timeout: None,
            priority: None,
            env: BTreeMap::new(),
            labels: BTreeMap::new(),
            metadata: Map::new(),
        }
    }

    /// What is to be executed.
    ///
    /// # Errors
    /// When the operator no longer allows what the function was allowed when it was kept, and when what
    /// the caller brings does not go together with it.
    pub(in crate::http) fn spec(
        self,
        api: &Api,
        tenant: &Tenant,
        function: &Function,
    ) -> Result<ExecutionSpec, Problem> {
        let rules = api.limits.of(tenant);
        let mut spec = allowed(api, &rules, &function.definition)?;
        spec.timeout = self.timeout.unwrap_or(spec.timeout).min(rules.timeout_max);
        spec.queue_timeout = self.queue_timeout.or(spec.queue_timeout);
        spec.priority = self.priority.unwrap_or(spec.priority);
        spec.env.extend(self.env);
        spec.labels.extend(self.labels);
        spec.metadata.extend(self.metadata);
        check_together(&spec, &api.limits)?;
        (spec.stdin, spec.entrypoint) =
            entered(spec.entrypoint, self.input, self.request_id.clone());
        let chosen = self.format.or(function.definition.payload_format);
        let format = chosen.unwrap_or(self.format_default);
        spec.callback = match self.told {
            WhoIsTold::Named(callback) => Some(named_in(callback, format)?),
            WhoIsTold::AsDefined => spec.callback.map(|callback| in_format(callback, format)),
            WhoIsTold::Nobody => None,
        };
        spec.traceparent = context::traceparent();
        let (function, version) = (function.key.clone(), function.version);
        spec.invocation = Some(Invocation { function, version, request_id: self.request_id });
        Ok(spec)
    }
}

/// What a function asks for, as far as the operator allows it now.
fn allowed(
    api: &Api,
    rules: &TenantRules,
    definition: &Definition,
) -> Result<ExecutionSpec, Problem> {
    let mut spec = definition.spec.clone();
    spec.network = rules.network.granted(definition.network).map_err(no_longer)?;
    if let WorkingDir::Listed(path) = &spec.working_dir
        && !api.limits.working_dirs.iter().any(|allowed| path.starts_with(allowed))
    {
        return Err(no_longer("its `working_dir` is not listed any more."));
    }
    if api.launcher.runtimes().find(&spec.language).is_none() {
        return Err(no_longer(format!("it has no language `{}`.", spec.language)));
    }
    spec.limits = api.limits.program.within(spec.limits);
    spec.output_bytes = spec.output_bytes.min(api.limits.program.output_bytes_max);
    Ok(spec)
}

/// The function and its caller have each kept to what an execution may have; so must both together.
fn check_together(spec: &ExecutionSpec, limits: &RequestLimits) -> Result<(), Problem> {
    let env_bytes = spec.env.iter().map(|(name, value)| name.len() + value.expose().len()).sum();
    let counts = [
        ("env", "too_long", (env_bytes, "bytes"), limits.env_bytes_max),
        ("labels", "too_many", (spec.labels.len(), "entries"), limits.labels_max),
        ("metadata", "too_many", (spec.metadata.len(), "entries"), limits.metadata_max),
    ];
    let over = counts.into_iter().filter(|(_, _, (count, _), max)| count > max);
    let errors: Vec<FieldError> = over
        .map(|(name, code, (count, unit), max)| {
            let detail = format!(
                "`{name}` has {count} {unit} together with the function's, and may have at most {max}."
            );
            FieldError { field: name.to_owned(), code, detail }
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
}

/// Standard input, and how the program is entered that reads it.
fn entered(
    entrypoint: Entrypoint,
    input: Option<Input>,
    request_id: Option<String>,
) -> (Option<String>, Entrypoint) {
    let payload = input.as_ref().map(|input| input.kind).unwrap_or_default();
    let stdin = input.map(|input| input.stdin);
    match entrypoint {
        Entrypoint::Script => (stdin, Entrypoint::Script),
        // A handler is always called with something.
        Entrypoint::Handler(call) => {
            let call = HandlerCall { payload, request_id, ..*call };
            (stdin.or_else(|| Some("null".to_owned())), Entrypoint::Handler(Box::new(call)))
        }
    }
}

/// The callback that a caller names, in a format that may be the function's choice.
fn named_in(callback: Callback, format: PayloadFormat) -> Result<Callback, Problem> {
    if format != PayloadFormat::Standard && !callback.endpoint.progress.is_none() {
        return Err(Problem::invalid(vec![callback::no_shape_for_progress(format)]));
    }
    Ok(in_format(callback, format))
}

/// The callback in a format. Only ours has a shape for what is told before the end.
fn in_format(mut callback: Callback, format: PayloadFormat) -> Callback {
    callback.endpoint.payload_format = format;
    if format != PayloadFormat::Standard {
        callback.endpoint.progress = Progress::default();
    }
    callback
}

/// A function that was kept under other rules than those of now.
fn no_longer(why: impl std::fmt::Display) -> Problem {
    Problem::new(Kind::InvalidRequest, format!("The server no longer runs this function: {why}"))
}
