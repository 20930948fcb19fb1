//! An actix application with an engine inside: its own routes beside Ringback's under a prefix,
//! and an actor of its own that hears of every end.
//!
//! ```sh
//! cargo run --example embed
//! curl http://127.0.0.1:8081/rb/v1/executions -H 'Authorization: Bearer a-key-of-16-characters' \
//!   -H 'Content-Type: application/json' -d '{"language": "sh", "code": "echo hello"}'
//! ```

use actix::{Actor, Context, Handler};
use actix_web::{App, HttpServer, web};
use ringback::domain::{ExecutionSpec, Tenant};
use ringback::{ExecutionEnded, Ringback, Submit};

struct Listener;

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<ExecutionEnded> for Listener {
    type Result = ();

    fn handle(&mut self, ExecutionEnded(event): ExecutionEnded, _: &mut Self::Context) {
        println!("{} {}", event.execution.id, event.kind.as_str());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Programs are started by a second process of this same binary.
    ringback::launcher::run_if_requested();
    actix_web::rt::System::new().block_on(serve())
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8081".to_owned());
    let data_dir = std::env::args().nth(2).unwrap_or_else(|| "./ringback-data".to_owned());
    let builder = Ringback::builder().data_dir(data_dir).api_key("a-key-of-16-characters");
    let engine = builder.slots(4).start().await?;
    engine.subscribe(Listener.start().recipient());

    // Without HTTP: the supervisor is an actor like any other.
    let spec = ExecutionSpec::new("sh", "echo from the inside");
    engine.supervisor().send(Submit::new(Tenant::default(), spec)).await??;

    let routes = engine.routes();
    let server = HttpServer::new(move || {
        App::new()
            .route("/", web::get().to(|| async { "the host's own page" }))
            .service(web::scope("/rb").configure(routes.clone()))
    })
    // So that who waits for an execution may have it cancelled by going away.
    .on_connect(ringback::http::on_connect)
    .bind(listen)?;
    println!("listening on http://{}", server.addrs()[0]);
    server.run().await?;
    engine.shutdown(std::time::Duration::from_secs(30)).await;
    Ok(())
}
