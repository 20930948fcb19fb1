//! The whole API in one list.
//! Every path of ours is here and nowhere else.

use actix_web::middleware::from_fn;
use actix_web::web::{
    Data, PayloadConfig, ServiceConfig, delete, get, post, put, resource, scope, to,
};
use actix_web::{HttpResponse, Resource};

use super::compat::{cortex, fetch_hive, hopx};
use super::error::{Kind, Problem, not_found};
use super::state::Api;
use super::{
    callbacks, deliveries, envelope, events, executions, functions, health, keys, list, metrics,
    openapi, output, runtimes, signing, signing_keys,
};

/// Puts the routes into an application or a scope of one, under any prefix.
pub fn routes(api: Data<Api>) -> impl FnOnce(&mut ServiceConfig) + Clone {
    move |config: &mut ServiceConfig| {
        let body = PayloadConfig::new(api.limits.body_bytes_max);
        sandboxes(config, &api);
        of_fetch_hive(config, &api, &body);
        ours(config, &api, &body);
        of_cortex(config, &api, &body);
        of_hopx(config, &api, &body);
        operations(config, &api);
    }
}

/// What HopX's clients ask first. Before our own routes, which these would otherwise be some of.
fn sandboxes(config: &mut ServiceConfig, api: &Data<Api>) {
    config.service(
        scope(hopx::SANDBOXES)
            .app_data(api.clone())
            .service(resource("").default_service(to(hopx::none_are_made)))
            .service(only("/{id}", "GET").route(get().to(hopx::sandbox)))
            .service(only("/{id}/token/refresh", "POST").route(post().to(hopx::refresh_token)))
            .default_service(to(not_found))
            .wrap(from_fn(envelope::hopx)),
    );
}

/// Fetch Hive's routes. Before ours, for the same reason: their errors have another shape.
fn of_fetch_hive(config: &mut ServiceConfig, api: &Data<Api>, body: &PayloadConfig) {
    config.service(
        scope("/v1/workflow")
            .app_data(api.clone())
            .app_data(body.clone())
            .service(only("/invoke", "POST").route(post().to(fetch_hive::invoke)))
            .service(
                only("/runs/{id}", "DELETE, GET")
                    .route(get().to(fetch_hive::read))
                    .route(delete().to(fetch_hive::cancel)),
            )
            .service(only("/runs/{id}/webhooks", "GET").route(get().to(fetch_hive::webhooks)))
            .default_service(to(not_found))
            .wrap(from_fn(envelope::fetch_hive)),
    );
}

/// Our own.
fn ours(config: &mut ServiceConfig, api: &Data<Api>, body: &PayloadConfig) {
    config.service(
        scope("/v1")
            .app_data(api.clone())
            .app_data(body.clone())
            .service(
                only("/executions", "GET, POST")
                    .route(post().to(executions::submit))
                    .route(get().to(list::list)),
            )
            .service(
                only("/executions/{id}", "DELETE, GET")
                    .route(get().to(executions::read))
                    .route(delete().to(executions::delete)),
            )
            .service(
                only("/executions/{id}/deliveries", "GET")
                    .route(get().to(deliveries::of_execution)),
            )
            .service(only("/deliveries", "GET").route(get().to(deliveries::list)))
            .service(
                only("/deliveries/recover", "POST").route(post().to(deliveries::recover::begin)),
            )
            .service(
                only("/deliveries/recover/{id}", "GET").route(get().to(deliveries::recover::read)),
            )
            .service(only("/deliveries/{id}", "GET").route(get().to(deliveries::read)))
            .service(
                only("/deliveries/{id}/redeliver", "POST").route(post().to(deliveries::redeliver)),
            )
            .service(only("/executions/{id}/output/{stream}", "GET").route(get().to(output::read)))
            .service(only("/executions/{id}/events", "GET").route(get().to(events::stream)))
            .service(only("/functions", "GET").route(get().to(functions::list)))
            .service(
                only("/functions/{name}", "DELETE, GET, PUT")
                    .route(put().to(functions::put))
                    .route(get().to(functions::read))
                    .route(delete().to(functions::remove)),
            )
            .service(only("/functions/{name}/versions", "GET").route(get().to(functions::versions)))
            .service(
                only("/functions/{name}/invoke", "POST")
                    .route(post().to(functions::invoke::invoke)),
            )
            .service(
                only("/functions/{name}/rotate-secret", "POST")
                    .route(post().to(functions::rotate::rotate)),
            )
            .service(only("/callbacks/test", "POST").route(post().to(callbacks::test)))
            .service(
                only("/keys", "GET, POST")
                    .route(get().to(keys::list))
                    .route(post().to(keys::create)),
            )
            .service(only("/keys/{id}", "DELETE").route(delete().to(keys::revoke)))
            .service(only("/runtimes", "GET").route(get().to(runtimes::list)))
            .service(
                only("/signing-secret", "DELETE, GET, POST")
                    .route(get().to(signing::read))
                    .route(post().to(signing::rotate))
                    .route(delete().to(signing::remove)),
            )
            .default_service(to(not_found))
            .wrap(from_fn(envelope::standard)),
    );
}

