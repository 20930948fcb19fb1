//! Engines in this very process, spoken to by messages and through their routes.
//! Starts no server.

use actix::{Actor, Context, Handler};
use actix_web::http::StatusCode;
use actix_web::{App, test, web};
use ringback::config::{Config, Network, TenantConfig};
use ringback::domain::{CancelWish, Cause, ExecutionSpec, Status as Word, Tenant};
use ringback::process::Feature;
use ringback::{Cancel, CancelOutcome, ExecutionEnded, Ringback, Status, Submit, SubmitError};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::support::{KEY, LONG, builder, ended, run, stdout, submit};

#[actix_rt::test]
async fn without_http_the_supervisor_takes_submit_status_and_cancel() {
    let (builder, _data_dir) = builder();
    let engine = builder.start().await.unwrap();
    assert_eq!(stdout(&run(&engine, "echo inside").await), "inside\n");

    let sleeper = submit(&engine, ExecutionSpec::new("sh", "sleep 1000")).await;
    let status = engine.supervisor().send(Status).await.unwrap();
    assert_eq!((status.slots, status.running, status.queued), (2, 1, 0));
    let wish = CancelWish { reason: Some("enough".into()), by: None };
    let cancel = Cancel { tenant: Tenant::default(), id: sleeper.id, wish };
    let outcome = engine.supervisor().send(cancel.clone()).await.unwrap().unwrap();
    assert!(matches!(outcome, CancelOutcome::Ending(execution) if execution.cancelling));
    let ended = ended(&engine, &sleeper).await;
    assert_eq!(ended.status(), Word::Cancelled);
    let outcome = engine.supervisor().send(cancel).await.unwrap().unwrap();
    assert!(matches!(outcome, CancelOutcome::Ended(execution) if *execution == ended));
}

#[actix_rt::test]
async fn another_tenants_execution_cannot_be_cancelled() {
    let (builder, _data_dir) = builder();
    let engine = builder.start().await.unwrap();
    let sleeper = submit(&engine, ExecutionSpec::new("sh", "sleep 1000")).await;
    let tenant = Tenant::new("somebody-else");
    let cancel = Cancel { tenant, id: sleeper.id, wish: CancelWish::default() };
    assert!(engine.supervisor().send(cancel).await.unwrap().is_err());
    engine.shutdown(std::time::Duration::ZERO).await;
}

