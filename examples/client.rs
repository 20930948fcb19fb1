//! A client of a running server: submits a program, prints what it writes as it runs, and says how it
//! ended.
//!
//! ```sh
//! ringback serve &
//! RINGBACK_TOKEN=rbk_… cargo run --example client
//! ```

use ringback::bodies::NewExecution;
use ringback::client::{Client, Event, Filter};

const CODE: &str = "for n in 1 2 3; do echo line $n; sleep 0.1; done; echo done >&2";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    actix_web::rt::System::new().block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let named =
        |name, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let client = Client::builder(named("RINGBACK_SERVER", "http://127.0.0.1:8080"))
        .token(named("RINGBACK_TOKEN", ""))
        .build()?;
    let wanted = NewExecution {
        language: Some("sh".into()),
        code: CODE.into(),
        labels: [("example".into(), "client".into())].into(),
        ..NewExecution::default()
    };
    let id = client.submit(&wanted).await?.id;

    let mut events = client.events(id, None);
    while let Some(event) = events.next().await {
        match event? {
            Event::Status { status, .. } => println!("{id} {status}"),
            Event::Stdout(piece) => print!("{}", String::from_utf8_lossy(&piece.bytes)),
            Event::Stderr(piece) => eprint!("{}", String::from_utf8_lossy(&piece.bytes)),
            Event::End(record) => println!("it ended as {}", record.status),
        }
    }

    let newest = client.list(&Filter { limit: Some(5), ..Filter::default() }).await?;
    for record in newest.data {
        println!("{} {} {}", record.created_at, record.id, record.status);
    }
    Ok(())
}
