//! How long it takes until a program's end, cold and in a worker, by turns in one run. Asserts that
//! a worker is worth having; the figures themselves are for people: `--no-capture`.

use std::time::{Duration, Instant};

use ringback::domain::{ExecutionId, StartMode};

use super::site::{js, place};

/// How many of each; the medians stand still with so many.
const RUNS: usize = 15;

#[tokio::test]
async fn a_worker_is_faster_than_a_start() {
    let (cold, warm) = (place(false), place(true));
    let spec = js("console.log(Date.now())");
    let (mut of_cold, mut of_warm) = (Vec::new(), Vec::new());
    while of_warm.len() < RUNS {
        for (place, times) in [(&cold, &mut of_cold), (&warm, &mut of_warm)] {
            let began = Instant::now();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            let (ending, _) = place.run_as(ExecutionId::generate(), &spec).await;
            let until_end = began.elapsed();
            let said: u64 =
                std::str::from_utf8(&ending.stdout.head).unwrap().trim().parse().unwrap();
            let until_said = Duration::from_millis(said).saturating_sub(now);
            if (ending.start == StartMode::Warm) == std::ptr::eq(place, &raw const warm) {
                times.push((until_said, until_end));
            }
        }
    }
    let median = |times: &mut Vec<(Duration, Duration)>| {
        times.sort();
        let said = times[times.len() / 2].0;
        times.sort_by_key(|(_, end)| *end);
        (said, times[times.len() / 2].1)
    };
    let (cold, warm) = (median(&mut of_cold), median(&mut of_warm));
    println!("cold: first line {:?}, end {:?}; warm: {:?}, {:?}", cold.0, cold.1, warm.0, warm.1);
    assert!(warm.0 * 2 < cold.0, "cold {cold:?}, warm {warm:?}");
}
