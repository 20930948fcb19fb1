//! Real programs, launched and ended. Each test waits for a condition, never for a while.

use std::collections::BTreeMap;

use ringback::domain::{Epoch, ExecutionId, ExecutionSpec, Exit, ProgramResult, Secret, Tenant};
use ringback::process::Order;

use super::support::{eventually, is_running, launch, place, run, sh, text, within};

#[tokio::test]
async fn exit_codes_and_signals_are_told_apart() {
    assert_eq!(run("exit 0").await.0.exit, Exit::Code(0));
    assert_eq!(run("exit 7").await.0.exit, Exit::Code(7));
    assert_eq!(run("kill -KILL $$").await.0.exit, Exit::Signal(9));
    assert_eq!(run("kill -PIPE $$").await.0.exit, Exit::Signal(13));
}

#[tokio::test]
async fn the_two_streams_are_kept_apart() {
    let (exit, _) = run("echo out; echo err >&2").await;
    assert_eq!((text(&exit.stdout.head), text(&exit.stderr.head)), ("out\n", "err\n"));
}

#[tokio::test]
async fn standard_input_is_what_was_sent_or_empty() {
    assert_eq!(text(&run("cat").await.0.stdout.head), "");
    let place = place();
    let long = "0123456789".repeat(30_000);
    let spec = ExecutionSpec { stdin: Some(long.clone()), ..sh("cat") };
    let (exit, _, _) = launch(&place, &spec).await.ended().await.unwrap();
    assert_eq!(text(&exit.stdout.head), long);
}

#[tokio::test]
async fn the_environment_is_ours_and_the_clients_and_nothing_else() {
    let place = place();
    let env = [("GREETING", "hello"), ("HOME", "/elsewhere"), ("RINGBACK_RESULT", "/etc/passwd")];
    let env = env.map(|(name, value)| (name.to_owned(), Secret::from(value)));
    let spec = ExecutionSpec { env: BTreeMap::from(env), ..sh("env | sort | cut -d= -f1") };
    let (exit, _, _) = launch(&place, &spec).await.ended().await.unwrap();
    let expected = "GREETING\nHOME\nLC_CTYPE\nPATH\nPWD\nRINGBACK_EXECUTION_ID\nRINGBACK_RESULT\n";
    assert_eq!(text(&exit.stdout.head), expected);
    let spec = ExecutionSpec { code: "echo $HOME $RINGBACK_RESULT".into(), ..spec };
    let (exit, _, _) = launch(&place, &spec).await.ended().await.unwrap();
    let said = text(&exit.stdout.head);
    assert!(said.starts_with("/elsewhere ") && said.ends_with("/result.json\n"), "{said}");
}

#[tokio::test]
async fn a_result_is_what_the_program_wrote_there() {
    let (_, result) = run(r#"echo '{"answer": 42}' > "$RINGBACK_RESULT""#).await;
    assert_eq!(result, ProgramResult::Json(r#"{"answer":42}"#.to_owned()));
}

#[tokio::test]
async fn it_leads_a_session_of_its_own() {
    let (exit, _) = run("ps -o pid=,sid= -p $$ || cut -d' ' -f1,6 /proc/$$/stat").await;
    let said = text(&exit.stdout.head);
    let numbers: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(numbers[0], numbers[1], "{said}");
}

#[tokio::test]
async fn a_missing_command_is_named() {
    let place = place();
    let spec = ExecutionSpec::new("lost", "");
    let order = Order {
        id: ExecutionId::generate(),
        epoch: Epoch(1),
        tenant: &Tenant::default(),
        level: None,
        spec: &spec,
    };
    let error = place.launcher.launch(&order).await.unwrap_err().to_string();
    assert!(error.contains("`no-such-command`"), "{error}");
}

#[tokio::test]
async fn what_is_left_behind_is_counted_and_gone_with_the_end() {
    let place = place();
    for code in [
        "sleep 100001 &",
        "setsid sh -c 'echo up > up; exec sleep 100001' & while ! [ -s up ]; do :; done",
    ] {
        let (ending, _, _) = within(launch(&place, &sh(code)).await.ended()).await.unwrap();
        assert_eq!((ending.exit, ending.descendants_killed), (Exit::Code(0), 1), "{code}");
        assert!(!is_running("sleep 100001"), "{code}");
    }
}

#[tokio::test]
async fn the_end_of_one_execution_is_nothing_to_another() {
    let place = place();
    let other = launch(&place, &sh("exec sleep 100002")).await;
    eventually("it runs", || is_running("sleep 100002")).await;
    within(launch(&place, &sh("setsid sleep 100003 &")).await.ended()).await.unwrap();
    assert!(is_running("sleep 100002") && !is_running("sleep 100003"));
    drop(other);
    eventually("the program is gone", || !is_running("sleep 100002")).await;
}

#[tokio::test]
async fn a_program_that_nobody_waits_for_is_killed() {
    let place = place();
    let launched = launch(&place, &sh("sleep 100004; true")).await;
    eventually("it runs", || is_running("sleep 100004")).await;
    drop(launched);
    eventually("the program is gone", || !is_running("sleep 100004")).await;
}

#[tokio::test]
async fn kill_reaches_a_program_that_ignores_a_polite_request() {
    let place = place();
    let spec = sh("trap '' TERM; echo ready > ready; while :; do sleep 1; done");
    let launched = launch(&place, &spec).await;
    let signaller = launched.signaller();
    let ended = launched.ended();
    let kill = async {
        let executions = place.data_dir.path().join("executions");
        let ready = || {
            std::fs::read_dir(&executions)
                .unwrap()
                .flatten()
                .any(|entry| entry.path().join("work/ready").exists())
        };
        eventually("the trap is set", ready).await;
        signaller.terminate();
        signaller.kill();
    };
    let (ended, ()) = within(async { tokio::join!(ended, kill) }).await;
    assert_eq!(ended.unwrap().0.exit, Exit::Signal(9));
}

#[tokio::test]
async fn a_flood_is_counted_and_cut_to_what_is_kept() {
    let place = place();
    let spec = ExecutionSpec { output_bytes: 1000, ..sh("head -c 5000000 /dev/zero") };
    let (exit, _, _) = within(launch(&place, &spec).await.ended()).await.unwrap();
    assert_eq!(exit.stdout.total, 5_000_000);
    assert_eq!((exit.stdout.head.len(), exit.stdout.tail.len()), (500, 500));
}
