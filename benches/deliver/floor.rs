//! The floor: a plain loop of awc that posts the same bytes to the same receivers, with as many
//! requests under way as the server has. Signs nothing, keeps nothing, and looks nothing up.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread::JoinHandle;

use anyhow::{Result, anyhow};
use ringback::domain::ExecutionId;

use super::outbox;

/// As the server has it by default.
const IN_FLIGHT_MAX: usize = 64;
const IN_FLIGHT_PER_HOST_MAX: usize = 8;

/// How the loop posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// One request after the other.
    OneByOne,
    /// As many at a time as the server does.
    AtOnce,
}

/// Posts so many requests from a thread of its own, as the server does.
pub fn start(floor: Floor, receivers: Vec<SocketAddr>, count: usize) -> JoinHandle<Result<()>> {
    std::thread::spawn(move || actix_rt::System::new().block_on(post_all(floor, &receivers, count)))
}

async fn post_all(floor: Floor, receivers: &[SocketAddr], count: usize) -> Result<()> {
    let client = awc::Client::builder().disable_redirects().finish();
    let urls: Vec<_> = receivers.iter().map(|receiver| format!("http://{receiver}/hook")).collect();
    let urls = Rc::new(urls);
    let body = bytes::Bytes::from(outbox::body(ExecutionId::generate()));
    let next = Rc::new(Cell::new(0));
    let loops = match floor {
        Floor::OneByOne => 1,
        Floor::AtOnce => IN_FLIGHT_MAX.min(IN_FLIGHT_PER_HOST_MAX * receivers.len()),
    };
    let all = (0..loops).map(|_| {
        let (client, urls, body, next) =
            (client.clone(), Rc::clone(&urls), body.clone(), Rc::clone(&next));
        actix_rt::spawn(async move {
            while next.get() < count {
                let number = next.replace(next.get() + 1);
                let post = client
                    .post(&urls[number % urls.len()])
                    .insert_header(("content-type", "application/json"));
                let answer = post.send_body(body.clone()).await;
                let mut answer = answer.map_err(|error| anyhow!("{error}"))?;
                answer.body().await?;
            }
            Ok::<(), anyhow::Error>(())
        })
    });
    for done in futures_util::future::join_all(all).await {
        done??;
    }
    Ok(())
}