/// Cortex's.
fn of_cortex(config: &mut ServiceConfig, api: &Data<Api>, body: &PayloadConfig) {
    config.service(
        scope("/apis")
            .app_data(api.clone())
            .app_data(body.clone())
            .service(only("/{name}", "POST").route(post().to(cortex::call)))
            // An id may have slashes.
            .service(only("/{name}/{id:.+}", "GET").route(get().to(cortex::read)))
            .default_service(to(not_found))
            .wrap(from_fn(envelope::cortex)),
    );
}

/// HopX's.
fn of_hopx(config: &mut ServiceConfig, api: &Data<Api>, body: &PayloadConfig) {
    config.service(
        scope("/execute")
            .app_data(api.clone())
            .app_data(body.clone())
            .service(only("", "POST").route(post().to(hopx::execute)))
            .service(only("/async", "POST").route(post().to(hopx::execute_async)))
            .service(
                only("/async/{id}", "DELETE, GET")
                    .route(get().to(hopx::read_async))
                    .route(delete().to(hopx::cancel_async)),
            )
            .service(only("/background", "POST").route(post().to(hopx::execute_background)))
            .service(only("/processes", "GET").route(get().to(hopx::list_processes)))
            .service(only("/stream", "GET").route(get().to(hopx::stream)))
            .service(only("/kill", "DELETE").route(delete().to(hopx::kill_named)))
            .service(
                // An empty id is a missing one, and not another path.
                only("/kill/{id:[^/]*}", "POST").route(post().to(hopx::kill_by_path)),
            )
            .default_service(to(not_found))
            .wrap(from_fn(envelope::hopx)),
    );
    config.service(
        scope("/processes")
            .app_data(api.clone())
            .app_data(body.clone())
            .service(only("", "GET").route(get().to(hopx::list_processes)))
            .service(only("/{id:[^/]*}/kill", "POST").route(post().to(hopx::kill_by_path)))
            .default_service(to(not_found))
            .wrap(from_fn(envelope::hopx)),
    );
    config.service(
        only("/health", "GET")
            .app_data(api.clone())
            .route(get().to(hopx::health))
            .wrap(from_fn(envelope::hopx)),
    );
}

/// What those ask who keep the server running, and receivers for keys.
fn operations(config: &mut ServiceConfig, api: &Data<Api>) {
    config.service(
        only("/openapi.json", "GET")
            .route(get().to(openapi::document))
            .wrap(from_fn(envelope::standard)),
    );
    config.service(
        only("/docs", "GET").route(get().to(openapi::page)).wrap(from_fn(envelope::standard)),
    );
    config.service(
        only("/livez", "GET").route(get().to(health::live)).wrap(from_fn(envelope::standard)),
    );
    config.service(
        only("/.well-known/ringback-keys", "GET")
            .app_data(api.clone())
            .route(get().to(signing_keys::list))
            .wrap(from_fn(envelope::standard)),
    );
    config.service(
        only("/metrics", "GET")
            .app_data(api.clone())
            .route(get().to(metrics::read))
            .wrap(from_fn(envelope::standard)),
    );
    config.service(
        only("/readyz", "GET")
            .app_data(api.clone())
            .route(get().to(health::ready))
            .wrap(from_fn(envelope::standard)),
    );
}

/// The answer to every path that is not in the list, for a server that has nothing else.
pub fn nothing_else(config: &mut ServiceConfig) {
    let everything = scope("").default_service(to(not_found)).wrap(from_fn(envelope::standard));
    config.service(everything);
}

/// A resource that answers every other method with 405 and the methods that it has.
fn only(path: &str, allowed: &'static str) -> Resource {
    resource(path).default_service(to(move || async move {
        let detail = format!("This path takes only {allowed}.");
        Err::<HttpResponse, _>(Problem::new(Kind::MethodNotAllowed(allowed), detail))
    }))
}
