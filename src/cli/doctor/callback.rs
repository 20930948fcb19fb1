//! The doctor's look at a callback URL: whether a callback may go there, and whether it would
//! arrive. Sends nothing.

use super::super::exit::Failure;
use super::finding::{Finding, Mark};
use crate::app;
use crate::config::Config;
use crate::domain::ErrorClass;
use crate::webhook::{reach, shown};

pub(super) async fn finding(config: &Config, url: &str) -> Result<Finding, Failure> {
    let policy = app::address_policy(config)?;
    let settings = app::client_settings(config, &policy)?;
    // Whatever was typed may have a secret in its query.
    let told = shown(url);
    let topic = |mark, text: String| Finding::new("callback URL", mark, text).fact("url", &*told);
    Ok(match reach(&settings, url).await {
        Ok(address) => {
            let tls = if told.starts_with("https:") { ", TLS included" } else { "" };
            let text = format!("{told} is allowed, and {address} takes connections{tls}");
            topic(Mark::Ok, text).fact("allowed", true).fact("address", address.to_string())
        }
        Err(why) if why.class == ErrorClass::Refused => {
            topic(Mark::Bad, format!("not allowed: {why}")).fact("allowed", false)
        }
        Err(why) => topic(Mark::Bad, format!("{told} is allowed, and cannot be reached: {why}"))
            .fact("allowed", true)
            .fact("error_class", why.class.as_str()),
    })
}