struct Listener(mpsc::UnboundedSender<(String, &'static str)>);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<ExecutionEnded> for Listener {
    type Result = ();

    fn handle(&mut self, ExecutionEnded(event): ExecutionEnded, _: &mut Context<Self>) {
        self.0.send((event.execution.id.to_string(), event.kind.as_str())).unwrap();
    }
}

#[actix_rt::test]
async fn an_actor_of_the_host_hears_of_each_end_once() {
    let (builder, _data_dir) = builder();
    let engine = builder.start().await.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    engine.subscribe(Listener(tell).start().recipient());
    let good = run(&engine, "exit 0").await;
    let bad = run(&engine, "exit 3").await;
    let next = actix_rt::time::timeout(LONG, told.recv()).await.unwrap();
    assert_eq!(next, Some((good.id.to_string(), "execution.completed")));
    let next = actix_rt::time::timeout(LONG, told.recv()).await.unwrap();
    assert_eq!(next, Some((bad.id.to_string(), "execution.failed")));
    assert!(told.try_recv().is_err());
}

#[actix_rt::test]
async fn two_engines_in_one_process_know_nothing_of_each_other() {
    let (one, _one_dir) = builder();
    let (two, _two_dir) = builder();
    let (one, two) = (one.start().await.unwrap(), two.start().await.unwrap());
    let (of_one, of_two) = tokio::join!(run(&one, "echo 1"), run(&two, "echo 2"));
    assert_eq!((stdout(&of_one).as_str(), stdout(&of_two).as_str()), ("1\n", "2\n"));
    assert!(two.ended(&Tenant::default(), of_one.id).await.unwrap().is_none());
}

#[actix_rt::test]
async fn two_engines_on_one_directory_are_refused_in_words() {
    let (one, data_dir) = builder();
    let _one = one.start().await.unwrap();
    let two = ringback::Ringback::builder()
        .data_dir(data_dir.path())
        .launcher_binary(env!("CARGO_BIN_EXE_ringback"))
        .start()
        .await;
    let error = two.err().expect("it is locked").to_string();
    assert!(error.contains("in use by another server"), "{error}");
}

#[actix_rt::test]
async fn nothing_is_installed_for_the_whole_process() {
    let (builder, _data_dir) = builder();
    let engine = builder.start().await.unwrap();
    run(&engine, "exit 0").await;
    assert_eq!(log::max_level(), log::LevelFilter::Off);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[actix_rt::test]
async fn the_routes_work_under_any_prefix_beside_the_hosts_own() {
    let (builder, _data_dir) = builder();
    let engine = builder.start().await.unwrap();
    let app = App::new()
        .route("/", web::get().to(|| async { "the host" }))
        .service(web::scope("/deep/rb").configure(engine.routes()));
    let app = test::init_service(app).await;
    let request = test::TestRequest::post()
        .uri("/deep/rb/v1/executions")
        .insert_header(("authorization", format!("Bearer {KEY}")))
        .set_json(json!({ "language": "sh", "code": "echo hi" }))
        .to_request();
    let response = test::call_service(&app, request).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers().get("location").unwrap().to_str().unwrap().to_owned();
    assert!(location.starts_with("/deep/rb/v1/executions/exec_"), "{location}");

    let request = test::TestRequest::get()
        .uri(&format!("{location}?wait=20"))
        .insert_header(("x-api-key", KEY))
        .to_request();
    let record: Value = test::call_and_read_body_json(&app, request).await;
    assert_eq!((&record["stdout"], &record["links"]["self"]), (&json!("hi\n"), &json!(location)));

    let response = test::call_service(&app, test::TestRequest::get().uri("/").to_request()).await;
    assert_eq!(test::read_body(response).await, "the host");
    let elsewhere = test::TestRequest::get().uri("/nowhere").to_request();
    let response = test::call_service(&app, elsewhere).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert!(test::read_body(response).await.is_empty(), "the host's own 404");
}

#[actix_rt::test]
async fn a_host_that_guards_the_routes_itself_needs_no_key() {
    let (builder, _data_dir) = builder();
    let engine = builder.without_api_keys().start().await.unwrap();
    let app = test::init_service(App::new().configure(engine.routes())).await;
    let request = test::TestRequest::get().uri("/v1/executions").to_request();
    assert_eq!(test::call_service(&app, request).await.status(), StatusCode::OK);
}

#[actix_rt::test]
async fn shutdown_ends_what_runs_and_says_so() {
    let (builder, data_dir) = builder();
    let engine = builder.start().await.unwrap();
    let sleeper = submit(&engine, ExecutionSpec::new("sh", "sleep 1000")).await;
    engine.shutdown(std::time::Duration::ZERO).await;
    let engine = ringback::Ringback::builder()
        .data_dir(data_dir.path())
        .launcher_binary(env!("CARGO_BIN_EXE_ringback"))
        .start()
        .await
        .unwrap();
    let found = ended(&engine, &sleeper).await;
    let outcome = &found.ended().unwrap().outcome;
    assert_eq!((found.status(), outcome.cause()), (Word::Failed, Cause::Interrupted));
}

#[actix_rt::test]
async fn a_tenant_has_what_the_application_says() {
    let (builder, _data_dir) = builder();
    let mut acme = TenantConfig::default();
    acme.submissions_per_second = 1;
    let engine = builder.tenant("acme", acme).start().await.unwrap();
    let submit = async |tenant| {
        let submit = Submit::new(Tenant::new(tenant), ExecutionSpec::new("sh", "true"));
        engine.supervisor().send(submit).await.unwrap()
    };
    let mut refusal = None;
    // The clock runs on: a slow machine may be let submit once more now and then.
    for _ in 0..100 {
        submit("other").await.unwrap();
        refusal = refusal.or(submit("acme").await.err());
    }
    assert!(matches!(refusal, Some(SubmitError::TooManySubmissions { .. })), "{refusal:?}");
    engine.shutdown(std::time::Duration::from_secs(20)).await;
}

#[actix_rt::test]
async fn a_network_that_is_off_and_cannot_be_taken_away_is_an_error_at_the_start() {
    let lacking = [Feature::Namespaces, Feature::Landlock, Feature::Seccomp];
    let mut config = Config::default();
    config.execution.network = Network::Off;
    let (_, data_dir) = builder();
    config.server.data_dir = data_dir.path().to_owned();
    let start = |config: Config, lacking: &[Feature]| {
        let builder = Ringback::builder().config(config).without_features(lacking.iter().copied());
        builder.launcher_binary(env!("CARGO_BIN_EXE_ringback")).start()
    };
    let error = start(config.clone(), &lacking).await.err().expect("it does not start").to_string();
    for words in ["`execution.network` is \"off\"", "isolation level none", "the kernel has no"] {
        assert!(error.contains(words), "{words}: {error}");
    }
    config.execution.network = Network::OnRequest;
    let engine = start(config, &lacking).await.unwrap();
    assert!(engine.limits().spec("sh", "true").network, "and nobody is told otherwise");
    engine.shutdown(std::time::Duration::ZERO).await;
}
