//! What was typed behind `ringback submit` as the body of a request. Sends nothing, and judges only what
//! the server could not even be asked.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::bodies::{NewExecution, WantedLimits};
use crate::cli::args::values::pair;
use crate::cli::args::{CallbackArgs, LimitArgs, SubmitArgs};
use crate::cli::exit::Failure;
use crate::cli::signature::read;

pub(super) fn wanted(args: &SubmitArgs) -> Result<NewExecution, Failure> {
    let is_ours = |path: &Path| path == Path::new("-");
    if is_ours(&args.file) && args.stdin.as_deref().is_some_and(is_ours) {
        return Err(Failure::usage(
            "standard input cannot be both the program and what it reads: name a file for one of them",
        ));
    }
    let metadata = pairs("--metadata", &args.metadata, '=')?.into_iter();
    let wanted = NewExecution {
        code: text(&args.file)?,
        language: args.language.clone().or_else(|| language(&args.file)),
        stdin: args.stdin.as_deref().map(text).transpose()?,
        input: args.input.as_deref().map(input).transpose()?,
        env: pairs("--env", &args.env, '=')?,
        working_dir: args.working_dir.clone(),
        timeout: args.timeout,
        queue_timeout: args.queue_timeout,
        priority: args.priority,
        limits: Some(limits(&args.limits)).filter(|limits| *limits != WantedLimits::default()),
        on_output_limit: args.limits.on_output_limit.map(|name| name.as_str().into()),
        // Without the flag nothing is said, and the server decides.
        network: args.network.then_some(true),
        on_interrupt: args.on_interrupt.map(|name| name.as_str().into()),
        labels: pairs("--label", &args.label, '=')?,
        metadata: metadata.map(|(name, value)| (name, Value::String(value))).collect(),
        ..NewExecution::default()
    };
    with_callback(wanted, &args.callback)
}

fn with_callback(wanted: NewExecution, args: &CallbackArgs) -> Result<NewExecution, Failure> {
    let Some(url) = &args.callback_url else { return Ok(wanted) };
    Ok(NewExecution {
        callback_url: Some(url.clone()),
        callback_headers: pairs("--callback-header", &args.callback_header, ':')?,
        callback_signature_secret: args.signing_secret.clone(),
        payload_format: args.payload_format.clone().map(Into::into),
        callback_verify: args.callback_verify.then_some(true),
        events: args.event.iter().cloned().map(Into::into).collect(),
        ..wanted
    })
}

fn limits(args: &LimitArgs) -> WantedLimits {
    WantedLimits {
        memory_bytes: args.memory_bytes,
        processes: args.processes,
        cpu_seconds: args.cpu_seconds,
        output_bytes: args.output_bytes,
        open_files: args.open_files,
        disk_bytes: args.disk_bytes,
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?)
        .map_err(|_| Failure::usage(format!("{} is not UTF-8", path.display())))
}

fn input(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format!("--input: JSON is expected: {error}")))
}

fn pairs(flag: &str, given: &[String], sign: char) -> Result<BTreeMap<String, String>, Failure> {
    given
        .iter()
        .map(|text| pair(flag, text, sign))
        .collect::<Result<_, _>>()
        .map_err(Failure::usage)
}

/// What the server calls the language whose files end so. An ending that nobody here knows may be a name
/// there, and if it is none the server says which there are. A file without one is as it is by default.
fn language(file: &Path) -> Option<String> {
    let ending = file.extension()?.to_str()?;
    let name = match ending {
        "py" => "python",
        "js" | "mjs" | "cjs" => "javascript",
        // As `ringback run` takes it: what is written for sh runs there too.
        "sh" => "bash",
        other => other,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_the_ending_of_its_files() {
        let check = |file: &str, expected: Option<&str>| {
            assert_eq!(language(Path::new(file)).as_deref(), expected, "{file}");
        };
        check("a/main.py", Some("python"));
        check("main.js", Some("javascript"));
        check("main.mjs", Some("javascript"));
        check("main.sh", Some("bash"));
        check("main.bash", Some("bash"));
        check("main.rb", Some("rb"));
        check("main", None);
        check("-", None);
    }
}
